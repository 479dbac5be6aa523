import { consume, type Remote } from 'portmesh/service';
import type { PlaygroundBus } from '../channels.js';
import { fractal, home, type Fractal, type FractalEvents, type View } from '../fractal/service.js';
import type { Piece } from '../place/entry.js';
import type { Place } from '../place/place.js';
import type { Acts } from './acts.js';
import { make, makeButton, nameTag, part } from './dom.js';
import { Glances } from './glances.js';
import { Picture } from './picture.js';
import { shortId } from './words.js';
import type { Views } from './views.js';

/** How much closer a click goes. */
const CLOSER = 3;
const REDRAW_MS = 150;

/** A picture that a service paints, which the utility process provides; all windows look at the same part of it. */
export class FractalPanel {
  readonly #place: Place;
  readonly #views: Views;
  readonly #holder = part('fractal-picture');
  readonly #glances = new Glances();
  readonly #status = part('fractal-status');
  readonly #switch: HTMLButtonElement;
  readonly #picture: Picture;
  #remote: Remote<Fractal, FractalEvents> | undefined;
  #view = home;
  /** How many pictures were asked for. */
  #latest = 0;

  constructor(place: Place, acts: Acts, views: Views) {
    this.#place = place;
    this.#views = views;
    const canvas = this.#holder.querySelector('canvas') ?? make('canvas');
    this.#picture = new Picture(canvas);
    this.#switch = makeButton('', 'fractal-switch', () =>
      acts.act(this.#remote?.$available ? 'end' : 'restore', 'helper'),
    );
    const explore = makeButton('Explore', 'fractal-explore', () => void this.#explore());
    explore.className = 'primary';
    explore.title = 'The service looks around, and calls back for each place that it looks at';
    const back = makeButton('Home', 'fractal-home', () => void this.#go(home));
    part('fractal-acts').append(explore, back, this.#switch);
    canvas.addEventListener('click', ({ offsetX, offsetY, shiftKey }) => {
      const size = this.#view.height / canvas.clientHeight;
      const x = this.#view.x + (offsetX - canvas.clientWidth / 2) * size;
      const y = this.#view.y + (offsetY - canvas.clientHeight / 2) * size;
      void this.#go({ x, y, height: this.#view.height * (shiftKey ? CLOSER : 1 / CLOSER) });
    });
    views.onShow('service', () => void this.#paint());
    let timer: ReturnType<typeof setTimeout> | undefined;
    new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(() => void this.#paint(this.#view), REDRAW_MS);
    }).observe(this.#holder);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#picture.recolour());
  }

  attach(bus: PlaygroundBus): void {
    const { journal, traffic } = this.#place;
    const remote = consume(bus, fractal);
    this.#remote = remote;
    remote.$on('moved', (view, by) => {
      for (const peer of bus.peers.named('helper')) traffic.count(peer, 'in', 'event');
      journal.add('got', { code: 'fractal' }, ' has moved: ', { peer: by }, ' asked for it');
      void this.#paint(view);
    });
    remote.$on('$start', ({ name }) => {
      journal.add('joined', { code: 'fractal' }, ' is provided by ', { peer: name });
      void this.#show();
      void this.#paint();
    });
    remote.$on('$stop', ({ name }, reason) => {
      journal.add('left', { peer: name }, ' provides ', { code: 'fractal' }, ' no more: ', {
        code: reason ?? 'stopped',
      });
      void this.#show();
    });
    void bus.closed.then(() => this.#show());
    void this.#show();
    void this.#paint();
  }

  /** Waits for somebody who provides the service, if nobody does just now: for 30 s, if no other time-out is given. */
  async #go(view: View): Promise<void> {
    await this.#call('go', async (remote) => {
      await remote.go(view);
      return ['there'];
    });
  }

  async #explore(): Promise<void> {
    await this.#call('explore', async (remote) => {
      let count = 0;
      const { height } = await remote.explore((glance) => {
        count++;
        this.#glances.show(glance, this.#view);
      });
      return [
        `called back ${count} times; the best is ${(home.height / height).toPrecision(3)} times closer than home`,
      ];
    });
  }

  /** The picture, band by band; until another one is asked for. */
  async #paint(view?: View): Promise<void> {
    if (this.#views.shown !== 'service' || !this.#remote?.$available) return;
    const turn = ++this.#latest;
    this.#holder.dataset['state'] = 'painting';
    await this.#call('paint', async (remote) => {
      const seen = view ?? (await remote.view());
      if (turn !== this.#latest) return ['not any more'];
      this.#view = seen;
      const { width, height } = this.#picture.begin();
      let bands = 0;
      for await (const band of remote.paint(seen, width, height)) {
        if (turn !== this.#latest) return [`enough after ${bands} bands`];
        if (bands === 0) this.#glances.clear();
        this.#picture.put(band);
        bands++;
      }
      this.#holder.dataset['state'] = 'painted';
      this.#holder.dataset['seen'] = [seen.x, seen.y, seen.height].join(' ');
      return [`${bands} bands, ${width} × ${height}`];
    });
  }

  async #call(
    method: keyof Fractal,
    call: (remote: Remote<Fractal, FractalEvents>) => Promise<Piece[]>,
  ): Promise<void> {
    if (!this.#remote) return;
    const line = this.#place.journal.add('asked', 'calls ', { code: `fractal.${method}()` });
    line.open(...(this.#remote.$available ? [] : ['nobody provides it: waits']));
    try {
      line.settle('done', ...(await call(this.#remote)));
    } catch (error) {
      line.fail(error);
    }
  }

  /** Who provides it, as which version, and what can be called. */
  async #show(): Promise<void> {
    const { providers = [] } = (await this.#remote?.$status().catch(() => undefined)) ?? {};
    const available = this.#remote?.$available ?? false;
    this.#holder.dataset['available'] = this.#status.dataset['available'] = String(available);
    this.#switch.textContent = available ? 'Kill the provider' : 'Start the provider';
    this.#switch.classList.toggle('bad', available);
    const who = providers.flatMap(({ peer, version = '', methods }) => [
      'provided by ',
      nameTag(peer.name),
      ` ${shortId(peer.id)} · version ${version} · ${methods.join(', ')}`,
    ]);
    this.#status.replaceChildren(...(available ? who : ['Nobody provides it: calls wait']));
  }
}
