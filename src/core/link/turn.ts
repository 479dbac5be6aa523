import { Broadcast } from './broadcast.js';

const settled = Promise.resolve();

/** Microtasks within which a producer that doesn't wait has its next item: one to five, for async generators and streams. */
const HOLD_HOPS = 8;
/**
 * How long a turn can be held, in all. The hops are as many as it takes to gather a full post of items, more or less; the time
 * is for producers that work hard on each item: everything else that this bus sends waits for them.
 */
const MAX_HOPS = 1024;
const MAX_HOLD_MS = 1;
/** Hops from one look at the clock to the next. */
const LOOK_HOPS = 4;

/** What has something to send at the end of the turn. */
export interface Sender {
  /** Must not throw. */
  endTurn(): void;
  /** The turn's own: who comes behind it. */
  next?: Sender | undefined;
}

/** When the turn ended in which something was done, on the clock of `performance.now()`; until then `Infinity`. */
export interface Stamp {
  time: number;
}

/**
 * The turn of the event loop that is under way, shared by the links of a bus: what is sent in it leaves at its end, all links
 * in one microtask, and its calls share one look at the clock, which costs as much as a tenth of a call.
 */
export class Turn {
  #first: Sender | undefined;
  #last: Sender | undefined;
  #stamp: Stamp | undefined;
  #broadcast: Broadcast | undefined;
  /** Hops for which the end is still put off, and those for which it was, and since when. */
  #held = 0;
  #hops = 0;
  #heldSince = 0;

  readonly #onBegin: (() => void) | undefined;

  /** @param onBegin called in each turn in which something is sent */
  constructor(onBegin?: () => void) {
    this.#onBegin = onBegin;
  }

  /** Tells `sender` of the end of the turn. To be called once a turn. */
  add(sender: Sender): void {
    if (this.#last) {
      this.#last = this.#last.next = sender;
      return;
    }
    this.#first = this.#last = sender;
    this.#onBegin?.();
    // Not queueMicrotask: crossing into the platform takes longer, 6 % of a round trip.
    void settled.then(this.#onEnd);
  }

  /** For what is done in this turn, in which something is sent. */
  get stamp(): Stamp {
    return (this.#stamp ??= { time: Infinity });
  }

  /** Gathers an event that several peers get, to be written once for all: with those before it, until it leaves somewhere. */
  gather(channel: string, args: readonly unknown[]): Broadcast {
    if (!this.#broadcast?.open) this.#broadcast = new Broadcast();
    this.#broadcast.add(channel, args);
    return this.#broadcast;
  }

  /** It leaves. Who shares it has it. */
  release(broadcast: Broadcast): void {
    if (this.#broadcast === broadcast) this.#broadcast = undefined;
  }

  /**
   * Puts the end of the turn off for some microtasks, because more is likely to come in them; to be called with each item of a
   * stream. A producer that yields without waiting is asked for its next item a few microtasks later, when the turn would be
   * over: each item would be a post of its own, which takes eight times as long.
   */
  hold(): void {
    if (!this.#first) return;
    if (this.#hops === 0) this.#heldSince = performance.now();
    this.#held = HOLD_HOPS;
  }

  readonly #onEnd = (): void => {
    if (this.#held > 0 && this.#mayHold()) {
      void settled.then(this.#onEnd);
      return;
    }
    let sender = this.#first;
    this.#first = this.#last = undefined;
    this.#held = this.#hops = 0;
    // A time-out begins when the call leaves: a long turn doesn't eat it up.
    if (this.#stamp) this.#stamp.time = performance.now();
    this.#stamp = undefined;
    while (sender) {
      const { next }: Sender = sender;
      sender.next = undefined;
      sender.endTurn();
      sender = next;
    }
  };

  #mayHold(): boolean {
    this.#held--;
    const hops = ++this.#hops;
    if (hops % LOOK_HOPS === 0 && performance.now() - this.#heldSince > MAX_HOLD_MS) return false;
    return hops <= MAX_HOPS;
  }
}
