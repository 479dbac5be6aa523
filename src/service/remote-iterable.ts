import type { MeshStream } from '../core/bus/mesh-stream.js';

/**
 * The items of something that a peer passed by reference: they can be taken once. Leaving a `for await` loop ends it there.
 */
export class RemoteIterable<T> implements AsyncIterable<T> {
  readonly #open: () => MeshStream<T>;
  #stream: MeshStream<T> | undefined;

  /** @internal */
  constructor(open: () => MeshStream<T>) {
    this.#open = open;
  }

  [Symbol.asyncIterator](): MeshStream<T> {
    return (this.#stream ??= this.#open());
  }

  /** The same as a ReadableStream. */
  readable(): ReadableStream<T> {
    return this[Symbol.asyncIterator]().readable();
  }
}
