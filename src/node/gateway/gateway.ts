import type { Message } from '../../core/broker/control.js';
import type { Port } from '../../core/port/port.js';
import { relay, type PortKind } from '../../core/port/relay.js';
import { startTimer, type Timer } from '../../core/timer.js';
import type { Address } from '../net/address.js';
import { LinkListener } from '../client/link-listener.js';
import { Account } from '../socket/account.js';
import type { Mux } from '../socket/mux.js';
import { billedKind } from '../socket/socket-port.js';
import { GatewayBroker } from './gateway-broker.js';
import * as wire from './messages.js';

/** Joins Electron's peers and Node's: holds the connections to brokers, and relays links between ports and sockets. */
export class Gateway {
  readonly #host: Port;
  readonly #ports: PortKind;
  readonly #brokers = new Map<number, GatewayBroker>();
  readonly #listeners = new Map<number, LinkListener>();
  /** Connections that have come, and wait for the bridge to say who is meant. */
  readonly #dialed = new Map<string, Mux>();
  /** Connections that are joined to a port. */
  readonly #links = new Set<Mux>();
  readonly #maxQueued: number;
  #counting: Timer | undefined;

  /**
   * @param host the bridge is at its other end
   * @param ports Electron's, as they are in this process
   * @param ended the bridge is gone
   * @param maxQueued bytes that may wait here on each connection, and as many on the ports that were sent over it
   */
  constructor(host: Port, ports: PortKind, ended: () => void, maxQueued = MAX_QUEUED) {
    this.#maxQueued = maxQueued;
    this.#host = host;
    this.#ports = ports;
    host.start({
      // Ports belong to the last message of a post, which is the only one that has any.
      message: (messages, given) => {
        for (const message of messages as Message[]) this.#take(message, given[0] as object);
      },
      unreadable() {},
      close: () => {
        this.close();
        ended();
      },
    });
  }

  close(): void {
    for (const broker of [...this.#brokers.keys()]) this.#part(broker);
    for (const mux of this.#dialed.values()) mux.close();
    this.#dialed.clear();
    this.#counting?.stop();
    this.#host.close();
  }

  /** What the bridge says. It is trusted: the message is not checked. */
  #take([kind, a, b, c, d, e]: Message, port: object): void {
    switch (kind) {
      case wire.JOIN:
        return this.#join(a as number, b as Address, c as string, d as string);
      case wire.PART:
        return this.#part(a as number);
      case wire.TELL:
        return this.#brokers.get(a as number)?.tell(b as unknown[]);
      case wire.OPEN:
        return this.#open(a as number, b as string, c as string, d as number, e as number, port);
      case wire.LISTEN:
        return void this.#listen(a as number, b as string, c as string);
      case wire.JOINT: {
        const mux = this.#dialed.get(a as string);
        this.#dialed.delete(a as string);
        return mux ? this.#joinUp(mux, port) : closeRaw(port);
      }
    }
  }

  #tell(message: Message): void {
    this.#host.post([message]);
  }

  #join(id: number, address: Address, token: string, bridge: string): void {
    const bounds = { maxQueued: this.#maxQueued, onUnread: this.#unread };
    this.#listeners.set(id, new LinkListener(address, bounds));
    const owner = {
      joined: () => this.#tell([wire.JOINED, id]),
      unjoined: (...why: unknown[]) => this.#tell([wire.UNJOINED, id, ...why]),
      lost: () => this.#tell([wire.LOST, id]),
      told: (message: Message) => this.#tell([wire.TOLD, id, message]),
    };
    this.#brokers.set(id, new GatewayBroker(address, token, bridge, owner, bounds));
  }

  #part(id: number): void {
    this.#brokers.get(id)?.close();
    this.#brokers.delete(id);
    this.#listeners.get(id)?.close();
    this.#listeners.delete(id);
  }

  /** A peer with a port has opened a link to one with a socket. */
  #open(id: number, from: string, to: string, epoch: number, known: number, port: object): void {
    const failed = (why: string): void => {
      this.#tell([wire.UNOPENED, id, from, to, epoch, why]);
      closeRaw(port);
    };
    const broker = this.#brokers.get(id);
    if (!broker) return failed('the gateway has left that broker.');
    broker.dial(from, to, known, this.#over).then(
      (mux) => this.#joinUp(mux, port),
      (error: Error) => failed(error.message),
    );
  }

  async #listen(id: number, ticket: string, key: string): Promise<void> {
    const listener = this.#listeners.get(id);
    try {
      if (!listener) throw new Error('the gateway has left that broker.');
      const linked = (mux: Mux): void => {
        this.#dialed.set(ticket, mux);
        this.#tell([wire.DIALED, ticket]);
      };
      const address = await listener.expect(ticket, key, linked, this.#over);
      this.#tell([wire.LISTENING, ticket, address]);
    } catch (error) {
      this.#tell([wire.DEAF, ticket, (error as Error).message]);
    }
  }

  /** From here on, what they say to each other passes through here, unread. */
  #joinUp(mux: Mux, port: object): void {
    this.#links.add(mux);
    this.#count();
    const kind = billedKind(new Account(this.#maxQueued, this.#unread));
    relay({ port: this.#ports.adopt(port), kind: this.#ports }, { port: mux.port, kind });
  }

  /** Neither end can be slowed down: a port has no way to say that it is full. */
  readonly #unread = (bytes: number): void => this.#tell([wire.UNREAD, bytes]);

  readonly #over = (mux: Mux): void => {
    this.#links.delete(mux);
    this.#count();
  };

  /** Tells the bridge what goes on here: soon, and once for all that changes until then. */
  #count(): void {
    this.#counting ??= startTimer(COUNT_MS, () => {
      this.#counting = undefined;
      let queued = 0;
      for (const mux of this.#links) queued += mux.state().queued;
      this.#tell([wire.COUNTS, this.#links.size, queued]);
      if (queued > 0) this.#count();
    });
  }
}

/**
 * What an honest peer has under way is a few MiB, but as it leaves it lets out all that waits: `limitBytes` of its `flow`, and at most one
 * message besides.
 */
const MAX_QUEUED = 512 * 1024 * 1024;

/** So often the bridge is told of the counts, at most, in milliseconds. */
const COUNT_MS = 250;

function closeRaw(port: object): void {
  (port as { close?: () => void }).close?.();
}
