/** Told that all was dispatched, or the cause if the link ended before. */
export type Drained = (cause?: unknown) => void;

interface Drain {
  /** Frames that are done with then, of all there ever were */
  frames: number;
  readonly drained: Drained;
}

/** Those who wait until what was handed over is done with: dispatched by the other side, or lost alone. */
export class Drains {
  #done = 0;
  /** So many frames were waited for at most. */
  #last = 0;
  #drains: Drain[] = [];

  /** Whether that was waited for already, until so many frames more are done with: the other side has been asked to tell. */
  isAsked(frames: number): boolean {
    return this.#last === this.#done + frames;
  }

  /**
   * Calls `drained` when so many frames more are done with. They are, in the order in which they were handed over, but for those that
   * are lost: see there.
   * @returns what ends the wait
   */
  after(frames: number, drained: Drained): () => void {
    const drain = { frames: (this.#last = this.#done + frames), drained };
    this.#drains.push(drain);
    return () => (this.#drains = this.#drains.filter((each) => each !== drain));
  }

  done(frames: number): void {
    this.#done += frames;
    while (this.#drains[0] && this.#drains[0].frames <= this.#done) this.#drains.shift()?.drained();
  }

  /** So many frames can't be posted, behind so many others that are under way: who waits for no more than those waits on. */
  lost(frames: number, ahead: number): void {
    const before = this.#done + ahead;
    for (const drain of this.#drains) if (drain.frames <= before) drain.frames += frames;
    if (this.#last <= before) this.#last += frames;
    this.done(frames);
  }

  fail(cause: unknown): void {
    for (const { drained } of this.#drains.splice(0)) drained(cause);
  }
}
