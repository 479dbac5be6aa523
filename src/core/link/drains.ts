interface Drain {
  /** Frames that are done with then, of all there ever were */
  readonly frames: number;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/** Those who wait until what was handed over is done with: dispatched by the other side, or lost alone. */
export class Drains {
  #done = 0;
  #drains: Drain[] = [];

  /** Resolves when so many frames more are done with. They are, in the order in which they were handed over. */
  after(frames: number): Promise<void> {
    return new Promise((resolve, reject) => this.#drains.push({ frames: this.#done + frames, resolve, reject }));
  }

  done(frames: number): void {
    this.#done += frames;
    while (this.#drains[0] && this.#drains[0].frames <= this.#done) this.#drains.shift()?.resolve();
  }

  fail(cause: unknown): void {
    for (const { reject } of this.#drains.splice(0)) reject(cause);
  }
}
