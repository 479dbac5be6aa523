import type { PlaygroundBus } from '../channels.js';
import type { PlaceName } from '../places.js';

/** Makes a child; returns what ends it. */
export type MakeChild = () => () => void;

/** The places that this one owns: makes them, and makes or ends one when asked over the mesh. */
export class Children {
  readonly #makers: Partial<Record<PlaceName, MakeChild>>;
  readonly #ends = new Map<PlaceName, () => void>();
  /** Those whose seats hang on this place's own, by their ids. They end with it. */
  readonly #guests = new Map<string, string>();

  constructor(makers: Partial<Record<PlaceName, MakeChild>>) {
    this.#makers = makers;
  }

  /** Makes all; after a second join of their owner, those who have lost their seats with its first one. */
  attach(bus: PlaygroundBus): void {
    const lost = new Set(this.#guests.values());
    this.#guests.clear();
    bus.peers.on('join', ({ id, name, via }) => {
      if (via === bus.self.id) this.#guests.set(id, name);
    });
    bus.peers.on('leave', ({ id }) => this.#guests.delete(id));
    for (const name of Object.keys(this.#makers) as PlaceName[]) {
      if (!this.#ends.has(name) || lost.has(name)) this.#make(name);
    }
    bus.handle('place:child', async (_event, name, action) =>
      action === 'restore' ? this.#make(name) : this.#end(name),
    );
  }

  #make(name: PlaceName): void {
    const maker = this.#makers[name];
    if (!maker) throw new RangeError(`there is no child '${name}' here`);
    this.#ends.get(name)?.();
    this.#ends.set(name, maker());
  }

  #end(name: PlaceName): void {
    const end = this.#ends.get(name);
    if (!end) throw new Error(`there is no '${name}' here now`);
    this.#ends.delete(name);
    end();
  }
}
