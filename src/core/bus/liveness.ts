import type { Link } from '../link/link.js';
import { startTimer, type Timer } from '../timer.js';

/** How often the links that owe something are looked at. */
const PERIOD_MS = 500;
/** A peer is taken to hang when so many looks in a row found it owing and silent: after one and a half to two seconds. */
const LOOKS = 3;
/**
 * A look that comes so late says nothing of others: this process itself was held up. Of two in a row the second one does: what came
 * before the first has been dispatched by then. So it is in a hidden window, whose timers are slow, and whose messages are not.
 */
const LATE_MS = 250;

export interface LivenessOwner {
  links(): Iterable<Link>;
  /** Resolves when the broker has done all that it was asked for before. */
  sync(): Promise<void>;
  unresponsive(link: Link): void;
}

/** What a look has found. */
interface Look {
  readonly heard: number;
  silent: number;
  /** Whether the other end is there, with the peer; `undefined`: nobody has been asked yet. */
  there: boolean | undefined;
}

/**
 * Notices peers that hang. Every post of a peer is a sign of life, and what is sent to it is acknowledged within 50 ms; one that only
 * owes answers is probed. A peer that is slow to answer is never taken for one that is gone, nor one for hanging to which the broker has yet
 * to bring the link.
 */
export class Liveness {
  readonly #owner: LivenessOwner;
  readonly #looks = new WeakMap<Link, Look>();
  #timer: Timer | undefined;
  #due = 0;
  #wasLate = false;

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
    const heldUp = late && !this.#wasLate;
    this.#wasLate = late;
    let owed = false;
    for (const link of [...this.#owner.links()]) {
      if (!link.owed) {
        this.#looks.delete(link);
        continue;
      }
      owed = true;
      this.#lookAt(link, heldUp);
    }
    if (owed) this.watch();
  };

  #lookAt(link: Link, heldUp: boolean): void {
    let look = this.#looks.get(link);
    if (look?.heard !== link.heard) {
      // Main is where the broker is: who waits for the one waits for the other.
      const there = link.heard > 0 || !link.opened || link.peer.type === 'main' || undefined;
      look = { heard: link.heard, silent: 0, there };
      this.#looks.set(link, look);
    } else if (!heldUp && look.there) look.silent++;
    if (look.there === undefined && link.connected) this.#find(look);
    if (look.silent === 1) link.probe();
    if (look.silent < LOOKS || link.silent) return;
    link.silent = true;
    this.#owner.unresponsive(link);
  }

  /** The broker, which may be blocked, answers behind what it has passed on before. */
  #find(look: Look): void {
    look.there = false;
    this.#owner.sync().then(
      () => (look.there = true),
      () => (look.there = undefined), // to be asked again, if the bus is not closed
    );
  }
}
