import { startTimer, type Timer } from '../timer.js';
import type { Chair } from './chair.js';
import { LISTEN } from './control.js';

/** How long a peer may take to say where it listens, and how long a ticket is good for. */
export const TICKET_MS = 10_000;

/** What a peer on a socket proves to another one, once: that the broker has sent it. */
export interface Ticket {
  readonly id: string;
  readonly key: string;
}

interface Issued {
  readonly to: Chair;
  readonly timer: Timer;
  readonly answer: (address: unknown, why?: string) => void;
}

/** Tickets whose listener has not answered yet. */
export class Tickets {
  readonly #issued = new Map<string, Issued>();

  get size(): number {
    return this.#issued.size;
  }

  /**
   * Asks a peer to listen for the holder of a ticket.
   * @param answer called once: with the address, or with why there is none
   */
  issue(ticket: Ticket, from: string, to: Chair, known: number, answer: Issued['answer']): void {
    const { id, key } = ticket;
    const late = `${to.peer.name} (${to.peer.id}) did not say within ${TICKET_MS} ms where it listens. Does it hang?`;
    const timer = startTimer(TICKET_MS, () => this.#settle(id, undefined, late));
    this.#issued.set(id, { to, timer, answer });
    to.outbox.post([LISTEN, id, key, from, known]);
  }

  /** A peer says where it listens, or why it doesn't. Nobody waits for it any more if that comes too late. */
  answered(from: Chair, id: string, address: unknown, why?: string): void {
    if (this.#issued.get(id)?.to === from) this.#settle(id, address, why);
  }

  left(chair: Chair): void {
    for (const [id, { to }] of [...this.#issued]) {
      if (to === chair) this.#settle(id, undefined, `${to.peer.name} (${to.peer.id}) has left.`);
    }
  }

  close(): void {
    for (const { timer } of this.#issued.values()) timer.stop();
    this.#issued.clear();
  }

  #settle(id: string, address: unknown, why?: string): void {
    const issued = this.#issued.get(id);
    this.#issued.delete(id);
    issued?.timer.stop();
    issued?.answer(address, why);
  }
}
