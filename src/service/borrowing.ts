import type { MeshStream } from '../core/bus/mesh-stream.js';
import type { Peer } from '../core/directory/peer.js';
import { asBorrowed, settle, type Borrowed } from './borrowed.js';
import { RemoteIterable } from './remote-iterable.js';

/** What the references of a peer need of who holds them. */
export interface BorrowingOwner {
  /** Calls a function of the peer. `self`: what must live as long as the call */
  call(borrowed: Borrowed, args: readonly unknown[], self: object): Promise<unknown>;
  /** Takes from an iterable of the peer. */
  stream(borrowed: Borrowed): MeshStream<unknown>;
  /** Tells the peer that a reference is retained, or no longer. */
  tell(borrowed: Borrowed): void;
}

/** A reference, and what the application has: held only while the call lasts that it came with. */
interface Held {
  readonly borrowed: Borrowed;
  value: object | undefined;
  readonly weak?: WeakRef<object>;
}

/**
 * What this side has of one peer. The same id is the same function here, as long as the application has it: one that it kept, and has
 * no longer, is released, though only when the garbage is collected.
 */
export class Borrowing {
  readonly #owner: BorrowingOwner;
  readonly #held = new Map<number, Held>();
  readonly #collected = new FinalizationRegistry<Borrowed>((borrowed) => {
    if (borrowed.over || !borrowed.kept) return;
    borrowed.kept = false;
    this.#owner.tell(borrowed);
    settle(borrowed);
  });

  constructor(owner: BorrowingOwner) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#held.size;
  }

  /** @param id of an iterable, it is negative. @param kept whether it is for good, or for a call */
  take(id: number, peer: Peer, from: string, kept: boolean): readonly [object, Borrowed] {
    let held = this.#held.get(id);
    let value = held && valueOf(held);
    if (!held || !value) {
      // One that is kept, and was collected, but not told of yet.
      if (held) held.borrowed.over = 'it was collected.';
      const borrowed: Borrowed = {
        ...{ id, peer, from, calls: 0, kept: held?.borrowed.kept ?? false },
        told: () => {
          if (borrowed.kept) this.#weaken(borrowed);
          this.#owner.tell(borrowed);
        },
        ended: () => this.#forget(borrowed),
      };
      value = asBorrowed(this.#make(borrowed), borrowed);
      held = { borrowed, value };
      this.#held.set(id, held);
    }
    const { borrowed } = held;
    if (!kept) borrowed.calls++;
    else if (!borrowed.kept) {
      borrowed.kept = true;
      this.#weaken(borrowed);
    }
    return [value, borrowed];
  }

  /** The connection to the peer has ended. */
  end(why: string): void {
    for (const { borrowed } of [...this.#held.values()]) {
      borrowed.over = why;
      this.#forget(borrowed);
    }
  }

  /** Whoever keeps it holds it: this side only wants to know when nobody does any more. */
  #weaken(borrowed: Borrowed): void {
    const held = this.#held.get(borrowed.id);
    if (held?.borrowed !== borrowed || !held.value) return;
    this.#collected.register(held.value, borrowed);
    this.#held.set(borrowed.id, { borrowed, value: undefined, weak: new WeakRef(held.value) });
  }

  #make(borrowed: Borrowed): object {
    if (borrowed.id < 0) {
      return new RemoteIterable(() => {
        const stream = this.#owner.stream(borrowed);
        this.#forget(borrowed); // as its owner does, once it is taken from
        borrowed.ended = () => void stream.return();
        return stream;
      });
    }
    const call = (...args: unknown[]): Promise<unknown> => this.#owner.call(borrowed, args, call);
    return call;
  }

  #forget(borrowed: Borrowed): void {
    if (this.#held.get(borrowed.id)?.borrowed === borrowed) this.#held.delete(borrowed.id);
  }
}

function valueOf({ value, weak }: Held): object | undefined {
  return value ?? weak?.deref();
}
