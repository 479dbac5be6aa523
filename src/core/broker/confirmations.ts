import { startTimer, type Timer } from '../timer.js';
import type { Chair } from './chair.js';
import { ASK } from './control.js';

/** After so many milliseconds without an answer a peer is not waited for: it hangs. */
const UNRESPONSIVE_MS = 1000;

interface Confirmation {
  readonly waiting: Set<Chair>;
  readonly done: () => void;
  readonly timer: Timer;
}

/** What waits until peers have dispatched all that they were told before. */
export class Confirmations {
  readonly #open = new Map<number, Confirmation>();
  #token = 0;

  /** Calls `done` when each of `chairs` has answered, or hangs, or has left: at once if there is none. */
  ask(chairs: readonly Chair[], done: () => void): void {
    // One that hangs answers what it was asked before, should it come back.
    const waiting = new Set(chairs.filter(({ hangs }) => !hangs));
    if (waiting.size === 0) return done();
    const token = ++this.#token;
    const finish = (): void => {
      timer.stop();
      this.#open.delete(token);
      done();
    };
    const timer = startTimer(UNRESPONSIVE_MS, () => {
      for (const chair of waiting) chair.hangs = true;
      finish();
    });
    this.#open.set(token, { waiting, done: finish, timer });
    for (const { outbox } of waiting) outbox.post([ASK, token]);
  }

  told(token: number, chair: Chair): void {
    const confirmation = this.#open.get(token);
    if (confirmation?.waiting.delete(chair) && confirmation.waiting.size === 0) confirmation.done();
  }

  left(chair: Chair): void {
    for (const token of [...this.#open.keys()]) this.told(token, chair);
  }

  close(): void {
    for (const { timer } of this.#open.values()) timer.stop();
    this.#open.clear();
  }
}
