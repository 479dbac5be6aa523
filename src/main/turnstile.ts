import { Bucket } from '../core/broker/bucket.js';

/** Joins of a frame itself, and as many of all that it shares: so many a second, in the long run. */
const JOINS_PER_SECOND = 50;
/** At once: as many as it may have seats, twice; and so many where that is less. */
const JOINS_AT_ONCE = 1000;
/** Frames from which on those are looked for whose joins are long ago. */
const FRAMES = 100;

/** How often a frame may ask, for itself or for what it shares. */
export interface Turn {
  readonly bucket: Bucket;
  /** Whether it has been told of that it asks too often, since it last had all its turns. */
  told: boolean;
}

/**
 * Bounds how often each frame asks to join: a page that does nothing else, or a frame that makes its page do so, would keep main, and
 * the application's `authorize()`, from their work. What a page shares does not take the turns of the page itself.
 */
export class Turnstile {
  readonly #atOnce: number;
  readonly #turns = new Map<string, Turn>();

  /** @param seats that a document may have */
  constructor(seats: number) {
    this.#atOnce = Math.max(JOINS_AT_ONCE, 2 * seats);
  }

  /** Frames whose joins are remembered. */
  get size(): number {
    return this.#turns.size;
  }

  /** In words, for who is refused. */
  get rule(): string {
    return `${this.#atOnce} at once, then ${JOINS_PER_SECOND} a second`;
  }

  /** @param who a frame, by whatever names it for longer than a document lasts: else a reload would be a way around */
  turn(who: string): Turn {
    const known = this.#turns.get(who);
    if (known) return known;
    // One that is full says no more than none.
    if (this.#turns.size >= FRAMES)
      for (const [key, { bucket }] of this.#turns) if (bucket.full) this.#turns.delete(key);
    const turn = { bucket: new Bucket(this.#atOnce, JOINS_PER_SECOND), told: false };
    this.#turns.set(who, turn);
    return turn;
  }
}
