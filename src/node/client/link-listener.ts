import { TICKET_MS } from '../../core/broker/tickets.js';
import { MeshError } from '../../core/errors/mesh-error.js';
import { startTimer, type Timer } from '../../core/timer.js';
import type { Address } from '../net/address.js';
import { listenForGuests, type GuestListening } from '../net/guests.js';
import { privateAddress } from '../net/private-address.js';
import { Mux, type MuxOptions } from '../socket/mux.js';

interface Expected {
  readonly key: string;
  readonly linked: (mux: Mux) => void;
  readonly ended: ((mux: Mux) => void) | undefined;
  readonly timer: Timer;
}

/** Where a Node peer is dialed: opened with the first ticket, and open for as long as the bus is. Only holders of tickets get through. */
export class LinkListener {
  readonly #like: Address;
  readonly #bounds: Pick<MuxOptions, 'maxQueued' | 'onUnread'>;
  readonly #expected = new Map<string, Expected>();
  #listening: Promise<GuestListening> | undefined;
  #closed = false;

  /**
   * @param like the broker's address: this one is of the same kind
   * @param bounds of each connection
   */
  constructor(like: Address, bounds: Pick<MuxOptions, 'maxQueued' | 'onUnread'> = {}) {
    this.#like = like;
    this.#bounds = bounds;
  }

  /**
   * Lets the holder of a ticket through, once. Resolves with the address to tell it.
   * @param linked gets the connection when it has come
   * @param ended that connection is over
   */
  async expect(id: string, key: string, linked: (mux: Mux) => void, ended?: (mux: Mux) => void): Promise<Address> {
    if (this.#closed) throw new MeshError('CLOSED', 'the bus there was closed.');
    const timer = startTimer(TICKET_MS, () => this.#expected.delete(id));
    this.#expected.set(id, { key, linked, ended, timer });
    this.#listening ??= this.#listen();
    try {
      return (await this.#listening).address;
    } catch (error) {
      this.#take(id);
      this.#listening = undefined; // it may be possible the next time
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    for (const id of [...this.#expected.keys()]) this.#take(id);
    void this.#listening?.then(
      (listening) => listening.close(),
      () => {},
    );
  }

  #take(id: string): Expected | undefined {
    const expected = this.#expected.get(id);
    expected?.timer.stop();
    this.#expected.delete(id);
    return expected;
  }

  #listen(): Promise<GuestListening> {
    return listenForGuests(privateAddress(this.#like), {
      call: 'listening for a link',
      keepsAlive: false,
      key: (role, id) => (role === 'link' ? this.#expected.get(id)?.key : undefined),
      admit: (socket, { id }) => {
        const expected = this.#take(id);
        // A ticket is good for one.
        if (!expected || this.#closed) return void socket.destroy();
        const mux: Mux = new Mux(socket, {
          ...this.#bounds,
          side: 'listener',
          onEnd: () => expected.ended?.(mux),
        });
        expected.linked(mux);
      },
      // Who was sent with a ticket learns why; of others there is nothing to tell.
      refused() {},
    });
  }
}
