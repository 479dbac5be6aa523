import { startTimer, type Timer } from '../timer.js';
import type { Chair } from './chair.js';
import { ASK } from './control.js';

/** After so many milliseconds without an answer a peer is not waited for: it hangs. */
const UNRESPONSIVE_MS = 1000;

/** Who is asked: a peer, or another broker, for all of its own. */
export interface Witness {
  /** It hasn't answered in time, nor said anything since: nobody waits for it. */
  hangs: boolean;
  readonly outbox: Pick<Chair['outbox'], 'post'>;
}

interface Confirmation {
  readonly waiting: Set<Witness>;
  readonly done: () => void;
  readonly timer: Timer;
}

/** What waits until peers have dispatched all that they were told before. */
export class Confirmations {
  readonly #open = new Map<number, Confirmation>();
  #token = 0;

  /** Calls `done` when each of `witnesses` has answered, or hangs, or has left: at once if there is none. */
  ask(witnesses: readonly Witness[], done: () => void): void {
    // One that hangs answers what it was asked before, should it come back.
    const waiting = new Set(witnesses.filter(({ hangs }) => !hangs));
    if (waiting.size === 0) return done();
    const token = ++this.#token;
    const finish = (): void => {
      timer.stop();
      this.#open.delete(token);
      done();
    };
    const timer = startTimer(UNRESPONSIVE_MS, () => {
      for (const each of waiting) each.hangs = true;
      finish();
    });
    this.#open.set(token, { waiting, done: finish, timer });
    for (const { outbox } of waiting) outbox.post([ASK, token]);
  }

  /** @returns whether that was asked */
  told(token: number, witness: Witness): boolean {
    const confirmation = this.#open.get(token);
    if (!confirmation?.waiting.delete(witness)) return false;
    if (confirmation.waiting.size === 0) confirmation.done();
    return true;
  }

  left(witness: Witness): void {
    for (const token of [...this.#open.keys()]) this.told(token, witness);
  }

  close(): void {
    for (const { timer } of this.#open.values()) timer.stop();
    this.#open.clear();
  }
}
