import { randomBytes } from 'node:crypto';
import { Annex } from '../../core/broker/annex.js';
import { CHANNEL, type Message } from '../../core/broker/control.js';
import type { Hub } from '../../core/broker/hub.js';
import { registration, type Registration } from '../../core/registration.js';
import { MeshError } from '../../core/errors/mesh-error.js';
import type { Port } from '../../core/port/port.js';
import type { PortKind } from '../../core/port/relay.js';
import { backoff } from '../../node/client/backoff.js';
import * as wire from '../../node/gateway/messages.js';
import type { Reception } from '../reception.js';
import type { StartGateway } from './gateway-host.js';
import { JoinedBroker } from './joined-broker.js';
import type { CheckedJoin } from './options.js';
import type { RemotePolicy } from './remote-policy.js';
import type { BrokerStatus, GatewayStatus } from './status.js';
import { Tickets } from './tickets.js';

export interface BrokersParts {
  readonly hub: Hub;
  readonly reception: Reception;
  readonly policy: RemotePolicy;
  /** Electron's ports, as they are in main. */
  readonly ports: PortKind;
  readonly gateways: Readonly<Record<CheckedJoin['gateway'], StartGateway>>;
}

/** The brokers that the bridge has joined, through one gateway. When that dies, another one is started, and joins them again. */
export class Brokers {
  readonly #parts: BrokersParts;
  readonly #joined = new Map<number, JoinedBroker>();
  readonly #tickets = new Tickets();
  #start: StartGateway | undefined;
  #gateway: Port | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #lastId = 0;
  /** What this bridge calls itself to brokers. */
  readonly #name = randomBytes(9).toString('base64url');
  #counts = { links: 0, queued: 0 };
  #closed = false;

  constructor(parts: BrokersParts) {
    this.#parts = parts;
  }

  get status(): readonly BrokerStatus[] {
    return [...this.#joined.values()].map(({ status }) => status);
  }

  /** What the gateway has counted. */
  get gateway(): GatewayStatus {
    return { running: this.#gateway !== undefined, ...this.#counts };
  }

  /** Resolves when each has answered. If one refuses, or doesn't in time, none is joined. */
  async join({ brokers, gateway, timeout }: CheckedJoin): Promise<Registration> {
    this.#start ??= this.#parts.gateways[gateway];
    const added = brokers.map(({ address, token }) => new JoinedBroker(++this.#lastId, address, token));
    const dispose = (): void => {
      for (const broker of added) this.#part(broker);
    };
    for (const broker of added) this.#joined.set(broker.id, broker);
    if (this.#gateway) for (const broker of added) this.#ask(broker);
    else this.#open();
    try {
      await Promise.all(added.map((broker) => broker.first(timeout)));
    } catch (error) {
      dispose();
      throw error;
    }
    return registration(dispose);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const broker of [...this.#joined.values()]) this.#part(broker);
    this.#gateway?.close();
  }

  #part(broker: JoinedBroker): void {
    if (!this.#joined.delete(broker.id)) return;
    broker.end('bye');
    this.#post([wire.PART, broker.id]);
  }

  #post(message: Message, ...ports: object[]): void {
    this.#gateway?.post([message], ports);
  }

  #ask({ id, address, token }: JoinedBroker): void {
    this.#post([wire.JOIN, id, address, token, `${this.#name}.${id}`]);
  }

  #open(): void {
    const gateway = (this.#start as StartGateway)();
    this.#gateway = gateway;
    gateway.start({
      message: (messages, ports) => {
        for (const message of messages as Message[]) this.#take(message);
        for (const port of ports) (port as { close(): void }).close();
      },
      unreadable() {},
      close: () => this.#onGatewayEnd(),
    });
    for (const broker of this.#joined.values()) this.#ask(broker);
  }

  /** Another one is started, not at once: it may have died of what it would find again. */
  #onGatewayEnd(): void {
    this.#gateway = undefined;
    this.#counts = { links: 0, queued: 0 };
    this.#tickets.clear('the gateway is gone.');
    for (const broker of this.#joined.values()) broker.lost();
    if (!this.#closed) this.#timer = setTimeout(() => this.#open(), backoff(++this.#attempts));
  }

  #take([kind, a, b, c, d, e]: Message): void {
    const broker = this.#joined.get(a as number);
    switch (kind) {
      case CHANNEL:
        return this.#post([CHANNEL, a], ...(this.#parts.ports.channel() as readonly [object, object]));
      case wire.JOINED:
        this.#attempts = 0;
        return broker?.joined(this.#annex(broker));
      case wire.UNJOINED:
        return broker?.failed(new MeshError(b as MeshError['code'], c as string), d as boolean);
      case wire.LOST:
        return broker?.lost();
      case wire.TOLD:
        return broker?.annex?.receive(b);
      case wire.UNOPENED:
        return this.#parts.hub.unlinked(b as string, c as string, d as number, e as string);
      case wire.LISTENING:
        return this.#tickets.listening(a as string, b);
      case wire.DEAF:
        return this.#tickets.deaf(a as string, b as string);
      case wire.COUNTS:
        return void (this.#counts = { links: a as number, queued: b as number });
      case wire.DIALED:
        return this.#onDialed(a as string);
      case wire.UNREAD: {
        const text =
          `${a as number} bytes wait in the gateway for a Node peer that does not read them. Its link with one of Electron's ` +
          'peers, or a port sent over that, was ended. Is its process stopped, or overloaded?';
        return this.#parts.reception.turnAway(undefined, { code: 'LIMIT', message: text });
      }
    }
  }

  #annex({ id }: JoinedBroker): Annex {
    const { hub, reception, policy } = this.#parts;
    return new Annex({
      hub,
      evicts: false,
      forwards: true,
      send: (message) => this.#post([wire.TELL, id, message]),
      announces: () => true,
      admit: (peer, grant) => policy.judge(peer, grant),
      seat: (peer, port, grant, options) => reception.admit(peer, port, grant, options),
      malformed: (problem) => reception.malformed(problem, undefined),
      open: ({ from, to, epoch, known, port }) => this.#post([wire.OPEN, id, from, to, epoch, known], port),
      listen: (ticket, from, to, known) => {
        this.#post([wire.LISTEN, id, ticket.id, ticket.key]);
        return this.#tickets.issue(ticket.id, { from, to, known });
      },
    });
  }

  /** A Node peer has dialed: it gets one end of a channel, whom it has dialed the other one. */
  #onDialed(id: string): void {
    const link = this.#tickets.take(id);
    const [near, far] = this.#parts.ports.channel() as readonly [object, object];
    this.#post([wire.JOINT, id], near);
    if (!link || !this.#parts.hub.link(link.from, link.to, link.known, far)) (far as { close(): void }).close();
  }
}
