/** A bar of the chart covers this much time. */
export const BUCKET_MS = 100;
/** How many bars there are. */
export const BUCKETS = 100;

const LATENCIES = 200;

/** Measures round trips: how many, how long each takes, and the longest time in which none came back. */
export class Gauge {
  /** Round trips by bucket, oldest first. */
  readonly counts = new Array<number>(BUCKETS).fill(0);
  /** The longest gap that ended in a bucket. */
  readonly #gaps = new Array<number>(BUCKETS).fill(0);
  /** Both, of the bucket that is being filled. */
  #count = 0;
  #largest = 0;
  readonly #latencies: number[] = [];
  #last: number | undefined;
  /** The longest gap since `watch()`. */
  #watched = 0;
  #watchedFrom = 0;

  record(now: number, latency: number): void {
    if (this.#last !== undefined) {
      this.#gap(this.#last, now);
      this.#latencies.push(latency);
      if (this.#latencies.length > LATENCIES) this.#latencies.shift();
    } // else it may have waited for somebody to be there
    this.#last = now;
    this.#count++;
  }

  /** Nobody is there to answer, or nobody asks: until the next answer, there is no gap. */
  pause(): void {
    this.#last = undefined;
    this.#latencies.length = 0;
  }

  /** Begins the next bucket. */
  step(): void {
    this.counts.shift();
    this.counts.push(this.#count);
    this.#gaps.shift();
    this.#gaps.push(this.#largest);
    this.#count = 0;
    this.#largest = 0;
  }

  /** Whether anything has come back in the last two buckets. */
  get flowing(): boolean {
    return this.counts.slice(-2).some((count) => count > 0);
  }

  /** Round trips a second, over the last second. */
  get rate(): number {
    const perSecond = 1000 / BUCKET_MS;
    return this.counts.slice(-perSecond).reduce((sum, count) => sum + count, 0);
  }

  /** The median of the last round trips, in milliseconds. */
  get latency(): number | undefined {
    return [...this.#latencies].sort((a, b) => a - b)[this.#latencies.length >> 1];
  }

  /** The largest gap that the chart shows, the one that is still open included; `undefined` if nothing is measured. */
  largestGap(now: number): number | undefined {
    const open = this.#last === undefined ? 0 : now - this.#last;
    const largest = Math.max(open, this.#largest, ...this.#gaps);
    return largest > 0 ? largest : undefined;
  }

  /** Looks for the largest gap from now on. */
  watch(now: number): void {
    this.#watched = 0;
    this.#watchedFrom = now;
  }

  /** The largest gap since `watch()`; `undefined` if nobody is being measured. */
  watched(now: number): number | undefined {
    if (this.#last === undefined) return undefined;
    return Math.max(this.#watched, now - Math.max(this.#last, this.#watchedFrom));
  }

  #gap(from: number, to: number): void {
    this.#largest = Math.max(this.#largest, to - from);
    this.#watched = Math.max(this.#watched, to - Math.max(from, this.#watchedFrom));
  }
}
