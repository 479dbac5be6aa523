const settled = Promise.resolve();

/** What has something to send at the end of the turn. It must not throw. */
interface Sender {
  endTurn(): void;
}

/** When the turn ended in which something was done, on the clock of `performance.now()`; until then, when it began. */
export interface Stamp {
  time: number;
}

/**
 * The turn of the event loop that is under way, shared by the links of a bus: what is sent in it leaves at its end, all links
 * in one microtask, and its calls share one look at the clock, which costs as much as a tenth of a call.
 */
export class Turn {
  #due: Sender[] = [];
  stamp: Stamp = { time: 0 };

  /** Tells `sender` of the end of the turn. To be called once a turn. */
  add(sender: Sender): void {
    if (this.#due.push(sender) > 1) return;
    this.stamp = { time: performance.now() };
    // Not queueMicrotask: crossing into the platform takes longer, 6 % of a round trip.
    void settled.then(this.#onEnd);
  }

  readonly #onEnd = (): void => {
    const due = this.#due;
    this.#due = [];
    // A time-out begins when the call leaves: a long turn doesn't eat it up.
    this.stamp.time = performance.now();
    for (const sender of due) sender.endTurn();
  };
}
