import { invalid } from '../errors/mesh-error.js';
import type { Link } from '../link/link.js';
import type { Serving } from '../link/incoming.js';
import type { ServedRequest } from './events.js';
import { letGo } from './hold.js';

/** A consumer that gives more credit than this, and takes nothing, doesn't fill this side's memory. */
const MAX_CREDIT = 16_384;

/** What a handler of a stream may return, or resolve with: something to take items from. */
export type Source<T = unknown> = AsyncIterable<T> | Iterable<T | PromiseLike<T>> | ReadableStream<T>;

/**
 * Sends what a handler yields: takes the next item only while its consumer has room. Its consumer's end, or the link's, returns
 * the iterator, whose `finally` runs.
 */
export class Producer implements Serving {
  readonly #link: Link;
  readonly #id: number;
  readonly #event: ServedRequest;
  readonly #onError: (error: unknown) => void;
  #credit: number;
  #iterator: AsyncIterator<unknown> | undefined;
  #over = false;
  #reason: unknown;
  /** Whether an item went alone, so that the consumer's process may turn out unable to read it. */
  #alone = false;
  #wake: (() => void) | undefined;

  /** @param onError told what its iterator throws after the stream's end */
  constructor(link: Link, id: number, credit: number, event: ServedRequest, onError: (error: unknown) => void) {
    this.#link = link;
    this.#id = id;
    this.#credit = Math.min(credit, MAX_CREDIT);
    this.#event = event;
    this.#onError = onError;
  }

  get channel(): string {
    return this.#event.channel;
  }

  async run(result: unknown): Promise<void> {
    const { channel } = this;
    try {
      const source = await result;
      // Nobody waits for it: that it is none is nobody's fault but its consumer's, who has gone.
      if (this.#over && !isIterable(source)) return;
      const iterator = iterate(source, channel);
      this.#iterator = iterator;
      if (this.#over) return this.#stop();
      this.#link.started(this.#id);
      for (;;) {
        // Its consumer takes nothing at all of what it is sent: credit alone, for stream after stream, would not bound that.
        if (this.#link.full) await this.#drained();
        if (this.#credit <= 0 && !this.#over) await new Promise<void>((resolve) => (this.#wake = resolve));
        if (this.#over) return;
        const { done, value } = await iterator.next();
        // A link whose port is closed, and of which nobody has said why yet, takes nothing: it aborts this when it ends.
        if (this.#over || !this.#link.open) return letGo([value]);
        if (done) break;
        this.#credit -= this.#send(value);
      }
      await this.#allRead();
      if (this.#over) return;
      this.#over = true;
      this.#link.answer(this.#id, channel, undefined);
    } catch (error) {
      if (this.#over) return this.#afterEnd(error);
      this.#over = true;
      this.#link.fail(this.#id, channel, error);
    }
  }

  credit(amount: number): void {
    this.#credit = Math.min(this.#credit + amount, MAX_CREDIT);
    if (this.#credit > 0) this.#resume();
  }

  abort(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reason = reason;
    this.#event.abort(reason);
    this.#stop();
    this.#resume();
  }

  /** Its consumer would take the end for a good one, though an item before it was lost. */
  async #allRead(): Promise<void> {
    if (this.#alone) await this.#drained();
  }

  /** The link's end is told by `abort`. */
  #drained(): Promise<unknown> {
    return new Promise((resolve) => this.#link.drain(resolve));
  }

  #send(value: unknown): number {
    const { alone } = this.#link;
    try {
      const cost = this.#link.sendItem(this.#id, this.channel, value);
      if (this.#link.alone > alone) this.#alone = true;
      return cost;
    } catch (error) {
      this.#stop();
      throw this.#event.unsendable('an item of its stream', error);
    }
  }

  #stop(): void {
    // A generator that is at work returns when it next yields.
    const iterator = this.#iterator;
    this.#iterator = undefined;
    if (iterator) callReturn(iterator).catch(this.#afterEnd);
  }

  /** What a handler throws because its signal has aborted is no bug of it. */
  readonly #afterEnd = (error: unknown): void => {
    if (error !== this.#reason) this.#onError(error);
  };

  #resume(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

async function callReturn(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

/** Whether something is a stream's source, and no value to be sent. */
export function isSource(value: unknown): value is Source {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || isReadable(value);
}

/** Whether items can be taken from it, in whatever way. */
function isIterable(value: unknown): boolean {
  return (
    isSource(value) ||
    (typeof value === 'object' && value !== null && (Symbol.iterator in value || isNodeStream(value)))
  );
}

/** To be called with one that is not taken from at once: an error of it would be nobody's, and end the process. Who takes from it gets that. */
export function claim(source: object): void {
  if (isNodeStream(source)) source.on('error', () => {});
}

/** Ends one that nobody will take from. What is none stays as it is. */
export function discard(source: unknown): void {
  const end = async (): Promise<unknown> => iterate(source, '').return?.();
  end().catch(() => {}); // somebody else reads it, or it has broken by itself
}

function iterate(result: unknown, channel: string): AsyncIterator<unknown> {
  if (typeof result === 'object' && result !== null) {
    if (isReadable(result)) return readAll(result);
    if (isNodeStream(result)) return takeAll(result);
    if (Symbol.asyncIterator in result) return (result as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in result) return awaitAll(result as Iterable<unknown>);
  }
  const fix = `Return an async iterable, an iterable or a ReadableStream, or ask with request('${channel}', ...).`;
  throw invalid(`stream('${channel}')`, `its handler returned no stream. ${fix}`);
}

/**
 * As `for await` takes them: of promises, what they resolve with; anything else as it is: each wait takes time. No
 * generator: one that has not begun would not end what it takes from.
 */
function awaitAll(items: Iterable<unknown>): AsyncIterator<unknown> {
  const iterator = items[Symbol.iterator]();
  const end = async (): Promise<IteratorResult<unknown>> => iterator.return?.() ?? { done: true, value: undefined };
  const settle = async (value: unknown): Promise<IteratorResult<unknown>> => {
    try {
      return { value: await value };
    } catch (error) {
      await end();
      throw error;
    }
  };
  return {
    next: () => {
      const step = iterator.next();
      const isPromise = !step.done && typeof (step.value as { then?: unknown } | null)?.then === 'function';
      return (isPromise ? settle(step.value) : step) as never;
    },
    return: end,
  };
}

function isReadable(value: object): value is ReadableStream<unknown> {
  const { getReader, locked } = value as { getReader?: unknown; locked?: unknown };
  // Of what answers to every name with a function, neither is a flag.
  return typeof getReader === 'function' && typeof locked === 'boolean';
}

/**
 * Not by its own async iterator, which not every platform's has: that, as a generator, ends only when it next gets an item. An
 * idle stream would go on for ever, and one that nothing was taken from would not hear of its end at all.
 */
function readAll(stream: ReadableStream<unknown>): AsyncIterator<unknown> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

/** One of Node's streams. */
interface NodeStream extends AsyncIterable<unknown> {
  on(event: 'error', listener: () => void): unknown;
  destroy(): void;
}

function isNodeStream(value: object): value is NodeStream {
  const { on, destroy } = value as Partial<NodeStream>;
  return Symbol.asyncIterator in value && typeof on === 'function' && typeof destroy === 'function';
}

/** Its own iterator ends as late. */
function takeAll(stream: NodeStream): AsyncIterator<unknown> {
  const iterator = stream[Symbol.asyncIterator]();
  const end = { done: true, value: undefined } as const;
  let ended = false;
  claim(stream);
  return {
    next: () =>
      iterator.next().catch((error: unknown) => {
        if (ended) return end; // it waited for the next one
        throw error;
      }),
    async return() {
      ended = true;
      stream.destroy();
      return end;
    },
  };
}
