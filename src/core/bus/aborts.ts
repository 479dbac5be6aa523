import type { Call } from '../link/calls.js';

interface Watch {
  readonly calls: Set<Call>;
  readonly onAbort: () => void;
}

/** One listener per AbortSignal, however many calls hang on it: a listener per call costs nine tenths of their rate. */
export class Aborts {
  readonly #watches = new Map<AbortSignal, Watch>();
  readonly #abort: (call: Call) => void;

  constructor(abort: (call: Call) => void) {
    this.#abort = abort;
  }

  get size(): number {
    return this.#watches.size;
  }

  add(signal: AbortSignal, call: Call): void {
    let watch = this.#watches.get(signal);
    if (!watch) {
      const calls = new Set<Call>();
      watch = { calls, onAbort: () => [...calls].forEach(this.#abort) };
      this.#watches.set(signal, watch);
      signal.addEventListener('abort', watch.onAbort);
    }
    watch.calls.add(call);
  }

  remove(signal: AbortSignal, call: Call): void {
    const watch = this.#watches.get(signal);
    if (!watch?.calls.delete(call) || watch.calls.size > 0) return;
    this.#watches.delete(signal);
    signal.removeEventListener('abort', watch.onAbort);
  }
}
