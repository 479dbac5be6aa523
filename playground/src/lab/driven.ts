import { RAN, RUN } from './obey.js';

interface Asked {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A process or thread that obeys, as its driver holds it. */
export class Driven<T> {
  readonly target: T;
  /** Resolves with `Date.now()` when it has ended, where its driver is told. */
  readonly ended: Promise<number>;
  #onEnd!: (at: number) => void;
  readonly #post: (message: unknown[]) => void;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;

  constructor(target: T, post: (message: unknown[]) => void) {
    this.target = target;
    this.#post = post;
    this.ended = new Promise((resolve) => (this.#onEnd = resolve));
  }

  /** @param text a function, which is called there with `argument`, and may return a promise */
  run(text: string, argument: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#asked.set(id, { resolve, reject });
      this.#post([RUN, id, text, argument]);
    });
  }

  hear(data: unknown): void {
    if (!Array.isArray(data) || data[0] !== RAN) return;
    const [, id, done, result] = data as [string, number, boolean, unknown];
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (done) asked?.resolve(result);
    else asked?.reject(new Error(String(result)));
  }

  end(): void {
    this.#onEnd(Date.now());
    for (const asked of this.#asked.values()) asked.reject(new Error('it has ended'));
    this.#asked.clear();
  }
}
