import { setMaxListeners } from 'node:events';
import { FOR } from '../../core/broker/annexing.js';
import { ControlOutbox, DIAL, TICKET, UNDIALED, type Message } from '../../core/broker/control.js';
import { TICKET_MS } from '../../core/broker/tickets.js';
import { MeshError, type MeshErrorCode } from '../../core/errors/mesh-error.js';
import { backoff } from '../client/backoff.js';
import { openConnection } from '../connection.js';
import type { Address } from '../net/address.js';
import type { Mux, MuxOptions } from '../socket/mux.js';

export interface GatewayBrokerOwner {
  joined(): void;
  /** An attempt has failed. `final`: there is no other one. */
  unjoined(code: MeshErrorCode, text: string, final: boolean): void;
  lost(): void;
  told(message: Message): void;
}

interface Dialing {
  readonly resolve: (mux: Mux) => void;
  readonly reject: (error: Error) => void;
  readonly ended: (mux: Mux) => void;
}

const ATTEMPT_MS = 10_000;
const call = 'bridge.joinBroker()';
/** A broker that isn't heard of for so long is taken to be gone. */
const PROBE = { interval: 10_000, timeout: 30_000 };

/** A gateway's connection to one broker: made again whenever it is lost. */
export class GatewayBroker {
  readonly #address: Address;
  readonly #token: string;
  readonly #id: string;
  readonly #owner: GatewayBrokerOwner;
  readonly #bounds: Pick<MuxOptions, 'maxQueued' | 'onUnread'>;
  readonly #ended = new AbortController();
  readonly #dialing = new Map<number, Dialing>();
  #outbox: ControlOutbox | undefined;
  #mux: Mux | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #lastToken = 0;

  /**
   * @param id what the bridge calls itself there, whatever process its gateway is
   * @param bounds of each link
   */
  constructor(
    address: Address,
    token: string,
    id: string,
    owner: GatewayBrokerOwner,
    bounds: Pick<MuxOptions, 'maxQueued' | 'onUnread'> = {},
  ) {
    this.#bounds = bounds;
    this.#address = address;
    this.#token = token;
    this.#id = id;
    this.#owner = owner;
    // One for each dial under way.
    setMaxListeners(0, this.#ended.signal);
    void this.#attempt();
  }

  tell(message: Message): void {
    this.#outbox?.post(message);
  }

  /**
   * Links to a Node peer in the name of one of Electron's.
   * @param ended the connection is over
   */
  dial(from: string, to: string, known: number, ended: (mux: Mux) => void): Promise<Mux> {
    return new Promise((resolve, reject) => {
      if (!this.#outbox) return reject(new Error('its broker is gone, and the gateway is looking for it.'));
      const token = ++this.#lastToken;
      this.#dialing.set(token, { resolve, reject, ended });
      this.#outbox.post([FOR, from, [DIAL, token, to, known]]);
    });
  }

  close(): void {
    this.#ended.abort();
    clearTimeout(this.#timer);
    this.#fail('the bridge has left its broker.');
    this.#mux?.close();
  }

  async #attempt(): Promise<void> {
    try {
      const { signal } = this.#ended;
      const options = {
        role: 'bridge',
        id: 'bridge',
        key: this.#token,
        hello: { bridge: this.#id },
        timeout: ATTEMPT_MS,
        signal,
        call,
      } as const;
      const mux = await openConnection(this.#address, options, { keepsAlive: true, probe: PROBE });
      if (signal.aborted) return mux.close();
      this.#attempts = 0;
      this.#mux = mux;
      this.#outbox = new ControlOutbox(mux.port);
      this.#owner.joined();
      mux.port.start({
        message: (messages) => {
          for (const message of messages as Message[]) this.#take(message);
        },
        unreadable() {},
        close: () => this.#lost(),
      });
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      const code = MeshError.is(error) ? error.code : 'BRIDGE_GONE';
      const final = code === 'NOT_AUTHORIZED' || code === 'VERSION_MISMATCH';
      this.#owner.unjoined(code, (error as Error).message, final);
      if (!final) this.#retry();
    }
  }

  #lost(): void {
    this.#mux = this.#outbox = undefined;
    this.#fail('its broker is gone.');
    if (this.#ended.signal.aborted) return;
    this.#owner.lost();
    this.#retry();
  }

  #retry(): void {
    this.#timer = setTimeout(() => void this.#attempt(), backoff(++this.#attempts));
  }

  #fail(why: string): void {
    for (const { reject } of this.#dialing.values()) reject(new Error(why));
    this.#dialing.clear();
  }

  /** What the broker says. What it answers to a dial is for this gateway, all else for the bridge. */
  #take(message: Message): void {
    const [kind, , inner] = message as [number, string, Message];
    const [what, token, a, b, c] = kind === FOR ? inner : [];
    if (what === TICKET) void this.#connect(token as number, a as string, b as string, c as Address);
    else if (what === UNDIALED) this.#settle(token as number)?.reject(new Error(String(a)));
    else this.#owner.told(message);
  }

  async #connect(token: number, id: string, key: string, address: Address): Promise<void> {
    try {
      const { signal } = this.#ended;
      const options = { role: 'link', id, key, hello: {}, timeout: TICKET_MS, signal, call } as const;
      const ended = this.#dialing.get(token)?.ended;
      const mux: Mux = await openConnection(address, options, { ...this.#bounds, onEnd: () => ended?.(mux) });
      const dialing = this.#settle(token);
      if (dialing) dialing.resolve(mux);
      else mux.close();
    } catch (error) {
      this.#settle(token)?.reject(error as Error);
    }
  }

  #settle(token: number): Dialing | undefined {
    const dialing = this.#dialing.get(token);
    this.#dialing.delete(token);
    return dialing;
  }
}
