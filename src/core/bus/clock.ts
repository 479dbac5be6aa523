import { startTimer, type Timer } from '../timer.js';

/** Deadlines this close together are swept at once. */
const GRAIN_MS = 5;

/**
 * One lazily armed timer for all the deadlines of a bus. A timer per call costs more than half of the rate of calls; a
 * call that settles in time, as nearly all do, costs nothing here.
 */
export class Clock {
  readonly #sweep: (now: number) => number;
  #timer: Timer | undefined;
  #due = Infinity;
  /** It is this late at least. */
  #now = -Infinity;

  /** @param sweep rejects what is over at `now`, and returns the next deadline, or `Infinity` */
  constructor(sweep: (now: number) => number) {
    this.#sweep = sweep;
  }

  /** Sees to it that a sweep comes when `deadline` (of `performance.now()`) is over. */
  watch(deadline: number): void {
    if (deadline >= this.#due || deadline === Infinity) return;
    this.#timer?.stop();
    this.#due = deadline;
    this.#timer = startTimer(Math.max(0, deadline - performance.now()) + GRAIN_MS, this.#onTime);
  }

  /** As `watch`, of what begins now and may take `ms`. Seldom looks at the time, which costs a part of a call. */
  watchFor(ms: number): void {
    if (this.#now + ms >= this.#due) return;
    this.#now = performance.now();
    this.watch(this.#now + ms);
  }

  stop(): void {
    this.#timer?.stop();
    this.#timer = undefined;
    this.#due = Infinity;
  }

  readonly #onTime = (): void => {
    this.stop();
    this.watch(this.#sweep(performance.now()));
  };
}
