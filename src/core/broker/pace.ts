import { startTimer, type Timer } from '../timer.js';
import { Bucket } from './bucket.js';

/**
 * Confirmations of one peer: each asks all others, two messages for each. Those that are asked for while one is under way, or has
 * to wait, are one: a thousand `subscribe()` in a turn are two.
 */
export const CONFIRMATIONS: PaceOptions = { atOnce: 500, perSecond: 50, waiting: 1 };
/** So many calls may wait for one confirmation. */
export const MAX_CONFIRMING = 100_000;

/** Links and ports that may wait for their turn. */
const WAITING = 10_000;

/**
 * Links that one peer opens with a port: each makes its target work. The same of channels made for one peer that can't make its own,
 * one for each link or port that it opens: each takes some tenths of a millisecond. And of tickets for one that dials: for each, the
 * peer that is dialed keeps a place for some seconds.
 *
 * @param links see `Limits`
 */
export function linking(links: number): PaceOptions {
  return { atOnce: links, perSecond: links / 4, waiting: WAITING };
}

export interface PaceOptions {
  /** Steps that are taken at once. */
  readonly atOnce: number;
  /** Of those beyond, so many are taken each second. */
  readonly perSecond: number;
  /** So many may wait for that. */
  readonly waiting: number;
}

interface Step {
  readonly take: () => void;
  readonly forgotten: (() => void) | undefined;
}

/** The steps of one peer, in order: at once, or, if it wants too many, one by one. Nothing of what an honest peer asks for is lost. */
export class Pace {
  readonly #bucket: Bucket;
  readonly #most: number;
  #waiting: Step[] = [];
  #timer: Timer | undefined;

  constructor({ atOnce, perSecond, waiting }: PaceOptions) {
    this.#bucket = new Bucket(atOnce, perSecond);
    this.#most = waiting;
  }

  /**
   * Takes a step, now or later. False if too many wait: it is never taken.
   * @param forgotten called if it is not taken, as this stops before; not if it returns false
   */
  step(take: () => void, forgotten?: () => void): boolean {
    if (this.#waiting.length >= this.#most) return false;
    this.#waiting.push({ take, forgotten });
    if (!this.#timer) this.#go();
    return true;
  }

  /** Forgets those that wait. */
  stop(): void {
    this.#timer?.stop();
    for (const { forgotten } of this.#waiting.splice(0)) forgotten?.();
  }

  readonly #go = (): void => {
    this.#timer = undefined;
    while (this.#waiting.length > 0 && this.#bucket.take()) (this.#waiting.shift() as Step).take();
    if (this.#waiting.length > 0) this.#timer = startTimer(this.#bucket.wait, this.#go);
  };
}
