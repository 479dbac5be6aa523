import type { Link } from '../link/link.js';
import { startTimer, type Timer } from '../timer.js';

/** How often the links that owe something are looked at. */
const PERIOD_MS = 500;
/** A peer is taken to hang when so many looks in a row found it owing and silent: after one to one and a half seconds. */
const LOOKS = 3;
/** A look that comes so late says nothing of others: this process itself was held up. */
const LATE_MS = 250;

export interface LivenessOwner {
  links(): Iterable<Link>;
  unresponsive(link: Link): void;
}

/**
 * Notices peers that hang. Every post of a peer is a sign of life, and what is sent to it is acknowledged within 50 ms; one that only
 * owes answers is probed. A peer that is slow to answer is never taken for one that is gone.
 */
export class Liveness {
  readonly #owner: LivenessOwner;
  readonly #looks = new WeakMap<Link, { heard: number; silent: number }>();
  #timer: Timer | undefined;
  #due = 0;

  constructor(owner: LivenessOwner) {
    this.#owner = owner;
  }

  /** Something is being sent. Looks go on for as long as somebody owes something. */
  readonly watch = (): void => {
    if (this.#timer) return;
    this.#due = performance.now() + PERIOD_MS;
    this.#timer = startTimer(PERIOD_MS, this.#look);
  };

  stop(): void {
    this.#timer?.stop();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const late = performance.now() > this.#due + LATE_MS;
    let owed = false;
    for (const link of [...this.#owner.links()]) {
      if (!link.owed) {
        this.#looks.delete(link);
        continue;
      }
      owed = true;
      this.#lookAt(link, late);
    }
    if (owed) this.watch();
  };

  #lookAt(link: Link, late: boolean): void {
    let before = this.#looks.get(link);
    if (before?.heard !== link.heard) this.#looks.set(link, (before = { heard: link.heard, silent: 0 }));
    else if (!late && link.connected) before.silent++;
    if (before.silent === 1) link.probe();
    if (before.silent < LOOKS || link.silent) return;
    link.silent = true;
    this.#owner.unresponsive(link);
  }
}
