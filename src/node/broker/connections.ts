import type { Socket } from 'node:net';
import { Mux } from '../socket/mux.js';

/** The control connections of a broker. */
export class Connections {
  readonly #open = new Set<Mux>();
  #received = 0;
  #sent = 0;

  open(socket: Socket, malformed: (problem: string) => void): Mux {
    const mux = new Mux(socket, {
      side: 'listener',
      onEnd: (_, problem) => {
        if (problem !== undefined) malformed(problem);
        const { received, sent } = mux.counts;
        this.#received += received;
        this.#sent += sent;
        this.#open.delete(mux);
      },
    });
    this.#open.add(mux);
    return mux;
  }

  counts(): { received: number; sent: number; queued: number } {
    const all = { received: this.#received, sent: this.#sent, queued: 0 };
    for (const { counts } of this.#open) {
      all.received += counts.received;
      all.sent += counts.sent;
      all.queued += counts.queued;
    }
    return all;
  }

  /** Ends them all; what was posted before still goes. */
  close(): void {
    for (const mux of [...this.#open]) mux.close();
  }
}
