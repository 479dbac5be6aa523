import { startTimer, type Timer } from '../../core/timer.js';

/** How a connection is watched over. */
export interface ProbeOptions {
  /** Milliseconds of silence after which the far end is asked for a sign of life. */
  readonly interval: number;
  /** Milliseconds of further silence after which the connection counts as lost. */
  readonly timeout: number;
}

/** What a probe needs of its connection. */
export interface Probed {
  /** Bytes that have arrived, in all. */
  readonly received: number;
  /** Asks for a sign of life. */
  ask(): void;
  /** Nothing has come for too long. Called once at most. */
  lost(): void;
}

/** Looks into which the time-out is divided. */
const LOOKS = 4;

/**
 * Watches whether anything arrives. It counts looks, not time: where this process stands still for a while, or the whole machine,
 * that is one look without anything new, and the far end still has the others.
 */
export class Probe {
  readonly #probed: Probed;
  readonly #every: number;
  /** Looks without anything new: before the far end is asked, and until it is lost. */
  readonly #patience: number;
  readonly #limit: number;
  #seen: number;
  #silent = 0;
  #timer: Timer;

  constructor(probed: Probed, { interval, timeout }: ProbeOptions) {
    this.#probed = probed;
    this.#every = Math.min(interval, timeout / LOOKS);
    this.#patience = Math.ceil(interval / this.#every);
    this.#limit = this.#patience + Math.ceil(timeout / this.#every);
    this.#seen = probed.received;
    this.#timer = startTimer(this.#every, this.#look);
  }

  stop(): void {
    this.#timer.stop();
  }

  readonly #look = (): void => {
    const { received } = this.#probed;
    this.#silent = received === this.#seen ? this.#silent + 1 : 0;
    this.#seen = received;
    if (this.#silent >= this.#limit) return this.#probed.lost();
    if (this.#silent === this.#patience) this.#probed.ask();
    this.#timer = startTimer(this.#every, this.#look);
  };
}
