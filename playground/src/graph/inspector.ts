import type { PlaygroundBus } from '../channels.js';
import { EVERYBODY, type Deed } from '../place/deeds.js';
import type { Place } from '../place/place.js';
import { isPlace, placeNames, places } from '../places.js';
import type { Acts } from '../ui/acts.js';
import { makeControls } from '../ui/controls.js';
import { hueOf, make, part } from '../ui/dom.js';
import { LogView } from '../ui/log-view.js';
import { shortId } from '../ui/words.js';
import { GATEWAY, type Gateway, type Model, type Node } from './model.js';

/** Milliseconds between two looks into somebody's journal. */
const LOOK_MS = 300;

/**
 * The peer that is chosen in the graph: who it is, what is done to it, what it is told to do, and what it has noted. That is asked
 * over the mesh: a worker, a utility process or main has no page of its own to show it.
 */
export class Inspector {
  readonly #place: Place;
  readonly #model: Model;
  readonly #acts: Acts;
  readonly #log = new LogView();
  readonly #to = part<HTMLSelectElement>('to');
  readonly #slow: HTMLInputElement;
  /** Those told to take their time. */
  readonly #slowOnes = new Set<string>();
  #chosen = '';
  /** Who is shown: looked at again when another one of that name is there. */
  #shown: string | undefined;
  #version = 0;
  /** Whose journal is asked for just now. */
  #looking: string | undefined;

  constructor(place: Place, model: Model, acts: Acts) {
    this.#place = place;
    this.#model = model;
    this.#acts = acts;
    part('controls').append(
      makeControls(
        () => this.#to.value,
        (deed) => void this.#do(deed),
      ),
    );
    this.#slow = part<HTMLInputElement>('slow-consumer');
    setInterval(() => void this.#look(), LOOK_MS);
  }

  choose(name: string): void {
    this.#chosen = name;
    this.#shown = undefined;
    this.#slow.checked = this.#slowOnes.has(name);
    this.#to.replaceChildren(new Option('everybody', EVERYBODY));
    for (const each of placeNames.filter((other) => other !== name)) this.#to.append(new Option(each));
    this.#to.value = name === 'editor' ? 'helper' : 'editor';
    this.update();
  }

  update(): void {
    if (this.#chosen === GATEWAY) return this.#showGateway(this.#model.gateway);
    const node = this.#model.node(this.#chosen);
    const shown = node && `${node.peer.id} ${node.state === 'gone' ? 'gone' : 'here'}`;
    if (shown === this.#shown) return;
    if (!node || node.state !== 'gone') {
      this.#version = 0;
      this.#log.clear();
    }
    this.#shown = shown;
    part('chosen-name').replaceChildren(make('span', 'name', this.#chosen));
    part('chosen-name').closest('aside')?.setAttribute('data-hue', hueOf(this.#chosen));
    part('chosen-what').textContent = isPlace(this.#chosen) ? places[this.#chosen].what : '';
    part('journal').hidden = false;
    part('operate').hidden = !node || node.state === 'gone';
    part('chosen-identity').replaceChildren(...(node ? this.#describe(node) : []));
    part('chosen-acts').replaceChildren();
    if (!node) return;
    const acts = node.state === 'gone' ? this.#bringBack(node) : this.#acts.buttonsFor(node.peer);
    part('chosen-acts').replaceChildren(acts);
  }

  #describe({ peer, state, reason }: Node): HTMLElement[] {
    const { id, type, origin, process, via } = peer;
    const rows: Rows = [
      ['type', type],
      ['origin', origin || '—'],
      ['process', `${process.type} ${process.pid}`],
      ['peer', shortId(id)],
    ];
    if (via) rows.push(['let in by', this.#model.nodes.get(via)?.name ?? shortId(via)]);
    if (state === 'gone') rows.push(['left', reason ?? 'gone']);
    return describe(rows);
  }

  #bringBack({ name }: Node): HTMLElement {
    return make('div', 'buttons', ...(isPlace(name) ? [this.#acts.restoreButton(name)] : []));
  }

  /** It is no peer: nobody talks to it, and it notes nothing. */
  #showGateway(gateway: Gateway | undefined): void {
    const { pid, links = 0, queued = 0 } = gateway?.news ?? {};
    const shown = `${GATEWAY} ${pid} ${links} ${queued}`;
    if (shown === this.#shown) return;
    const first = !this.#shown?.startsWith(GATEWAY);
    this.#shown = shown;
    part('chosen-identity').replaceChildren(
      ...describe([
        ['process', pid === undefined ? '—' : `utility ${pid}`],
        ['links', links.toLocaleString('en')],
        ['waiting', `${queued.toLocaleString('en')} bytes`],
      ]),
    );
    if (!first) return;
    this.#log.clear();
    part('chosen-name').replaceChildren(make('span', 'name', GATEWAY));
    part('chosen-name').closest('aside')?.setAttribute('data-hue', hueOf(GATEWAY));
    part('chosen-what').textContent = 'joins the ports of Electron’s peers and the sockets of Node’s; it is no peer';
    part('operate').hidden = part('journal').hidden = true;
    part('chosen-acts').replaceChildren(this.#acts.gatewayButtons());
  }

  get #bus(): PlaygroundBus {
    return this.#place.bus;
  }

  async #do(deed: Deed): Promise<void> {
    if (deed.do === 'take-time') this.#slowOnes[deed.slow ? 'add' : 'delete'](this.#chosen);
    if (this.#chosen === this.#bus.self.name) return this.#place.do(deed);
    try {
      await this.#bus.to(this.#chosen).request('place:do', deed);
    } catch (error) {
      this.#place.journal.add('failed', { peer: this.#chosen }, ' could not be told').fail(error);
    }
  }

  async #look(): Promise<void> {
    const node = this.#model.node(this.#chosen);
    if (!node || node.state === 'gone' || this.#looking === this.#shown) return;
    const { shown, version } = { shown: this.#shown, version: this.#version };
    this.#looking = shown;
    try {
      const here = node.peer.id === this.#bus.self.id;
      const news = here
        ? this.#place.journal.since(version)
        : await this.#bus.to(node.peer).request('place:journal', version);
      if (shown !== this.#shown) return;
      this.#version = news.version;
      for (const entry of news.entries) this.#log.show(entry);
    } catch {
      // gone, or standing still: the graph shows which
    } finally {
      if (this.#looking === shown) this.#looking = undefined;
    }
  }
}

type Rows = [term: string, words: string][];

function describe(rows: Rows): HTMLElement[] {
  return rows.map(([term, words]) => make('div', '', make('dt', '', term), make('dd', '', words)));
}
