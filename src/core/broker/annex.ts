import { grantProblem, type Grant } from '../directory/grant.js';
import type { Peer } from '../directory/peer.js';
import type { LeaveReason } from '../errors/mesh-error.js';
import { isCount, isName, isPeerName } from '../wire/frames.js';
import { CHANGED, FOR, GONE, NOBODY, PEER } from './annexing.js';
import type { Chair } from './chair.js';
import type { Witness } from './confirmations.js';
import * as control from './control.js';
import type { AdmitOptions, Hub } from './hub.js';
import { RemotePort } from './remote-port.js';
import type { Ticket } from './tickets.js';

/** A link from a peer here to one there: the other end of the port is with the peer. */
export interface Opened {
  readonly from: string;
  readonly to: string;
  readonly epoch: number;
  readonly known: number;
  readonly port: object;
}

export interface AnnexOptions {
  readonly hub: Hub;
  /** To the other broker, in order. */
  readonly send: (message: control.Message) => void;
  /** Whether the other broker is told of a peer. Of its own it never is. */
  readonly announces: (chair: Chair) => boolean;
  /** What a peer of the other broker may do here; `undefined`: it is not let in. */
  readonly admit: (peer: Peer, grant: Grant) => Grant | undefined | Promise<Grant | undefined>;
  /** Gives it its seat. */
  readonly seat: (peer: Peer, port: RemotePort, grant: Grant, options: AdmitOptions) => void;
  /** Something made no sense. */
  readonly malformed: (problem: string) => void;
  /** Whether the other broker is told of a third one's peers: then that is asked too, when the other one asks. @default false */
  readonly forwards?: boolean;
  /** Whether the other broker may evict peers that sit here. */
  readonly evicts: boolean;
  /** Where peers here have ports, and those there sockets: makes the connection, and joins it to the port. */
  readonly open?: (link: Opened) => void;
  /** The same for a link from there: listens for who has the ticket, and resolves with where. */
  readonly listen?: (ticket: Ticket, from: string, to: string, known: number) => Promise<unknown>;
}

/** What a broker has of another one's peers, while they are connected. */
export class Annex {
  readonly #options: AnnexOptions;
  /** Those that sit there; while they are being let in, with what they say meanwhile. */
  readonly #remote = new Map<string, RemotePort | control.Message[]>();
  /** Those that sit elsewhere, and of whom the other broker was told. */
  readonly #told = new Set<string>();
  readonly #stop: () => void;
  /** The other broker itself: asked, and answering, as nobody's. Peers may have come to it of whom it has not told yet. */
  readonly #witness: Witness;
  /** Who asks whether all have dispatched what they were told, in this turn. */
  #asking: (readonly [id: string, token: unknown])[] = [];
  #ended = false;

  constructor(options: AnnexOptions) {
    this.#options = options;
    const { hub, send } = options;
    this.#witness = { hangs: false, outbox: { post: (message) => send([FOR, NOBODY, message]) } };
    this.#stop = hub.watch({
      witness: this.#witness,
      joined: (chair) => this.#announce(chair),
      changed: ({ peer }, first, changes) => {
        if (this.#told.has(peer.id)) send([CHANGED, peer.id, first, [...changes]]);
      },
      left: ({ peer }, reason) => {
        if (!this.#remote.delete(peer.id) && this.#told.delete(peer.id)) send([GONE, peer.id, reason]);
      },
    });
    for (const chair of hub.chairs()) this.#announce(chair);
  }

  /** How many peers sit there. */
  get size(): number {
    return this.#remote.size;
  }

  has(id: string): boolean {
    return this.#remote.has(id);
  }

  /** The other broker says something. */
  receive(message: unknown): void {
    if (this.#ended) return;
    this.#witness.hangs = false;
    try {
      if (Array.isArray(message) && this.#take(message)) return;
    } catch {
      // Nothing that comes from there may throw into this process.
    }
    this.#options.malformed('a message between brokers that makes no sense');
  }

  /** The connection is no more: those who sit there leave. Idempotent. */
  end(reason: LeaveReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stop();
    for (const id of [...this.#remote.keys()]) this.#options.hub.remove(id, reason);
    this.#remote.clear();
  }

  #announce(chair: Chair): void {
    const { peer, grant, channels } = chair;
    if (this.#remote.has(peer.id) || !this.#options.announces(chair)) return;
    this.#told.add(peer.id);
    const { number, listens, handles } = channels;
    this.#options.send([PEER, withoutUrl(peer), grant, number, [...listens], [...handles]]);
  }

  #take([kind, a, b, c, d, e]: readonly unknown[]): boolean {
    const { hub } = this.#options;
    if (kind === PEER)
      return isPeer(a) && grantProblem(b) === undefined && isCount(c) && this.#onPeer(a, b as Grant, c, d, e);
    if (typeof a !== 'string') return false;
    const remote = this.#remote.get(a);
    switch (kind) {
      case GONE:
        this.#remote.delete(a);
        if (remote instanceof RemotePort) hub.remove(a, isReason(b) ? b : 'lost');
        return true;
      case CHANGED:
        // It may have been ended here, which the other broker has not heard of yet.
        return remote === undefined || this.#say(remote, [control.CHANGES, b, c]);
      case FOR:
        if (!Array.isArray(b)) return false;
        return remote ? isSaid(b[0]) && this.#say(remote, b) : this.#onTold(a, b);
      default:
        return false;
    }
  }

  #onPeer(peer: Peer, grant: Grant, number: number, listens: unknown, handles: unknown): boolean {
    const { hub, admit, seat } = this.#options;
    if (this.#remote.has(peer.id) || hub.chair(peer.id)) return false;
    const waiting: control.Message[] = [];
    this.#remote.set(peer.id, waiting);
    const settle = (given: Grant | undefined): void => {
      if (this.#ended || this.#remote.get(peer.id) !== waiting) return; // it has left meanwhile
      if (!given) return void this.#remote.set(peer.id, new RemotePort(() => {}));
      const port = new RemotePort((message, raw) => this.#tellRemote(peer, message, raw));
      this.#remote.set(peer.id, port);
      const state = number > 0 ? { number, listens, handles } : undefined;
      seat(peer, port, given, { remote: true, state });
      for (const message of waiting) port.say(message);
    };
    const given = admit(peer, grant);
    if (given instanceof Promise) given.then(settle, () => settle(undefined));
    else settle(given);
    return true;
  }

  #say(remote: RemotePort | control.Message[], message: control.Message): true {
    if (remote instanceof RemotePort) remote.say(message);
    else remote.push(message);
    return true;
  }

  /** A peer that sits there is told something by this broker. */
  #tellRemote(peer: Peer, message: control.Message, port: object | undefined): void {
    const { open, send } = this.#options;
    switch (message[0]) {
      case control.LINK: {
        const [, from, epoch, known] = message as [number, string, number, number];
        if (open) open({ from, to: peer.id, epoch, known, port: port as object });
        else (port as { close?: () => void }).close?.();
        return;
      }
      case control.END:
        if (message[1] !== 'evicted') return;
        break;
      case control.LISTEN:
      case control.TICKET:
      case control.UNDIALED:
      case control.ASK:
        break;
      default:
        return;
    }
    send([FOR, peer.id, message]);
  }

  /** A peer that sits here is told something by the other broker. */
  #onTold(id: string, message: readonly unknown[]): boolean {
    const { hub, evicts } = this.#options;
    const [kind, a, b, c, d] = message;
    if (id === NOBODY && kind === control.TOLD && isCount(a)) {
      hub.told(a, this.#witness);
      return true;
    }
    if (!hub.chair(id) && !(id === NOBODY && kind === control.ASK)) return true; // it has just left
    switch (kind) {
      case control.ASK:
        if (this.#asking.push([id, a]) === 1) queueMicrotask(() => this.#confirm());
        return true;
      case control.END:
        if (evicts) hub.remove(id, 'evicted', typeof b === 'string' ? b : '');
        return evicts;
      case control.LISTEN:
        if (typeof a !== 'string' || typeof b !== 'string' || typeof c !== 'string' || !isCount(d)) return false;
        this.#listen({ id: a, key: b }, c, id, d);
        return true;
      default:
        return false;
    }
  }

  #confirm(): void {
    const { hub, send, forwards } = this.#options;
    const asking = this.#asking;
    this.#asking = [];
    hub.confirm(
      () => {
        if (!this.#ended) for (const [id, token] of asking) send([FOR, id, [control.TOLD, token]]);
      },
      ({ peer }) => !this.#remote.has(peer.id),
      (other) => forwards === true && other !== this.#witness,
    );
  }

  #listen(ticket: Ticket, from: string, to: string, known: number): void {
    const { hub, send, listen } = this.#options;
    const answer = (address: unknown, why?: string): void => {
      if (this.#ended) return;
      send([FOR, to, why === undefined ? [control.LISTENING, ticket.id, address] : [control.DEAF, ticket.id, why]]);
    };
    if (!listen || hub.chair(to)?.remote) return hub.listen(ticket, from, to, known, answer);
    if (!hub.mayLink(from, to)) return answer(undefined, 'there is no such peer.');
    listen(ticket, from, to, known).then(
      (address) => answer(address),
      (error: Error) => answer(undefined, error.message),
    );
  }
}

const reasons: Readonly<Record<LeaveReason, true>> = {
  bye: true,
  crashed: true,
  killed: true,
  reloaded: true,
  navigated: true,
  closed: true,
  'frame-removed': true,
  terminated: true,
  exited: true,
  evicted: true,
  'bridge-gone': true,
  lost: true,
};

function isReason(value: unknown): value is LeaveReason {
  return typeof value === 'string' && Object.hasOwn(reasons, value);
}

/** What a peer says to a broker that it doesn't sit at. */
function isSaid(kind: unknown): boolean {
  return kind === control.DIAL || kind === control.LISTENING || kind === control.DEAF || kind === control.TOLD;
}

/** The URL of a frame is for main, and its own origin, only. */
function withoutUrl(peer: Peer): Peer {
  if (!peer.frame) return peer;
  const { webContents, routing, top } = peer.frame;
  return { ...peer, frame: { webContents, routing, top } };
}

function isPeer(value: unknown): value is Peer {
  const { id, name, type, origin, process } = Object(value) as Partial<Peer>;
  return (
    isName(id) &&
    isPeerName(name) &&
    typeof type === 'string' &&
    typeof origin === 'string' &&
    typeof process === 'object' &&
    process !== null
  );
}
