import type { MeshStream } from '../core/bus/mesh-stream.js';
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

/**
 * What this side has of one peer. The same id is the same function here, as long as the application has it: no longer, for
 * then it is released, though only when the garbage is collected.
 */
export class Borrowing {
  readonly #owner: BorrowingOwner;
  readonly #held = new Map<number, { readonly borrowed: Borrowed; readonly value: WeakRef<object> }>();
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

  /** @param id of an iterable, it is negative */
  take(id: number, label: string, kept: boolean): readonly [object, Borrowed] {
    const held = this.#held.get(id);
    let value = held?.value.deref();
    let borrowed = held?.borrowed;
    if (!value || !borrowed) {
      const fresh: Borrowed = {
        id,
        label,
        calls: 0,
        kept: borrowed?.kept ?? false,
        tell: () => this.#owner.tell(fresh),
        ended: () => {
          this.#forget(fresh);
          close(made.value);
        },
      };
      if (borrowed) borrowed.over = 'it was collected.';
      borrowed = fresh;
      value = asBorrowed(this.#make(fresh), fresh);
      const made = { borrowed, value: new WeakRef(value) };
      this.#held.set(id, made);
      this.#collected.register(value, borrowed);
    }
    if (kept) borrowed.kept = true;
    else borrowed.calls++;
    return [value, borrowed];
  }

  /** The connection to the peer has ended. */
  end(why: string): void {
    for (const { borrowed, value } of [...this.#held.values()]) {
      borrowed.over = why;
      close(value);
    }
    this.#held.clear();
  }

  #make(borrowed: Borrowed): object {
    if (borrowed.id < 0) {
      return new RemoteIterable(() => {
        const stream = this.#owner.stream(borrowed);
        this.#forget(borrowed); // as its owner does, once it is taken from
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

function close(value: WeakRef<object>): void {
  const iterable = value.deref();
  if (iterable instanceof RemoteIterable) iterable.close();
}
