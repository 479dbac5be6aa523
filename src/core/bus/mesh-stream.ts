import { isPortHolder } from '../port/port-holder.js';
import { asyncDisposing } from '../registration.js';
import { visit, weigh } from '../wire/weigh.js';
import { closeRaw } from '../port/port.js';

/** What a consumer has room for: an item costs one, and one more for each 4 KiB of it. */
export const WINDOW = 1024;
/** Who says that an item costs less than one for each of these claims too little, by any count of what it holds. */
const BYTES_PER_COST = 65_536;

interface Item {
  readonly cost: number;
  readonly value: unknown;
}

interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/** What a stream needs of whoever made its call. */
export interface StreamOwner {
  /** Nobody takes from it any more. */
  abandon(): void;
  /** So much was taken: the producer may send as much again. */
  credit(cost: number): void;
  /** Somebody waits for the next item, or nobody does any more. */
  waiting(waits: boolean): void;
}

/**
 * The items that a peer's handler yields, in their order. The producer runs ahead of its consumer by about 1,000 items, or 4 MiB,
 * and then waits. To leave a `for await` loop, or to call `return()`, ends it on both sides.
 *
 * @example
 * for await (const line of viewer.stream('log:tail', 'a.log')) if (line === 'end') break;
 */
export class MeshStream<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #owner: StreamOwner;
  readonly #items: Item[] = [];
  #head = 0;
  readonly #waiting: Waiting<T>[] = [];
  /** What the producer was granted, and has not used. The last item may cost more than is left. */
  #room = WINDOW;
  #over = false;
  /** How it ended; told once, behind the last item. */
  #failure: { readonly error: unknown } | undefined;
  /** Taken, and not yet told to the producer. */
  #taken = 0;

  /** @internal */
  constructor(owner: StreamOwner) {
    this.#owner = owner;
  }

  /** @internal False if that is more than the producer was granted, or may claim to be so little. */
  item(cost: number, value: unknown): boolean {
    if (this.#over) return true;
    if (this.#room <= 0) return false;
    this.#room -= cost;
    const waiting = this.#waiting.shift();
    if (waiting) {
      if (this.#waiting.length === 0) this.#owner.waiting(false);
      this.#take(cost);
      waiting.resolve({ done: false, value: value as T });
      return true;
    }
    if (weigh(value) > cost * BYTES_PER_COST) return false;
    this.#items.push({ cost, value });
    return true;
  }

  /** @internal The call is settled: with `undefined`, or with a promise that rejects. */
  settle(outcome: unknown): void {
    Promise.resolve(outcome).then(
      () => this.#end(undefined),
      (error: unknown) => this.#end({ error }),
    );
  }

  /**
   * The next item; `{ done: true }` when the handler has ended. Rejects, once, with what the handler threw, or why the stream
   * broke: `PEER_GONE`, `TIMEOUT`, `ABORTED`, `NO_HANDLER`, `NOT_CLONEABLE`, …
   */
  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#items[this.#head];
    if (item) {
      this.#items[this.#head++] = undefined as never;
      if (this.#head === this.#items.length) this.#items.length = this.#head = 0;
      if (!this.#over) this.#take(item.cost);
      return Promise.resolve({ done: false, value: item.value as T });
    }
    if (this.#over) {
      const failure = this.#failure;
      this.#failure = undefined;
      return failure ? Promise.reject(failure.error) : Promise.resolve({ done: true, value: undefined });
    }
    if (this.#waiting.length === 0) this.#owner.waiting(true);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /**
   * Ends it early: the handler's `event.signal` aborts, and its generator's `finally` runs. Ports in items that were not taken are
   * closed. Idempotent.
   */
  async return(): Promise<IteratorResult<T, undefined>> {
    for (const { value } of this.#items.slice(this.#head)) visit(value, closePort);
    this.#items.length = this.#head = 0;
    this.#failure = undefined;
    if (!this.#over) {
      this.#over = true;
      this.#owner.abandon();
      this.#release(undefined);
    }
    return { done: true, value: undefined };
  }

  /** As `return()`, at the end of the block: `await using stream = bus.stream(…)`. Only where the runtime has `Symbol.asyncDispose`. */
  async [asyncDisposing](): Promise<void> {
    await this.return();
  }

  /** Itself: it can be walked once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * The same as a ReadableStream. To cancel it ends the stream.
   * @example
   * await bus.stream('file:read', path).readable().pipeTo(response);
   */
  readable(): ReadableStream<T> {
    return new ReadableStream<T>(
      {
        pull: async (controller) => {
          const { done, value } = await this.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => void (await this.return()),
      },
      { highWaterMark: 0 },
    );
  }

  #take(cost: number): void {
    this.#taken += cost;
    if (this.#taken < WINDOW / 4) return;
    this.#owner.credit(this.#taken);
    this.#room += this.#taken;
    this.#taken = 0;
  }

  #end(failure: { readonly error: unknown } | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#waiting.length === 0) this.#failure = failure;
    this.#release(failure);
  }

  /** The first of those who wait is told of a failure, the others of the end. */
  #release(failure: { readonly error: unknown } | undefined): void {
    const [first, ...others] = this.#waiting.splice(0);
    if (failure) first?.reject(failure.error);
    else first?.resolve({ done: true, value: undefined });
    for (const waiting of others) waiting.resolve({ done: true, value: undefined });
  }
}

function closePort(each: object | string): void {
  if (typeof each === 'object' && isPortHolder(each)) closeRaw(each);
}
