import type { PlaygroundBus } from '../channels.js';
import type { Gauge } from './gauge.js';

/** How traffic is made. */
export interface Pace {
  /** Requests under way at a time. */
  readonly width: number;
  /** Milliseconds between an answer and the next request. */
  readonly rest: number;
}

export const steady: Pace = { width: 1, rest: 10 };
export const flatOut: Pace = { width: 100, rest: 0 };

/** Asks one peer again and again, straight over the link to it, and lets a gauge measure the answers. */
export class RoundTrips {
  readonly #peer: string;
  readonly #gauge: Gauge;
  #bus: PlaygroundBus | undefined;
  #pace: Pace | undefined;
  /** Ends the loops of before. */
  #stop = new AbortController();

  constructor(peer: string, gauge: Gauge, pace: Pace | undefined) {
    this.#peer = peer;
    this.#gauge = gauge;
    this.#pace = pace;
  }

  attach(bus: PlaygroundBus): void {
    this.#bus = bus;
    bus.peers.on('leave', ({ name }) => {
      if (name === this.#peer) this.#gauge.pause();
    });
    void bus.closed.then(() => this.#gauge.pause());
    this.setPace(this.#pace);
  }

  /** `undefined`: none at all. */
  setPace(pace: Pace | undefined): void {
    this.#pace = pace;
    this.#stop.abort();
    this.#gauge.pause();
    if (!this.#bus || !pace) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    for (let index = 0; index < pace.width; index++) void this.#loop(this.#bus, pace.rest, signal);
  }

  async #loop(bus: PlaygroundBus, rest: number, signal: AbortSignal): Promise<void> {
    // The wait for the peer to be there, or back, has no end, and nobody asks twice meanwhile.
    const peer = bus.to(this.#peer).with({ wait: Infinity, timeout: Infinity, signal });
    for (let count = 0; !signal.aborted && bus.state === 'open'; count++) {
      const asked = performance.now();
      try {
        await peer.request('demo:ping', count);
        const now = performance.now();
        if (!signal.aborted) this.#gauge.record(now, now - asked);
      } catch {
        this.#gauge.pause(); // gone in the middle of it; the next request waits for its return
      }
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    }
  }
}
