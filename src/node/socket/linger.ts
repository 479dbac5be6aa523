import type { Socket } from 'node:net';
import { startTimer, type Timer } from '../../core/timer.js';

/**
 * How long an end in order waits for the far side to read what is under way to it, and to end it too. So long the process runs on: one
 * that is gone makes the next write of the far side fail, which then loses what it has not read.
 */
const LINGER_MS = 3000;

/** Keeps the process running for the far side of a socket, for a while. */
export class Linger {
  readonly #socket: Socket;
  #timer: Timer | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** @param over called when that was long enough, unless it stops before */
  start(over: () => void): void {
    this.#timer?.stop();
    if (this.#socket.destroyed) return;
    this.#socket.ref();
    this.#timer = startTimer(LINGER_MS, over);
  }

  /** There is nothing to wait for any more. */
  stop(): void {
    this.#timer?.stop();
    this.#socket.unref();
  }
}
