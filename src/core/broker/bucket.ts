/**
 * Bounds how often something happens: so many times at once, and from then on so many times a second. What is not used up is
 * saved, up to the first number.
 */
export class Bucket {
  readonly #most: number;
  readonly #perSecond: number;
  #left: number;
  #at = performance.now();

  constructor(atOnce: number, perSecond: number) {
    this.#most = this.#left = atOnce;
    this.#perSecond = perSecond;
  }

  /** Whether it may happen now; if so, it has. */
  take(): boolean {
    if (this.wait > 0) return false;
    this.#left--;
    return true;
  }

  /** It counts as so many more, of which there may be fewer left; below 0: as so many less. */
  add(more: number): void {
    this.#left -= more;
  }

  /** Milliseconds until it may happen; 0: it may. */
  get wait(): number {
    this.#fill();
    return this.#left >= 1 ? 0 : Math.ceil(((1 - this.#left) / this.#perSecond) * 1000);
  }

  /** Whether it is as if nothing had ever happened. */
  get full(): boolean {
    this.#fill();
    return this.#left === this.#most;
  }

  #fill(): void {
    const now = performance.now();
    this.#left = Math.min(this.#most, this.#left + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
  }
}
