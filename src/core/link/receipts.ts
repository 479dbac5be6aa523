import { startTimer, type Timer } from '../timer.js';

/** After so many frames dispatched, or milliseconds, the other side is told, if no post of ours has told it. */
const ACKNOWLEDGE_FRAMES = 256;
const ACKNOWLEDGE_MS = 50;

/** What this side has dispatched of the other's posts, and what the other side doesn't know of yet. */
export class Receipts {
  readonly #tell: () => void;
  #untold = 0;
  #timer: Timer | undefined;
  /** How many posts of the other side have been dispatched: what each post of ours tells. */
  count = 0;

  /** @param tell posts something, be it empty, and calls `told()` */
  constructor(tell: () => void) {
    this.#tell = tell;
  }

  /** A post of the other side has been dispatched, with so many frames. */
  add(frames: number): void {
    this.count++;
    this.#untold += frames;
  }

  /** A post of ours leaves. Returns how many frames it tells of. */
  told(): number {
    const untold = this.#untold;
    this.#untold = 0;
    return untold;
  }

  /** It did not leave. */
  untell(frames: number): void {
    this.#untold += frames;
  }

  /** Sees to it that the other side is told: in time, or at once. A post without frames needs no answer. */
  owe(atOnce: boolean): void {
    if (this.#untold === 0) return;
    if (atOnce || this.#untold >= ACKNOWLEDGE_FRAMES) this.#tell();
    else this.#timer ??= startTimer(ACKNOWLEDGE_MS, this.#onTimer);
  }

  stop(): void {
    this.#timer?.stop();
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    if (this.#untold > 0) this.#tell();
  };
}
