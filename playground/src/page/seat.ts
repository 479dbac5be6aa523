import { connect } from 'portmesh/renderer';
import type { Channels, PlaygroundBus } from '../channels.js';

/** Told of every bus: a page that has left can join again, with another one. */
export type Joined = (bus: PlaygroundBus) => void;

/** This page's place in the mesh. */
export class Seat {
  /** What it joins as. Each window is an origin of its own, and that is its name. */
  readonly name = location.hostname;
  readonly #joined: Joined[] = [];
  #bus: PlaygroundBus | undefined;

  /** The bus, from the moment this page has joined first; after its end, every call says so. */
  get bus(): PlaygroundBus {
    if (!this.#bus) throw new Error('this page has not joined yet');
    return this.#bus;
  }

  onJoined(joined: Joined): void {
    this.#joined.push(joined);
  }

  async join(): Promise<PlaygroundBus> {
    const bus = await connect<Channels>({ name: this.name });
    this.#bus = bus;
    // In one turn: the others learn of all that is handled and listened to before anything else happens.
    for (const joined of this.#joined) joined(bus);
    return bus;
  }
}
