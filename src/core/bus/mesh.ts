import type { Seat, SeatListener } from '../broker/seat.js';
import type { Welcome } from '../broker/control.js';
import { Directory } from '../directory/directory.js';
import { Channels, HANDLE, LISTEN, UNHANDLE, UNLISTEN, type Entry } from '../directory/entry.js';
import { allows, type Grant } from '../directory/grant.js';
import type { Peer } from '../directory/peer.js';
import { invalid, MeshError, notCloneable, type LeaveReason } from '../errors/mesh-error.js';
import { goneError } from '../link/calls.js';
import { Link } from '../link/link.js';
import type { Flow } from '../link/flow.js';
import { Turn } from '../link/turn.js';
import { MeshPort } from '../port/mesh-port.js';
import type { Port } from '../port/port.js';
import { capture } from '../wire/capture.js';
import { moves } from '../wire/payload.js';
import { closedError, type CloseInfo } from './close-info.js';
import { Dispatcher, type Handling } from './dispatcher.js';
import { Listeners } from './listeners.js';
import { Reports } from './reports.js';
import { Liveness, type LivenessOwner } from './liveness.js';
import { openPort, type OpenerOwner } from './opening.js';
import { Receiver, type ReceiverOwner } from './receiver.js';
import { fullError, Requests, type CallOptions, type RequestsOwner } from './requests.js';
import { noPeer, peersOf, select, type Target } from './target.js';

/** What a platform gives the mesh. */
export interface Platform {
  /** A fresh channel's two raw ends; `undefined` where only the broker can make one. */
  channel(): readonly [object, object] | undefined;
  /** Makes a port of a raw one. `far` is at its other end; `undefined`: nobody knows who. */
  adopt(port: unknown, far: Peer | undefined): Port;
}

/** What a bus holds at a moment. All but `links` go back to 0 when nothing is under way. */
export interface BusLoad {
  /** Direct connections to other peers */
  readonly links: number;
  /** Requests made here that wait for their answer */
  readonly calls: number;
  /** Requests being answered here, asynchronously */
  readonly serving: number;
  /** Requests that wait for somebody to handle their channel */
  readonly parked: number;
  /** AbortSignals listened to */
  readonly signals: number;
}

type PeerNews = 'join' | 'leave' | 'change' | 'unresponsive' | 'responsive';

/** One peer's seat in the mesh: its links, the directory, and what happens between them. `Bus` is its public face. */
export class Mesh implements SeatListener, RequestsOwner, ReceiverOwner, LivenessOwner, OpenerOwner {
  readonly self: Peer;
  readonly directory: Directory;
  readonly news = new Listeners();
  readonly reports = new Reports();
  readonly dispatcher = new Dispatcher(this.reports);
  readonly requests = new Requests(this);
  readonly closed: Promise<CloseInfo>;
  readonly #welcome: Welcome;
  readonly #seat: Seat;
  readonly #platform: Platform;
  readonly #flow: Flow;
  readonly #own: Channels;
  readonly #receiver = new Receiver(this);
  readonly #liveness = new Liveness(this);
  readonly #turn = new Turn(this.#liveness.watch);
  readonly #links = new Set<Link>();
  #resolveClosed: (info: CloseInfo) => void = () => {};
  #closeInfo: CloseInfo | undefined;

  constructor(seat: Seat, welcome: Welcome, platform: Platform, flow: Flow) {
    this.self = welcome.self;
    this.#welcome = welcome;
    this.#seat = seat;
    this.#platform = platform;
    this.#flow = flow;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    const { channels } = welcome.limits;
    this.#own = new Channels(undefined, channels);
    this.directory = new Directory((entry) => this.#news('change', entry.peer), channels);
    for (const [peer, number, listens, handles, grant] of welcome.peers) {
      this.directory.state(this.directory.add(peer, grant), number, listens, handles);
    }
    seat.start(this);
  }

  get closeInfo(): CloseInfo | undefined {
    return this.#closeInfo;
  }

  links(): Iterable<Link> {
    return this.#links;
  }

  sync(): Promise<void> {
    return this.#seat.sync();
  }

  confirm(): Promise<void> {
    return this.#seat.confirm();
  }

  /** @throws MeshError `CLOSED` */
  check(call: string): void {
    if (this.#closeInfo) throw closedError(call, this.#closeInfo);
  }

  /** Why this bus may not send to a channel; `undefined`: it may. */
  refusal(call: string, channel: string): MeshError | undefined {
    const { send } = this.#welcome.grant;
    return send === undefined || allows(send, channel) ? undefined : notGranted(call, 'send to', channel);
  }

  // ---- own channels

  listen(channel: string): void {
    this.#checkReceive(`on('${channel}')`, channel);
    this.#announce(LISTEN, channel);
  }

  unlisten(channel: string): void {
    this.#announce(UNLISTEN, channel);
  }

  handle(channel: string, handling: Handling): void {
    const { handlers } = this.dispatcher;
    if (handlers.has(channel)) {
      throw invalid(`handle('${channel}')`, 'this bus handles the channel already. Dispose the first handler before.');
    }
    this.#checkReceive(`handle('${channel}')`, channel);
    this.#announce(HANDLE, channel); // it may throw LIMIT
    handlers.set(channel, handling);
  }

  unhandle(channel: string, handling: Handling): void {
    const { handlers } = this.dispatcher;
    if (handlers.get(channel) !== handling) return;
    handlers.delete(channel);
    this.#announce(UNHANDLE, channel);
  }

  #checkReceive(call: string, channel: string): void {
    if (!allows(this.#welcome.grant.receive, channel)) throw notGranted(call, 'receive from', channel);
  }

  /** Tells the broker, which tells everybody, and each linked peer, in order with what it is told besides. */
  #announce(change: number, channel: string): void {
    if (this.#closeInfo) return;
    const first = this.#own.number + 1;
    const changes = [change, channel];
    if (!this.#own.apply(first, changes)) {
      const { channels } = this.#welcome.limits;
      throw new MeshError('LIMIT', `'${channel}': a peer can listen to ${channels} channels, and handle as many.`);
    }
    this.#seat.changes(first, changes);
    for (const link of this.#links) if (link.open) link.sendChanges(first, changes);
  }

  // ---- sending

  send(target: Target, channel: string, args: readonly unknown[]): void {
    if (this.#closeInfo) throw closedError(`send('${channel}')`, this.#closeInfo);
    const refusal = this.refusal(`send('${channel}')`, channel);
    if (refusal) throw refusal;
    const receivers = select(target, this.directory.listening(channel));
    if (receivers.length !== 1) this.#checkReceivers(target, channel, args, receivers.length);
    if (receivers.length === 0) return;
    let copies: unknown[] | undefined;
    try {
      copies = capture(args);
    } catch (error) {
      throw unsendable(channel, error); // a getter threw
    }
    let full: Link[] | undefined;
    for (const entry of receivers) {
      const link = this.linkTo(entry);
      if (link.full) (full ??= []).push(link);
      else this.#sendOn(link, channel, args, copies);
    }
    if (full) this.#onFull(full, channel, receivers.length);
  }

  /** Nothing was sent to those. A slow receiver doesn't keep the others from theirs. */
  #onFull(links: readonly Link[], channel: string, receivers: number): void {
    const errors = links.map((link) => fullError(`send('${channel}')`, link));
    if (links.length === receivers) throw errors[0];
    links.forEach(({ peer }, index) => this.reports.dropped(peer, 1, channel, errors[index] as MeshError));
  }

  #checkReceivers(target: Target, channel: string, args: readonly unknown[], count: number): void {
    const call = `send('${channel}')`;
    if (count === 0 && target !== undefined && peersOf(target, this.directory).length === 0) {
      throw noPeer(call, target, this.directory);
    }
    if (!moves(args)) return;
    throw invalid(
      call,
      `what moves needs exactly one receiver, and ${count} peers listen. Choose one with to(peer), or send a copy, ` +
        `without transfer().`,
    );
  }

  #sendOn(link: Link, channel: string, args: readonly unknown[], copies: readonly unknown[] | undefined): void {
    if (!link.open) {
      return this.reports.dropped(link.peer, 1, channel, goneError(`send('${channel}')`, 'lost'));
    }
    try {
      link.sendEvent(channel, args, copies);
    } catch (error) {
      throw unsendable(channel, error);
    }
  }

  linkTo(entry: Entry): Link {
    return entry.link ?? this.#open(entry);
  }

  /** Keeps one end of a channel, to send on at once, and passes the other end on. */
  #open(entry: Entry): Link {
    const { peer } = entry;
    const ends = this.#platform.channel();
    const link = this.#link(entry, ends && this.#platform.adopt(ends[0], peer), true);
    if (ends) this.#seat.open(peer.id, entry.epoch, entry.channels.number, ends[1]);
    else this.#askForPort(entry, link);
    return link;
  }

  /** Only the broker can make a channel: what is sent meanwhile waits in the link. */
  #askForPort(entry: Entry, link: Link): void {
    this.#seat.channel().then(
      ([near, far]) => {
        // The peer may have opened the link in the meantime, or it has ended.
        if (link.attach(this.#platform.adopt(near, entry.peer))) {
          this.#seat.open(entry.peer.id, link.epoch, entry.channels.number, far);
        } else {
          (near as { close?: () => void }).close?.();
        }
      },
      () => link.end('bridge-gone'),
    );
  }

  /** A fresh channel's two raw ends. */
  channel(): readonly [object, object] | Promise<readonly [object, object]> {
    return this.#platform.channel() ?? this.#seat.channel();
  }

  openPort(target: Target, channel: string, args: readonly unknown[], options: CallOptions): Promise<MeshPort> {
    return openPort(this, target, channel, args, options);
  }

  /** Makes a port for the application of a raw one. `far`: who is at its other end, if that is known. */
  makePort(raw: object, far: Peer | undefined): MeshPort {
    return new MeshPort(this.#platform.adopt(raw, far), (other) => this.#platform.adopt(other, undefined));
  }

  adoptPort(link: Link, raw: object, opened: boolean): MeshPort {
    return this.makePort(raw, opened ? link.peer : undefined);
  }

  #link(entry: Entry, port: Port | undefined, opened: boolean): Link {
    const { peer, epoch } = entry;
    // Main and what it attached is trusted with everything.
    const { origin } = this.self;
    const trusted = (peer.origin === origin && origin !== 'null') || peer.process.type !== 'renderer';
    const link = new Link(this.#receiver, peer, port, {
      epoch,
      opened,
      redact: this.#welcome.redact && !trusted,
      trusted,
      grant: entry.grant,
      serving: this.#welcome.limits.serving,
      flow: this.#flow,
      turn: this.#turn,
    });
    entry.link = link;
    this.#links.add(link);
    return link;
  }

  /** Frames under way to those meant. */
  pending(target: Target): number {
    return peersOf(target, this.directory).reduce((sum, { link }) => sum + (link?.pending ?? 0), 0);
  }

  /** What this bus holds at the moment, as plain counts. */
  get load(): BusLoad {
    const load = { links: 0, calls: 0, serving: 0, ...this.requests.load };
    for (const link of this.#links) {
      load.links++;
      load.calls += link.load.calls;
      load.serving += link.load.serving;
    }
    return load;
  }

  /** Waits for every link; a loss since the last call, or while it waits, rejects. */
  async drain(): Promise<void> {
    this.check('drain()');
    const before = this.reports.takeLoss();
    if (before) throw before;
    const drained = await Promise.allSettled([...this.#links].map((link) => link.drain()));
    const failed = drained.find((each) => each.status === 'rejected');
    const lost: unknown = this.reports.takeLoss() ?? failed?.reason;
    if (failed) this.check('drain()');
    if (lost !== undefined) throw lost;
  }

  close(): void {
    if (this.#closeInfo) return;
    const info: CloseInfo = { reason: 'bye', local: true, detail: '' };
    this.#closeInfo = info;
    for (const link of [...this.#links]) link.bye((call) => closedError(`request('${call.channel}')`, info));
    this.#seat.bye();
    this.#finish(info);
  }

  #finish(info: CloseInfo): void {
    this.#liveness.stop();
    this.requests.close(() => closedError('request', info));
    this.#resolveClosed(info);
  }

  // ---- what the broker tells

  join(peer: Peer, grant: Grant): void {
    this.directory.add(peer, grant);
    this.#news('join', peer);
  }

  leave(id: string, reason: LeaveReason): void {
    const entry = this.directory.remove(id, reason);
    if (!entry) return;
    // Told when the last it had sent is dispatched, and what was pending with it has been rejected.
    if (entry.link) entry.link.left(reason);
    else this.#news('leave', entry.peer, reason);
  }

  change(id: string, first: number, changes: readonly unknown[]): void {
    const entry = this.directory.get(id);
    if (entry) this.directory.change(entry, first, changes);
  }

  link(from: string, epoch: number, known: number, raw: unknown): void {
    const entry = this.directory.get(from);
    if (!entry || epoch < entry.epoch) return (raw as { close?: () => void }).close?.();
    const port = this.#platform.adopt(raw, entry.peer);
    if (epoch > entry.epoch) {
      entry.link?.end('lost'); // the peer has noticed before us
      entry.epoch = epoch;
    }
    if (entry.link) {
      if (!entry.link.join(port)) port.close();
      return;
    }
    const link = this.#link(entry, port, false);
    // Its opener knows what we announced before it opened the link, unless that is still on the way through the broker.
    const own = this.#own;
    if (known < own.number) link.sendState(own.number, [...own.listens], [...own.handles]);
  }

  unlinked(to: string, epoch: number): void {
    const link = this.directory.get(to)?.link;
    if (link?.epoch === epoch) link.end('lost');
  }

  ended(reason: LeaveReason, detail: string): void {
    if (this.#closeInfo) return;
    const info: CloseInfo = { reason, local: false, detail };
    this.#closeInfo = info;
    for (const link of [...this.#links]) {
      link.end(reason, (call) => closedError(`request('${call.channel}')`, info));
    }
    this.#finish(info);
  }

  // ---- what links tell

  unresponsive(link: Link): void {
    this.#news('unresponsive', link.peer);
  }

  responsive(link: Link): void {
    link.silent = false;
    this.#news('responsive', link.peer);
  }

  linkEnded(link: Link, reason: LeaveReason, lost: number): void {
    this.#links.delete(link);
    const entry = this.directory.get(link.peer.id);
    if (entry?.link === link) {
      entry.link = undefined;
      entry.epoch = link.epoch + 1;
    }
    // Behind an own BYE everything arrives.
    if (lost > 0 && !this.#closeInfo?.local) {
      const call = `send to ${link.peer.name} (${link.peer.id})`;
      const error = this.#closeInfo ? closedError(call, this.#closeInfo) : goneError(call, reason);
      this.reports.dropped(link.peer, lost, undefined, error);
    }
    if (!entry && !this.#closeInfo) this.#news('leave', link.peer, this.directory.whyLeft(link.peer.id) ?? reason);
  }

  // ---- telling the application

  #news(kind: PeerNews, peer: Peer, reason?: LeaveReason): void {
    if (this.news.count(kind) > 0) {
      this.news.call(kind, reason ? [peer, reason] : [peer], (error) => this.reports.failed(error, peer, undefined));
    }
    if (kind !== 'leave') this.requests.retry();
  }
}

function notGranted(call: string, what: string, channel: string): MeshError {
  const text = `${call}: this peer is not granted to ${what} '${channel}'. Grant it with authorize() in the main process.`;
  return new MeshError('NOT_AUTHORIZED', text);
}

function unsendable(channel: string, error: unknown): MeshError {
  return notCloneable(error, `send('${channel}'): an argument can't be sent: `);
}
