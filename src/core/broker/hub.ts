import type { LeaveReason, MeshErrorCode } from '../errors/mesh-error.js';
import { Channels, HANDLE, LISTEN } from '../directory/entry.js';
import { redacted } from '../errors/wire-error.js';
import { everything, type Grant } from '../directory/grant.js';
import type { Limits } from '../directory/limits.js';
import type { Peer } from '../directory/peer.js';
import { closeAll, type Port } from '../port/port.js';
import { WIRE_VERSION } from '../wire/frames.js';
import { Allowances } from './allowances.js';
import { mayLink, told, type Chair } from './chair.js';
import { Confirmations, type Witness } from './confirmations.js';
import { readControl, type ControlSink } from './control-reader.js';
import * as control from './control.js';
import { Desk, type DeskOwner } from './desk.js';
import { News } from './news.js';
import { CONFIRMATIONS, linking, Pace } from './pace.js';
import { Tickets, type Ticket } from './tickets.js';

export interface HubOwner extends DeskOwner {
  /** Whether errors go to peers of other origins without stacks and paths. */
  readonly redact: boolean;
  readonly limits: Limits;
  /** `peer` as `viewer` may see it. */
  show(peer: Peer, viewer: Peer): Peer;
  /** A peer's control port has closed. The owner says why with `remove`, at once or a little later. */
  closed(peer: Peer): void;
  left(peer: Peer, reason: LeaveReason): void;
  malformed(peer: Peer, problem: string): void;
  /** When peers are told what is to be told, as one post each. @default at the end of the task */
  readonly soon?: (tell: () => void) => void;
}

/** Told of all that the peers of a hub are told of each other, unfiltered: for another broker. */
export interface HubWatcher {
  /** The other broker: it may have peers that it has not told of yet, and answers for these too. */
  readonly witness: Witness;
  joined(chair: Chair): void;
  changed(chair: Chair, first: number, changes: readonly unknown[]): void;
  left(chair: Chair, reason: LeaveReason): void;
}

export interface AdmitOptions {
  /** See `Chair.remote` */
  readonly remote?: boolean;
  /** What it listens to and handles already: it has had a seat before. */
  readonly state?: { readonly number: number; readonly listens: unknown; readonly handles: unknown } | undefined;
  /** Goes with its WELCOME. */
  readonly resume?: string;
}

/**
 * The broker, whatever platform its peers live on: who sits in the mesh, who listens to what, and the passing on of link
 * ports. It never sees a message between two peers. Everything a peer sends it is checked.
 */
export class Hub {
  readonly #owner: HubOwner;
  readonly #chairs = new Map<string, Chair>();
  readonly #confirmations = new Confirmations();
  readonly #tickets = new Tickets();
  readonly #watchers = new Set<HubWatcher>();
  readonly #allowances = new Allowances();
  readonly #news = new News((chair, first, changes) => this.#tellChanges(chair, first, changes));
  readonly #desk: Desk;
  readonly #sink: ControlSink = {
    changes: (chair, first, changes) => this.#news.take(chair, first, changes),
    state: (chair, number, listens, handles) => this.#onState(chair, number, listens, handles),
    channel: (chair, token) => this.#desk.channel(chair, token),
    open: (chair, to, epoch, known, port) => this.#desk.open(chair, to, epoch, known, port),
    dial: (chair, token, to, known) => this.#desk.dial(chair, token, to, known),
    answered: (chair, ticket, address, why) => this.#tickets.answered(chair, ticket, address, why),
    query: (chair, token) => this.#desk.query(chair, token),
    sync: (chair, token) => this.#news.behind(() => chair.outbox.post([control.SYNCED, token])),
    confirm: (chair, token) => this.#desk.confirm(chair, token),
    told: (chair, token) => void (this.#confirmations.told(token, chair) && chair.allowance.answered()),
    bye: (chair) => void this.remove(chair.peer.id, 'bye'),
    seated: (chair) => this.#chairs.get(chair.peer.id) === chair,
  };
  #links = 0;

  constructor(owner: HubOwner) {
    this.#owner = owner;
    this.#desk = new Desk(this, owner, () => this.#links++);
  }

  get size(): number {
    return this.#chairs.size;
  }

  peers(): Peer[] {
    return [...this.#chairs.values()].map((chair) => chair.peer);
  }

  has(id: string): boolean {
    return this.#chairs.has(id);
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

  /** The places of those that are here, whatever broker they sit at. */
  chairs(): IterableIterator<Chair> {
    return this.#chairs.values();
  }

  chair(id: string): Chair | undefined {
    return this.#chairs.get(id);
  }

  /** Until the returned function is called. */
  watch(watcher: HubWatcher): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      this.#confirmations.left(watcher.witness);
    };
  }

  /** Gives a peer its seat: answers on its port, and tells the others. */
  admit(peer: Peer, port: Port, grant = everything, { remote = false, state, resume }: AdmitOptions = {}): void {
    const { redact, limits } = this.#owner;
    const outbox = new control.ControlOutbox(port, this.#owner.soon);
    const channels = new Channels(grant, limits.channels);
    const chair: Chair = {
      peer,
      grant,
      port,
      outbox,
      channels,
      remote,
      confirming: undefined,
      hangs: false,
      confirmations: new Pace(CONFIRMATIONS),
      making: new Pace(linking(limits.links)),
      opening: new Pace(linking(limits.links)),
      allowance: this.#allowances.of(peer),
    };
    if (state && !channels.replace(state.number, state.listens, state.handles)) {
      this.#owner.malformed(peer, 'a state of channels that makes no sense');
    }
    const others = [...this.#chairs.values()];
    this.#chairs.set(peer.id, chair);
    if (!remote) {
      const peers = others.filter((other) => mayLink(chair, other)).map((other) => this.#describe(other, peer));
      const more = resume === undefined ? {} : { resume };
      const welcome: control.Welcome = { version: WIRE_VERSION, self: peer, grant, limits, redact, peers, ...more };
      outbox.post([control.WELCOME, welcome]);
    }
    const shown = told(grant);
    this.#tellOthers(chair, (viewer) => [control.JOIN, this.#owner.show(peer, viewer), shown]);
    if (channels.number > 0) this.#tellState(chair);
    for (const watcher of this.#watchers) watcher.joined(chair);
    port.start({
      message: (data, ports) => {
        chair.hangs = false;
        if (!this.#allows(chair, ports.length)) return closeAll(ports);
        if (readControl(chair, data, ports, this.#sink)) return;
        this.#owner.malformed(peer, 'a control message that makes no sense');
      },
      unreadable: () => this.#owner.malformed(peer, 'a control message that can not be read'),
      close: () => {
        if (this.#chairs.get(peer.id) === chair) this.#owner.closed(peer);
      },
    });
  }

  /** Ends the seat of a peer that says more than any honest one: to look at it all would keep the broker from its work. */
  #allows(chair: Chair, ports: number): boolean {
    if (!this.#sink.seated(chair)) return false;
    // What sits at another broker is bounded there.
    if (chair.remote || chair.peer.process.type === 'main') return true;
    if (chair.allowance.takesPost(ports)) return true;
    const text = `too many control messages: ${Allowances.rule}`;
    this.#owner.malformed(chair.peer, `${text}. Its seat is ended`);
    this.remove(chair.peer.id, 'evicted', `its process has sent ${text}. Is a channel subscribed in a loop?`);
    return false;
  }

  #describe({ peer, channels, grant }: Chair, viewer: Peer): control.Welcome['peers'][number] {
    const { number, listens, handles } = channels;
    return [this.#owner.show(peer, viewer), number, [...listens], [...handles], told(grant)];
  }

  /** Tells all who may link to it. */
  #tellOthers(chair: Chair, message: (viewer: Peer) => control.Message): void {
    for (const other of this.#chairs.values()) {
      if (other !== chair && !other.remote && mayLink(other, chair)) other.outbox.post(message(other.peer));
    }
  }

  /** Ends a seat, if it is there, and tells everybody why. `detail`, with an eviction: what the peer itself is told. */
  remove(id: string, reason: LeaveReason, detail = ''): boolean {
    const chair = this.#chairs.get(id);
    if (!chair) return false;
    this.#chairs.delete(id);
    chair.confirmations.stop();
    chair.making.stop();
    chair.opening.stop();
    this.#news.left(chair);
    chair.outbox.post([control.END, reason, detail]);
    chair.outbox.flush();
    chair.port.close();
    this.#tellOthers(chair, () => [control.LEAVE, id, reason]);
    for (const watcher of this.#watchers) watcher.left(chair, reason);
    this.#confirmations.left(chair);
    this.#tickets.left(chair);
    this.#owner.left(chair.peer, reason);
    return true;
  }

  /** Ends every seat, and all that waits. */
  close(): void {
    for (const id of [...this.#chairs.keys()]) this.remove(id, 'bridge-gone', 'it was closed');
    this.#news.close();
    this.#confirmations.close();
    this.#tickets.close();
    this.#watchers.clear();
  }

  /**
   * Calls `done` when every peer that is meant has dispatched what it was told before, or hangs, or has left.
   * @param others other brokers that are asked too
   */
  confirm(done: () => void, meant: (chair: Chair) => boolean, others: (witness: Witness) => boolean): void {
    this.#news.flush();
    const witnesses = [...this.#watchers].map(({ witness }) => witness).filter(others);
    this.#confirmations.ask([...[...this.#chairs.values()].filter(meant), ...witnesses], done);
  }

  /** Another broker's answer to that. */
  told(token: number, witness: Witness): void {
    this.#confirmations.told(token, witness);
  }

  /** Whether two peers are here, and granted each other. */
  mayLink(a: string, b: string): boolean {
    const [one, other] = [this.#chairs.get(a), this.#chairs.get(b)];
    // Hidden or unknown: the answer is the same.
    return one !== undefined && other !== undefined && one !== other && mayLink(one, other);
  }

  /**
   * Asks a peer to listen for the holder of a ticket.
   * @param answer called once: with the address, or with why there is none
   */
  listen(
    ticket: Ticket,
    from: string,
    to: string,
    known: number,
    answer: (address: unknown, why?: string) => void,
  ): void {
    if (!this.mayLink(from, to)) return answer(undefined, 'there is no such peer.');
    this.#links++;
    this.#tickets.issue(ticket, from, this.#chairs.get(to) as Chair, known, answer);
  }

  /** Passes a link on whose other end is at a peer's. False if there is nobody to have it, or who may not. */
  link(from: string, to: string, known: number, port: object, epoch = control.CURRENT): boolean {
    if (!this.mayLink(from, to)) return false;
    this.#chairs.get(to)?.outbox.post([control.LINK, from, epoch, known], port);
    return true;
  }

  /** A link that a peer has opened has come to nothing. */
  unlinked(from: string, to: string, epoch: number, why: string): void {
    const chair = this.#chairs.get(from);
    // It may name the socket that a Node peer listens at.
    const hides = this.#owner.redact && chair?.peer.process.type === 'renderer';
    chair?.outbox.post([control.UNLINKED, to, epoch, hides ? redacted(why) : why]);
  }

  #tellChanges(chair: Chair, first: number, changes: readonly unknown[]): void {
    const message = [control.CHANGE, chair.peer.id, first, changes];
    this.#tellOthers(chair, () => message);
    for (const watcher of this.#watchers) watcher.changed(chair, first, changes);
  }

  /** The first that a peer says who has had a seat before: the whole of what it listens to and handles. */
  #onState(chair: Chair, number: number, listens: unknown, handles: unknown): boolean {
    const { channels } = chair;
    if (channels.number > 0 || !channels.replace(number, listens, handles)) return false;
    this.#tellState(chair);
    const changes = [...channels.listens].flatMap((channel) => [LISTEN, channel]);
    changes.push(...[...channels.handles].flatMap((channel) => [HANDLE, channel]));
    const first = Math.max(1, number + 1 - changes.length / 2); // one that lies may have more than it has announced
    for (const watcher of this.#watchers) watcher.changed(chair, first, changes);
    return true;
  }

  #tellState(chair: Chair): void {
    const { number, listens, handles } = chair.channels;
    const message = [control.STATE, chair.peer.id, number, [...listens], [...handles]];
    this.#tellOthers(chair, () => message);
  }
}

/**
 * Answers a join with a refusal, on the port that came with it.
 * @param final whether nobody else may let the peer in
 */
export function refuse(port: Port, code: MeshErrorCode, message: string, final = true): void {
  port.post([[control.REFUSED, code, message, final]]);
  port.close();
}
