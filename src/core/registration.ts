/// <reference lib="esnext.disposable" preserve="true" />

/** What undoes a registration: `handle`, `onPort`, `onError`, `onDropped`; `share` and `attach` too. Idempotent. */
export interface Registration {
  /** Undoes it. */
  dispose(): void;
  /** The same, at the end of the block: `using handling = bus.handle(…)`. Only where the runtime has `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/** Internal: `Symbol.dispose`; where there is none, a key that nobody looks for. */
export const disposing: typeof Symbol.dispose = Symbol.dispose ?? Symbol();
/** Internal: the same of `Symbol.asyncDispose`. */
export const asyncDisposing: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol();

/** Internal: `dispose` has to be idempotent. */
export function registration(dispose: () => void): Registration {
  return { dispose, [disposing]: dispose };
}
