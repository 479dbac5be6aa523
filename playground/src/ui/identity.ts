import { connect, type ConnectOptions } from 'portmesh/renderer';
import type { Channels, PlaygroundBus } from '../channels.js';
import type { Place } from '../place/place.js';
import { hueOf, part } from './dom.js';
import { identify } from './words.js';

/** Told of every bus: a page that has left can join again, with another one. */
export type Joined = (bus: PlaygroundBus) => void;

/** The head of a page: who this is, whether it is in the mesh, and the ways out and in again. */
export class Identity {
  readonly #place: Place;
  readonly #options: ConnectOptions;
  readonly #joined: Joined[] = [];
  readonly #leave = part<HTMLButtonElement>('leave');
  readonly #join = part<HTMLButtonElement>('join');

  constructor(name: string, place: Place, options: ConnectOptions = {}) {
    this.#place = place;
    this.#options = { name, ...options };
    part('self-name').textContent = name;
    document.documentElement.dataset['hue'] = hueOf(name);
    document.title = `Portmesh · ${name}`;
    this.#leave.addEventListener('click', () => void place.bus.close());
    this.#join.addEventListener('click', () => void this.join());
  }

  onJoined(joined: Joined): void {
    this.#joined.push(joined);
  }

  async join(): Promise<void> {
    const { journal } = this.#place;
    this.#show('joining', 'joining');
    try {
      const bus = await connect<Channels>(this.#options);
      // In one turn: the others learn of all that is handled and listened to before anything else happens.
      this.#place.attach(bus);
      for (const joined of this.#joined) joined(bus);
      const via = bus.self.via && bus.peers.get(bus.self.via)?.name;
      journal.add('joined', 'joined the mesh', ...(via ? [', let in by ', { peer: via }] : []));
      this.#show('joined', 'in the mesh', `${identify(bus.self)}${via ? ` · via ${via}` : ''}`);
      const { reason, detail } = await bus.closed;
      journal.add('left', `this page’s seat has ended: ${reason}${detail ? ` (${detail})` : ''}`);
      this.#show('ended', reason);
    } catch (error) {
      journal.add('failed', 'this page could not join').fail(error);
      this.#show('ended', 'refused');
    }
  }

  #show(state: 'joining' | 'joined' | 'ended', words: string, identity = 'not in the mesh'): void {
    const chip = part('state');
    chip.dataset['state'] = state;
    chip.textContent = words;
    part('self-identity').textContent = identity;
    part('self-identity').title = identity;
    this.#leave.hidden = state !== 'joined';
    this.#join.hidden = state !== 'ended';
  }
}
