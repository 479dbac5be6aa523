import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Hub, refuse } from '../../core/broker/hub.js';
import type { MeshState } from '../../core/broker/mesh-state.js';
import { everything } from '../../core/directory/grant.js';
import type { Peer } from '../../core/directory/peer.js';
import { invalid, MeshError, type LeaveReason, type MeshErrorCode } from '../../core/errors/mesh-error.js';
import { readHello } from '../hello.js';
import type { Address } from '../net/address.js';
import { listenForGuests, type GuestListening } from '../net/guests.js';
import type { Mux } from '../socket/mux.js';
import { BridgeSeat } from './bridge-seat.js';
import { Connections } from './connections.js';
import { decide } from './decide.js';
import type { CheckedBroker } from './options.js';
import { isResumeSecret, newTicket, resumeSecret } from './secrets.js';

/** The events of a broker, and what their listeners get. */
export interface BrokerEvents {
  /** Somebody was let in, or a bridge has told of somebody. */
  join: [peer: Peer];
  /** Somebody has left. */
  leave: [peer: Peer, reason: LeaveReason];
  /** Somebody was not let in, or let go because it didn't read; `where` says from where, as far as it is known. */
  refused: [error: MeshError, where: string];
  /** A peer sent what makes no sense. It was ignored. */
  malformed: [problem: string, peer: Peer | undefined];
}

/** A broker's tables and counters, as plain data. */
export interface BrokerState extends MeshState {
  /** Bridges connected. */
  readonly bridges: number;
  /** Connections that have not shown a secret yet. */
  readonly guests: number;
  /** Of the control connections: no message between two peers passes through them. */
  readonly sockets: {
    /** Messages received so far. */
    readonly received: number;
    /** Messages sent so far. */
    readonly sent: number;
    /** Bytes that wait to be sent. */
    readonly queued: number;
  };
}

/** The name that the bridge's own process has: no other peer may take it. */
const RESERVED = 'main';

/**
 * A broker for Node's peers. It introduces them to each other and keeps the directory; it carries no message between them. Made by
 * `createBroker()`.
 */
export class Broker extends EventEmitter<BrokerEvents> {
  readonly #options: CheckedBroker;
  readonly #hub: Hub;
  readonly #connections: Connections;
  readonly #bridges = new Set<BridgeSeat>();
  readonly #seated = new WeakMap<Mux, Peer>();
  readonly #prefix = randomBytes(6).toString('base64url');
  #lastId = 0;
  #refused = 0;
  #malformed = 0;
  #listening: GuestListening | undefined;
  #closed = false;

  /** @internal */
  constructor(options: CheckedBroker) {
    super();
    this.#options = options;
    this.#connections = new Connections(options.maxQueued);
    this.#hub = new Hub({
      redact: options.redactErrors,
      limits: options.limits,
      ticket: newTicket,
      channel: () => undefined,
      show: (peer) => peer,
      closed: (peer) => this.#hub.remove(peer.id, 'lost'),
      left: (peer, reason) => this.#tell('leave', peer, reason),
      malformed: (peer, problem) => this.#onMalformed(problem, peer),
      state: () => this.state(),
      // Not before all that has arrived is read: what a thousand peers say who join at once is told to each of them in a few posts.
      soon: setImmediate,
    });
  }

  /** Where it listens: with `port: 0`, the port that was free. */
  get address(): Address {
    return this.#listening?.address ?? this.#options.address;
  }

  /** The peers in the mesh. */
  get peers(): Peer[] {
    return this.#hub.peers();
  }

  /** @internal */
  async listen(): Promise<void> {
    const { address, secrets, guests } = this.#options;
    this.#listening = await listenForGuests(address, {
      ...guests,
      call: 'createBroker()',
      key: (role) => (role === 'peer' ? secrets.peer : role === 'bridge' ? secrets.bridge : undefined),
      admit: (socket, { role, hello }) => this.#connect(socket, role, hello),
      refused: (error, where) => this.#onRefused(error, where),
    });
  }

  /**
   * Ends a peer's seat. Its `closed`, and everybody's `leave`, say `evicted`.
   *
   * @param peer the peer, or its id
   * @param detail what the peer itself is told, in words
   * @returns false if there is no such peer
   * @throws MeshError `INVALID_ARGUMENT`, `CLOSED`
   */
  evict(peer: Peer | { readonly id: string } | string, detail = ''): boolean {
    if (this.#closed) throw new MeshError('CLOSED', 'evict(peer): the broker was closed.');
    const id = typeof peer === 'string' ? peer : peer?.id;
    if (typeof id !== 'string') throw invalid('evict(peer)', 'give a Peer, or its id.');
    return this.#hub.remove(id, 'evicted', String(detail));
  }

  /** Counters and tables, as plain data. */
  state(): BrokerState {
    return {
      peers: this.#hub.peers(),
      ...this.#hub.state(),
      refused: this.#refused,
      malformed: this.#malformed,
      bridges: this.#bridges.size,
      guests: this.#listening?.state().inside ?? 0,
      sockets: this.#connections.counts(),
    };
  }

  /** Ends every seat and stops listening. What peers have linked lives on. Idempotent; never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // First: nobody is told that the others have left, for they haven't.
    this.#connections.close();
    for (const bridge of this.#bridges) bridge.end('bridge-gone');
    this.#hub.close();
    await this.#listening?.close();
  }

  /** Somebody has shown a secret. */
  #connect(socket: Socket, role: string, hello: unknown): void {
    const mux = this.#connections.open(socket, {
      malformed: (problem) => this.#onMalformed(problem, undefined),
      unread: (bytes) => this.#onUnread(mux, bytes),
    });
    if (role === 'bridge') this.#takeBridge(mux, hello);
    else void this.#takePeer(mux, hello);
  }

  async #takePeer(mux: Mux, given: unknown): Promise<void> {
    const no = (code: MeshErrorCode, text: string, cause?: unknown): void => {
      refuse(mux.port, code, text);
      this.#onRefused(new MeshError(code, text, { cause }), 'a peer');
    };
    const hello = readHello(given);
    if (!hello) return no('PROTOCOL', 'its hello makes no sense.');
    const name = hello.name ?? 'node';
    if (name === RESERVED) return no('NOT_AUTHORIZED', `the name '${RESERVED}' is reserved. Choose another.`);
    const { secrets, limits } = this.#options;
    const { resume } = hello;
    if (resume && !isResumeSecret(secrets, resume.id, resume.secret)) {
      return no(
        'NOT_AUTHORIZED',
        'it can not show that it has had this seat: the broker has other secrets now. Connect again.',
      );
    }
    const process = { type: 'node', id: `n${hello.process.pid}.${hello.process.id}`, pid: hello.process.pid } as const;
    const id = resume?.id ?? `${this.#prefix}.${++this.#lastId}`;
    const peer: Peer = { id, name, type: 'node', origin: '', process };
    const full = (): boolean => {
      // Its own may still be there.
      const seats = this.#hub.peers().filter((other) => other.process.id === process.id && other.id !== id).length;
      if (seats >= limits.seats)
        no('LIMIT', `this process has ${limits.seats} seats already. close() those no longer used.`);
      return seats >= limits.seats;
    };
    if (full()) return;
    const grant = await decide(this.#options, { name, type: 'node', origin: '', grant: everything });
    if (MeshError.is(grant)) return no(grant.code, grant.message, grant.cause);
    if (this.#closed) return mux.close();
    if (full()) return; // others have come meanwhile
    // It has lost its connection, and is back before this side has noticed.
    this.#hub.remove(id, 'lost');
    this.#hub.admit(peer, mux.port, grant, { resume: resumeSecret(secrets, id) });
    this.#seated.set(mux, peer);
    this.#tell('join', peer);
  }

  #takeBridge(mux: Mux, hello: unknown): void {
    const { bridge: given } = Object(hello) as { readonly bridge?: unknown };
    const id = String(given);
    // It has lost its connection, and is back before this side has noticed.
    for (const other of this.#bridges) if (other.id === id) other.end('lost');
    const bridge = new BridgeSeat(id, mux, {
      hub: this.#hub,
      admission: this.#options,
      joined: (peer) => this.#tell('join', peer),
      refused: (error) => this.#onRefused(error, 'a bridge'),
      malformed: (problem) => this.#onMalformed(problem, undefined),
      ended: () => void this.#bridges.delete(bridge),
    });
    this.#bridges.add(bridge);
  }

  /** Nobody can tell it why: it doesn't read. */
  #onUnread(mux: Mux, bytes: number): void {
    const peer = this.#seated.get(mux);
    const who = peer ? `${peer.name} (${peer.id})` : 'a bridge';
    const text =
      `${who}: ${bytes} bytes wait for it that it does not read, and ${this.#options.maxQueued} may (maxQueued). Its connection ` +
      'is ended. It comes back by itself when it goes on; is its process stopped, or overloaded?';
    this.#onRefused(new MeshError('LIMIT', text), peer ? 'a peer' : 'a bridge');
  }

  #onRefused(error: MeshError, where: string): void {
    this.#refused++;
    this.#tell('refused', error, where);
  }

  #onMalformed(problem: string, peer: Peer | undefined): void {
    this.#malformed++;
    this.#tell('malformed', problem, peer);
  }

  /** A listener that throws is its owner's bug, to be seen as such; it doesn't stop what the broker was doing. */
  #tell<K extends keyof BrokerEvents>(name: K, ...args: BrokerEvents[K]): void {
    try {
      (this as EventEmitter).emit(name, ...args);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
