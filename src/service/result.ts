/**
 * What a call of a service returns. Whether its method returns a value or a stream is known to the compiler and to the provider
 * only: so it is a promise, and something to iterate over, at once.
 */
export class Result<T> extends Promise<T> {
  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    let opened: Promise<AsyncIterator<unknown>> | undefined;
    const open = (): Promise<AsyncIterator<unknown>> =>
      // What was there as a whole, a list for instance, has arrived as that.
      (opened ??= this.then(
        (value) => (value as Source)[Symbol.asyncIterator]?.() ?? (value as Source)[Symbol.iterator](),
      ));
    return {
      next: async () => (await open()).next(),
      return: async () => (await (await open()).return?.()) ?? { done: true, value: undefined },
    };
  }
}

interface Source {
  [Symbol.asyncIterator]?(): AsyncIterator<unknown>;
  [Symbol.iterator](): AsyncIterator<unknown>;
}

// `await` takes it for an ordinary promise, which saves two turns of the microtask queue; `then` makes ordinary ones.
Result.prototype.constructor = Promise;
