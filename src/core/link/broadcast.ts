import { EVENT, TEXT } from '../wire/frames.js';

/** Frames in one post at most, so that the receiver works on one while the sender makes the next. */
export const MAX_FRAMES = 512;

/** Frames from which on a text is less work than to have them cloned for each receiver. */
export const TEXT_FROM = 8;

/**
 * The events of a turn that several peers get: gathered once, and written once, as a text, where JSON is exact. For eight receivers
 * that takes two thirds of the time that cloning takes. See `Outbox.share`.
 */
export class Broadcast {
  readonly #batch: unknown[] = [0];
  #text: string | undefined;
  #left = false;
  frames = 0;
  /** How many of them somebody shares. */
  shared = 0;

  /** What it holds, as places in a batch. */
  get length(): number {
    return this.#batch.length;
  }

  /** Whether another event may be added: it has not left anywhere, and there is one at least that has it all. */
  get open(): boolean {
    return !this.#left && this.shared === this.frames && this.frames < MAX_FRAMES;
  }

  add(channel: string, args: readonly unknown[]): void {
    this.frames++;
    this.#batch.push(EVENT, channel, args.length, ...args);
  }

  /** A batch of one's own, of what it held at that length. */
  copy(length: number): unknown[] {
    return this.#batch.slice(0, length);
  }

  /** What to post, for one who has it up to that length. */
  leave(length: number): unknown[] {
    if (!this.#left) {
      this.#left = true;
      // Where a page has taught all arrays to speak for themselves, the batch would, too.
      const exact = this.frames >= TEXT_FROM && !('toJSON' in this.#batch) && this.#batch.every(isExact);
      if (exact) this.#text = JSON.stringify(this.#batch);
    }
    const whole = length === this.length && this.#text !== undefined;
    return whole ? [0, TEXT, this.#text] : this.copy(length);
  }
}

/** Whether JSON brings back what a capture holds. */
function isExact(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      if (value === null) return true;
      // A date's, or one that a page has put on all objects.
      if ('toJSON' in value) return false;
      for (const key in value) if (!isExact((value as Record<string, unknown>)[key])) return false;
      return true;
    default:
      return typeof value === 'string' || typeof value === 'boolean';
  }
}
