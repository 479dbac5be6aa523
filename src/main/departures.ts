import type { LeaveReason } from '../core/errors/mesh-error.js';
import { startTimer, type Timer } from '../core/timer.js';

/** Electron's own event comes 1-3 ms after the port's close, where one comes at all. */
export const WORD_MS = 50;
/** Where one is sure to come, a busy main process is given longer: less than links wait for the reason. */
export const SURE_WORD_MS = 150;
/**
 * Waiting counts in turns, each of which counts as that long at most: a main process that was kept from its work finds its
 * timers due before it hears what has come meanwhile.
 */
const TURN_MS = 25;
/** A document that main knows to be gone, whose port doesn't close: it is not waited for any longer. */
const CLOSE_MS = 1000;

interface Departure {
  readonly closed: boolean;
  readonly timer: Timer;
}

/**
 * Finds out why a peer left. Two things tell of it, in either order: its control port closes, behind the last it had sent;
 * and Electron says what became of its document.
 */
export class Departures {
  readonly #remove: (peer: string, reason: LeaveReason) => void;
  readonly #isHere: (peer: string) => boolean;
  readonly #pending = new Map<string, Departure>();

  /** @param isHere whether a peer still has its seat */
  constructor(remove: (peer: string, reason: LeaveReason) => void, isHere: (peer: string) => boolean) {
    this.#remove = remove;
    this.#isHere = isHere;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Its control port has closed. `reason`, if it is known; else `find` tells it, if Electron says nothing within `word`
   * milliseconds in which main could have heard it.
   */
  closed(peer: string, reason: LeaveReason | undefined, find: () => LeaveReason, word = WORD_MS): void {
    if (reason) return this.#finish(peer, reason);
    this.#wait(peer, { closed: true, timer: startTurns(word, () => this.#finish(peer, find())) });
  }

  /** Electron says that its document is gone. */
  told(peer: string, reason: LeaveReason): void {
    if (this.#pending.get(peer)?.closed) return this.#finish(peer, reason);
    this.#wait(peer, { closed: false, timer: startTurns(CLOSE_MS, () => this.#finish(peer, reason)) });
  }

  /** Its process is dead: nothing of it will come any more. */
  dead(peer: string, reason: LeaveReason): void {
    this.#finish(peer, reason);
  }

  /** It has left otherwise. */
  forget(peer: string): void {
    this.#pending.get(peer)?.timer.stop();
    this.#pending.delete(peer);
  }

  close(): void {
    for (const peer of [...this.#pending.keys()]) this.forget(peer);
  }

  #wait(peer: string, departure: Departure): void {
    this.forget(peer);
    // Of several who go at once, the leave of the first may make the application end the others' seats, or the whole bridge.
    if (this.#isHere(peer)) this.#pending.set(peer, departure);
    else departure.timer.stop();
  }

  #finish(peer: string, reason: LeaveReason): void {
    this.forget(peer);
    this.#remove(peer, reason);
  }
}

/** As `startTimer`, in turns. */
function startTurns(ms: number, action: () => void): Timer {
  let left = ms / TURN_MS;
  const turn = (): Timer => startTimer(TURN_MS, () => (--left > 0 ? (timer = turn()) : action()));
  let timer = turn();
  return { stop: () => timer.stop() };
}
