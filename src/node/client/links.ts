import { setMaxListeners } from 'node:events';
import * as control from '../../core/broker/control.js';
import type { Message } from '../../core/broker/control.js';
import { TICKET_MS } from '../../core/broker/tickets.js';
import { MeshError } from '../../core/errors/mesh-error.js';
import type { Port } from '../../core/port/port.js';

import type { Address } from '../net/address.js';
import { openConnection } from '../connection.js';
import { LinkListener } from './link-listener.js';

export interface DirectLinksOptions {
  /** The broker's: links are made over sockets of the same kind. */
  readonly address: Address;
  /** To the broker. */
  readonly post: (message: Message) => void;
  /** Somebody has linked to this peer. */
  readonly linked: (from: string, known: number, port: Port) => void;
}

interface Dialing {
  readonly resolve: (raw: object) => void;
  readonly reject: (error: unknown) => void;
}

/** The links of a Node peer, which go directly: dials where the broker says, and listens for whom it announces. */
export class DirectLinks {
  readonly #options: DirectLinksOptions;
  readonly #dialing = new Map<number, Dialing>();
  readonly #listener: LinkListener;
  readonly #stopped = new AbortController();
  #lastToken = 0;

  constructor(options: DirectLinksOptions) {
    this.#options = options;
    this.#listener = new LinkListener(options.address);
    // One for each dial under way.
    setMaxListeners(0, this.#stopped.signal);
  }

  /** Resolves with the raw port of a link. */
  dial(to: string, known: number): Promise<object> {
    return new Promise((resolve, reject) => {
      const token = ++this.#lastToken;
      this.#dialing.set(token, { resolve, reject });
      this.#options.post([control.DIAL, token, to, known]);
    });
  }

  /** Takes what the broker says of links. False if it says something else. */
  take(message: Message): boolean {
    const [kind, a, b, c, d] = message;
    switch (kind) {
      case control.LISTEN:
        void this.#listen(a as string, b as string, c as string, d as number);
        return true;
      case control.TICKET:
        void this.#connect(a as number, b as string, c as string, d as Address);
        return true;
      case control.UNDIALED:
        this.#settle(a as number)?.reject(new Error(String(b)));
        return true;
      default:
        return false;
    }
  }

  /** The broker is gone: what waits for its word comes to nothing. */
  fail(error: MeshError): void {
    for (const token of [...this.#dialing.keys()]) this.#settle(token)?.reject(error);
  }

  /** No link is made any more. Those there are live on. */
  stop(): void {
    this.fail(new MeshError('CLOSED', 'this bus was closed.'));
    this.#stopped.abort();
    this.#listener.close();
  }

  #settle(token: number): Dialing | undefined {
    const dialing = this.#dialing.get(token);
    this.#dialing.delete(token);
    return dialing;
  }

  async #listen(id: string, key: string, from: string, known: number): Promise<void> {
    const { post, linked } = this.#options;
    try {
      const address = await this.#listener.expect(id, key, ({ port }) => linked(from, known, port));
      post([control.LISTENING, id, address]);
    } catch (error) {
      post([control.DEAF, id, (error as Error).message]);
    }
  }

  /** From here on, the broker is not needed: this goes on without it. */
  async #connect(token: number, id: string, key: string, address: Address): Promise<void> {
    const dialing = this.#settle(token);
    if (!dialing) return;
    try {
      const { signal } = this.#stopped;
      const mux = await openConnection(address, {
        role: 'link',
        id,
        key,
        hello: {},
        timeout: TICKET_MS,
        signal,
        call: 'a direct link',
      });
      dialing.resolve(mux.port.raw);
    } catch (error) {
      // Who is not there is that peer, and not the broker.
      const gone = MeshError.is(error, 'BRIDGE_GONE');
      dialing.reject(gone ? new MeshError('PEER_GONE', error.message, { cause: error, reason: 'lost' }) : error);
    }
  }
}
