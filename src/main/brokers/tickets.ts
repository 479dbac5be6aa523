import { TICKET_MS } from '../../core/broker/tickets.js';
import { startTimer, type Timer } from '../../core/timer.js';

/** A link that a Node peer makes to one of Electron's. */
export interface Dialed {
  readonly from: string;
  readonly to: string;
  readonly known: number;
}

interface Issued {
  readonly link: Dialed;
  readonly timer: Timer;
  readonly resolve: (address: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Tickets for links to Electron's peers: the gateway listens for their holders. */
export class Tickets {
  readonly #issued = new Map<string, Issued>();

  /** Resolves with where the gateway listens. */
  issue(id: string, link: Dialed): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = startTimer(2 * TICKET_MS, () => this.deaf(id, 'the gateway did not answer in time.'));
      this.#issued.set(id, { link, timer, resolve, reject });
    });
  }

  listening(id: string, address: unknown): void {
    this.#issued.get(id)?.resolve(address);
  }

  deaf(id: string, why: string): void {
    const issued = this.#issued.get(id);
    this.take(id);
    issued?.reject(new Error(why));
  }

  /** Its holder has come: the ticket is used up. */
  take(id: string): Dialed | undefined {
    const issued = this.#issued.get(id);
    this.#issued.delete(id);
    issued?.timer.stop();
    return issued?.link;
  }

  clear(why: string): void {
    for (const id of [...this.#issued.keys()]) this.deaf(id, why);
  }
}
