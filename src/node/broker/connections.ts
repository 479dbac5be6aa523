import type { Socket } from 'node:net';
import { Mux } from '../socket/mux.js';

/** What goes wrong on a connection. */
export interface Troubles {
  /** What arrived makes no sense. */
  malformed(problem: string): void;
  /** It ends, as so many bytes wait for it that it doesn't read. */
  unread(bytes: number): void;
}

/** The control connections of a broker. */
export class Connections {
  readonly #maxQueued: number;
  readonly #open = new Set<Mux>();
  #received = 0;
  #sent = 0;

  /** @param maxQueued bytes that may wait for each */
  constructor(maxQueued: number) {
    this.#maxQueued = maxQueued;
  }

  open(socket: Socket, troubles: Troubles): Mux {
    const mux = new Mux(socket, {
      side: 'listener',
      maxQueued: this.#maxQueued,
      onUnread: (bytes) => troubles.unread(bytes),
      onEnd: (_, problem) => {
        if (problem !== undefined) troubles.malformed(problem);
        const { in: received, out: sent } = mux.state();
        this.#received += received.messages;
        this.#sent += sent.messages;
        this.#open.delete(mux);
      },
    });
    this.#open.add(mux);
    return mux;
  }

  counts(): { received: number; sent: number; queued: number } {
    const all = { received: this.#received, sent: this.#sent, queued: 0 };
    for (const mux of this.#open) {
      const { in: received, out: sent, queued } = mux.state();
      all.received += received.messages;
      all.sent += sent.messages;
      all.queued += queued;
    }
    return all;
  }

  /** Ends them all; what was posted before still goes. */
  close(): void {
    for (const mux of this.#open) mux.close();
    this.#open.clear();
  }
}
