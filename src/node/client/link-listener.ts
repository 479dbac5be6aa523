import { dirname } from 'node:path';
import { TICKET_MS } from '../../core/broker/tickets.js';
import { MeshError } from '../../core/errors/mesh-error.js';
import { startTimer, type Timer } from '../../core/timer.js';
import type { Address } from '../net/address.js';
import { listenForGuests, type GuestListening } from '../net/guests.js';
import { privateAddress } from '../net/private-address.js';
import { sweepOnce } from '../net/sweep.js';
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
  /** Nobody can come to these any more, but who has come may still be in the handshake. */
  readonly #retired = new Map<GuestListening, Timer>();
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
    if (this.#closed) throw closed();
    const timer = startTimer(TICKET_MS, () => this.#expected.delete(id));
    this.#expected.set(id, { key, linked, ended, timer });
    try {
      return await this.#address();
    } catch (error) {
      this.#take(id);
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    for (const id of [...this.#expected.keys()]) this.#take(id);
    for (const listening of [...this.#retired.keys()]) this.#end(listening);
    void this.#listening?.then(
      (listening) => listening.close(),
      () => {},
    );
  }

  /** One that can be reached. */
  async #address(): Promise<Address> {
    const before = this.#listening;
    const last = await before;
    // Whoever cleans up there may have removed its file. Others may have seen it meanwhile.
    if (last && !(await last.isThere()) && this.#listening === before && !this.#closed) {
      this.#listening = undefined;
      this.#retired.set(
        last,
        startTimer(TICKET_MS, () => this.#end(last)),
      );
    }
    if (this.#closed) throw closed();
    this.#listening ??= this.#listen();
    const { address } = await this.#listening;
    return address;
  }

  #take(id: string): Expected | undefined {
    const expected = this.#expected.get(id);
    expected?.timer.stop();
    this.#expected.delete(id);
    return expected;
  }

  #listen(): Promise<GuestListening> {
    const listening = this.#start();
    listening.catch(() => {
      // It may be possible the next time.
      if (this.#listening === listening) this.#listening = undefined;
    });
    return listening;
  }

  async #start(): Promise<GuestListening> {
    const { address, fresh } = await privateAddress(this.#like);
    const listening = await listenForGuests(address, {
      call: 'listening for a link',
      keepsAlive: false,
      fresh,
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
    if (fresh && 'path' in address) void sweepOnce(dirname(address.path));
    return listening;
  }

  #end(listening: GuestListening): void {
    this.#retired.get(listening)?.stop();
    this.#retired.delete(listening);
    void listening.close();
  }
}

function closed(): MeshError {
  return new MeshError('CLOSED', 'the bus there was closed.');
}
