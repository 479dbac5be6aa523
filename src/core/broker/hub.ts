import type { LeaveReason, MeshErrorCode } from '../errors/mesh-error.js';
import { Channels } from '../directory/entry.js';
import { allows, everything, type Grant } from '../directory/grant.js';
import type { Limits } from '../directory/limits.js';
import type { Peer } from '../directory/peer.js';
import type { Port } from '../port/port.js';
import { startTimer, type Timer } from '../timer.js';
import { WIRE_VERSION, isCount } from '../wire/frames.js';
import * as control from './control.js';

/** After so many milliseconds without an answer a peer is not waited for: it hangs. */
const UNRESPONSIVE_MS = 1000;

export interface HubOwner {
  /** Whether errors go to peers of other origins without stacks and paths. */
  readonly redact: boolean;
  readonly limits: Limits;
  /** A channel for a peer that can't make one: its two ends. `undefined` for a peer that can: it has no need to ask. */
  channel(peer: Peer): readonly [object, object] | undefined;
  /** `peer` as `viewer` may see it. */
  show(peer: Peer, viewer: Peer): Peer;
  /** A peer's control port has closed. The owner says why with `remove`, at once or a little later. */
  closed(peer: Peer): void;
  left(peer: Peer, reason: LeaveReason): void;
  malformed(peer: Peer, problem: string): void;
}

interface Chair {
  readonly peer: Peer;
  readonly grant: Grant;
  readonly port: Port;
  readonly outbox: control.ControlOutbox;
  readonly channels: Channels;
  /** While a confirmation is under way: the tokens of those asked for meanwhile. They share the next one. */
  confirming: number[] | undefined;
  /** It hasn't answered a confirmation in time, nor said anything since: no other one waits for it. */
  hangs: boolean;
}

interface Confirmation {
  readonly waiting: Set<string>;
  readonly done: () => void;
  readonly timer: Timer;
}

/**
 * The broker, whatever platform its peers live on: who sits in the mesh, who listens to what, and the passing on of link
 * ports. It never sees a message between two peers. Everything a peer sends it is checked.
 */
export class Hub {
  readonly #owner: HubOwner;
  readonly #chairs = new Map<string, Chair>();
  readonly #confirmations = new Map<number, Confirmation>();
  #token = 0;
  #links = 0;

  constructor(owner: HubOwner) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#chairs.size;
  }

  peers(): Peer[] {
    return [...this.#chairs.values()].map((chair) => chair.peer);
  }

  /** What a peer may do; `undefined` if it isn't there. */
  grantOf(id: string): Grant | undefined {
    return this.#chairs.get(id)?.grant;
  }

  /** Plain data, for the bridge's `state()`. */
  state(): { links: number; channels: Record<string, { listens: string[]; handles: string[] }> } {
    const channels: Record<string, { listens: string[]; handles: string[] }> = Object.create(null) as never;
    for (const { peer, channels: own } of this.#chairs.values()) {
      for (const name of own.listens) (channels[name] ??= { listens: [], handles: [] }).listens.push(peer.id);
      for (const name of own.handles) (channels[name] ??= { listens: [], handles: [] }).handles.push(peer.id);
    }
    return { links: this.#links, channels };
  }

  /** Gives a peer its seat: answers on its port, and tells the others. */
  admit(peer: Peer, port: Port, grant = everything): void {
    const outbox = new control.ControlOutbox(port);
    const channels = new Channels(grant.receive, this.#owner.limits.channels);
    const chair: Chair = { peer, grant, port, outbox, channels, confirming: undefined, hangs: false };
    const others = [...this.#chairs.values()];
    const welcome: control.Welcome = {
      version: WIRE_VERSION,
      self: peer,
      grant,
      limits: this.#owner.limits,
      redact: this.#owner.redact,
      peers: others
        .filter((other) => mayLink(chair, other))
        .map((other) => [
          this.#owner.show(other.peer, peer),
          other.channels.number,
          [...other.channels.listens],
          [...other.channels.handles],
          told(other.grant),
        ]),
    };
    this.#chairs.set(peer.id, chair);
    outbox.post([control.WELCOME, welcome]);
    for (const other of others) {
      if (mayLink(other, chair)) other.outbox.post([control.JOIN, this.#owner.show(peer, other.peer), told(grant)]);
    }
    port.start({
      message: (data, ports) => this.#onPost(chair, data, ports),
      unreadable: () => this.#owner.malformed(peer, 'a control message that can not be read'),
      close: () => {
        if (this.#chairs.get(peer.id) === chair) this.#owner.closed(peer);
      },
    });
  }

  /** Ends a seat, if it is there, and tells everybody why. `detail`, with an eviction: what the peer itself is told. */
  remove(id: string, reason: LeaveReason, detail = ''): boolean {
    const chair = this.#chairs.get(id);
    if (!chair) return false;
    this.#chairs.delete(id);
    chair.outbox.post([control.END, reason, detail]);
    chair.outbox.flush();
    chair.port.close();
    for (const other of this.#chairs.values()) {
      if (mayLink(other, chair)) other.outbox.post([control.LEAVE, id, reason]);
    }
    for (const token of [...this.#confirmations.keys()]) this.#told(token, id);
    this.#owner.left(chair.peer, reason);
    return true;
  }

  /** Ends every seat, and all that waits. */
  close(): void {
    for (const id of [...this.#chairs.keys()]) this.remove(id, 'bridge-gone', 'it was closed');
    for (const { timer } of this.#confirmations.values()) timer.stop();
    this.#confirmations.clear();
  }

  #onPost(chair: Chair, data: unknown, ports: readonly unknown[]): void {
    chair.hangs = false;
    const used = this.#take(chair, data, ports);
    if (!used) this.#owner.malformed(chair.peer, 'a control message that makes no sense');
    // The first port is that of an OPEN, the last message; any other is nobody's.
    const last = used ? ((data as unknown[][]).at(-1) as unknown[])[0] : undefined;
    for (const port of ports.slice(last === control.OPEN ? 1 : 0)) closeRaw(port);
  }

  /** Nothing that a peer sends may throw into the broker's process. */
  #take(chair: Chair, data: unknown, ports: readonly unknown[]): boolean {
    try {
      return Array.isArray(data) && data.length > 0 && this.#onMessages(chair, data as unknown[], ports);
    } catch {
      return false;
    }
  }

  /** False if one of them is malformed: those behind it are not looked at. */
  #onMessages(chair: Chair, messages: readonly unknown[], ports: readonly unknown[]): boolean {
    // Not `every`: that walks over holes, and an array of 2³² holes is a few bytes on the wire.
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      const port = i === messages.length - 1 ? ports[0] : undefined;
      if (!Array.isArray(message) || !this.#onMessage(chair, message as unknown[], port)) return false;
      if (this.#chairs.get(chair.peer.id) !== chair) break; // it has left
    }
    return true;
  }

  #onMessage(chair: Chair, message: readonly unknown[], port: unknown): boolean {
    const [kind, a, b, c] = message;
    switch (kind) {
      case control.CHANGES:
        return isCount(a) && Array.isArray(b) && this.#onChanges(chair, a, b as unknown[]);
      case control.OPEN:
        if (typeof a !== 'string' || !isCount(b) || !isCount(c) || !port) return false;
        this.#onOpen(chair, a, b, c, port as object);
        return true;
      case control.CHANNEL:
        return isCount(a) && this.#onChannel(chair, a);
      case control.SYNC:
        if (!isCount(a)) return false;
        chair.outbox.post([control.SYNCED, a]);
        return true;
      case control.CONFIRM:
        if (!isCount(a)) return false;
        if (chair.confirming) chair.confirming.push(a);
        else this.#confirm(chair, [a]);
        return true;
      case control.TOLD:
        if (!isCount(a)) return false;
        this.#told(a, chair.peer.id);
        return true;
      case control.BYE:
        this.remove(chair.peer.id, 'bye');
        return true;
      default:
        return false;
    }
  }

  #onChanges(chair: Chair, first: number, changes: readonly unknown[]): boolean {
    const before = chair.channels.number;
    const fits = chair.channels.apply(first, changes);
    if (!fits || chair.channels.number === before) return fits;
    for (const other of this.#chairs.values()) {
      if (other !== chair && mayLink(other, chair)) {
        other.outbox.post([control.CHANGE, chair.peer.id, first, changes.slice()]);
      }
    }
    return true;
  }

  #onChannel(chair: Chair, token: number): boolean {
    const ends = this.#owner.channel(chair.peer);
    if (ends) chair.outbox.post([control.CHANNEL, token], ...ends);
    return ends !== undefined;
  }

  #onOpen(chair: Chair, to: string, epoch: number, known: number, port: object): void {
    const target = this.#chairs.get(to);
    // Hidden or unknown: the answer is the same.
    if (!target || target === chair || !mayLink(chair, target)) {
      closeRaw(port);
      chair.outbox.post([control.UNLINKED, to, epoch]);
      return;
    }
    this.#links++;
    target.outbox.post([control.LINK, chair.peer.id, epoch, known], port);
  }

  /** Answers when every other peer has dispatched what it was told before, or hangs, or has left. */
  #confirm(chair: Chair, tokens: readonly number[]): void {
    chair.confirming = [];
    // One that hangs answers what it was asked before, should it come back.
    const others = [...this.#chairs.values()].filter((other) => other !== chair && !other.hangs);
    const token = ++this.#token;
    const waiting = new Set(others.map(({ peer }) => peer.id));
    const finish = (): void => {
      timer.stop();
      this.#confirmations.delete(token);
      for (const each of tokens) chair.outbox.post([control.CONFIRMED, each]);
      const next = chair.confirming as number[];
      chair.confirming = undefined;
      if (next.length > 0 && this.#chairs.get(chair.peer.id) === chair) this.#confirm(chair, next);
    };
    const timer = startTimer(UNRESPONSIVE_MS, () => {
      for (const id of waiting) (this.#chairs.get(id) as Chair).hangs = true;
      finish();
    });
    this.#confirmations.set(token, { waiting, done: finish, timer });
    for (const { outbox } of others) outbox.post([control.ASK, token]);
    if (others.length === 0) finish();
  }

  #told(token: number, id: string): void {
    const confirmation = this.#confirmations.get(token);
    if (confirmation?.waiting.delete(id) && confirmation.waiting.size === 0) confirmation.done();
  }
}

/** Of a grant, what its owner's counterparts enforce. The rest would tell them of names that they may not see. */
function told({ send, receive, services }: Grant): Grant {
  return { ...(send && { send }), ...(receive && { receive }), ...(services && { services }) };
}

/** Both ways: a link is for both, and each must be granted the other. */
function mayLink(a: Chair, b: Chair): boolean {
  return allows(a.grant.peers, b.peer.name) && allows(b.grant.peers, a.peer.name);
}

/**
 * Answers a join with a refusal, on the port that came with it.
 * @param final whether nobody else may let the peer in
 */
export function refuse(port: Port, code: MeshErrorCode, message: string, final = true): void {
  port.post([[control.REFUSED, code, message, final]]);
  port.close();
}

function closeRaw(port: unknown): void {
  (port as { close?: () => void }).close?.();
}
