import { expose } from 'portmesh/comlink';
import type { PlaygroundBus } from '../channels.js';
import type { Place } from '../place/place.js';
import { Scene, type Cast, type Point, type Stage, type Troupe } from '../place/scene.js';
import type { PlaceName } from '../places.js';
import { Ballet } from './ballet.js';
import { hueOf, make, makeButton, nameTag, part } from './dom.js';
import type { Views } from './views.js';

/** Those who can be asked to dance here: they have no page, or another one's. */
const guests: readonly PlaceName[] = ['widget', 'counter', 'thread', 'archive'];
const RIPPLE_MS = 700;

/** The scene of this window: exposed to all others, who drive it. */
export class ScenePanel implements Stage {
  readonly onClick = new Set<(at: Point) => Promise<void>>();
  readonly #place: Place;
  readonly #views: Views;
  readonly #holder = part('scene');
  readonly #legend = make('p', 'legend');
  readonly #canvas = make('canvas');
  readonly #ballet = new Ballet(this.#canvas);

  constructor(place: Place, views: Views) {
    this.#place = place;
    this.#views = views;
    this.#canvas.setAttribute('aria-label', 'Shapes that others let dance here');
    this.#holder.append(this.#canvas, this.#legend);
    this.#canvas.addEventListener('click', (event) => this.#click(event));
    const buttons = guests.map((name) => {
      const button = makeButton(name, `dance-${name}`, () => this.#ask(name));
      button.dataset['hue'] = hueOf(name);
      return button;
    });
    const empty = makeButton('All leave', 'empty-scene', () => this.#empty());
    part('scene-acts').append(make('span', 'label', 'Invite'), ...buttons, empty);
    this.#show();
  }

  attach(bus: PlaygroundBus): void {
    expose(bus, 'scene', new Scene(this));
  }

  enter(cast: Cast): Troupe {
    // The first ones are seen at once.
    if (this.#ballet.cast.length === 0) this.#views.show('comlink');
    const troupe = this.#ballet.enter(cast);
    this.#show();
    return troupe;
  }

  leave(troupe: Troupe): void {
    this.#ballet.leave(troupe);
    this.#show();
  }

  #click({ offsetX, offsetY }: MouseEvent): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const at = { x: offsetX / clientWidth, y: offsetY / clientHeight };
    const line = this.#place.journal.add('sent', `tells ${this.onClick.size} of a click on the canvas`);
    // Is one of them gone meanwhile, its call rejects.
    Promise.all([...this.onClick].map((tell) => tell(at))).catch((error: unknown) => line.fail(error));
    const ripple = make('i', 'ripple');
    ripple.style.cssText = `left:${offsetX}px;top:${offsetY}px`;
    this.#holder.append(ripple);
    setTimeout(() => ripple.remove(), RIPPLE_MS);
  }

  #ask(name: string): void {
    const { bus, journal } = this.#place;
    bus
      .to(name)
      .request('place:do', { do: 'dance', to: bus.self.name })
      .catch((error: unknown) => journal.add('failed', { peer: name }, ' could not be told').fail(error));
  }

  #empty(): void {
    const { bus } = this.#place;
    for (const name of new Set(this.#ballet.cast.map(({ by }) => by))) {
      // Whoever is gone has left the scene too.
      void bus
        .to(name)
        .request('place:do', { do: 'leave-scenes' })
        .catch(() => {});
    }
  }

  #show(): void {
    const names = [...new Set(this.#ballet.cast.map(({ by }) => by))];
    this.#holder.dataset['cast'] = names.join(' ');
    this.#legend.replaceChildren(...(names.length > 0 ? names.map(nameTag) : ['Nobody dances here']));
    this.#views.count('comlink', names.length);
  }
}
