import type { Seat, SeatListener } from '../broker/seat.js';
import type { Welcome } from '../broker/control.js';
import { Directory } from '../directory/directory.js';
import { Channels, HANDLE, LISTEN, UNHANDLE, UNLISTEN, type Entry } from '../directory/entry.js';
import { judging, permits, sendsAll, type Act, type Grant } from '../directory/grant.js';
import type { Limits } from '../directory/limits.js';
import type { Peer } from '../directory/peer.js';
import { invalid, MeshError, type LeaveReason } from '../errors/mesh-error.js';
import { describeCall, goneError } from '../link/calls.js';
import type { Link } from '../link/link.js';
import type { Flow } from '../link/flow.js';
import { Turn } from '../link/turn.js';
import { Leases } from '../port/leases.js';
import { MeshPort } from '../port/mesh-port.js';
import { closedError, type CloseInfo } from './close-info.js';
import { Dispatcher, type Handling } from './dispatcher.js';
import { drain } from './draining.js';
import { inTime } from './in-time.js';
import { Links, staleError, unlinkedError } from './links.js';
import { Listeners } from './listeners.js';
import { Reports } from './reports.js';
import { Liveness, type LivenessOwner } from './liveness.js';
import { openPort, type OpenerOwner } from './opening.js';
import type { Platform } from './platform.js';
import { Receiver, type ReceiverOwner } from './receiver.js';
import { TIMEOUT_MS, type CallOptions } from './request.js';
import { Requests, type RequestsOwner } from './requests.js';
import { Sending } from './sending.js';
import { isMeant, peersOf, type Target } from './target.js';

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
  /** Functions and iterables of services that were passed by reference, both ways, and are still good */
  readonly references: number;
}

/** What services and the like are told besides: see `meshOf`. */
export const UNLINKED = 'unlinked';

type PeerNews = 'join' | 'leave' | 'change' | 'unresponsive' | 'responsive' | 'stale' | 'fresh';

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
  readonly #own: Channels;
  readonly #liveness = new Liveness(this);
  readonly turn = new Turn(this.#liveness.watch);
  readonly #links: Links;
  readonly #sending: Sending;
  readonly #leases = new Leases();
  /** Links of layers that build on this one, over ports of their own. They end with it, and with their peers. */
  readonly lines = new Set<Link>();
  /** The broker is gone, and is looked for: the directory is as it was then. */
  isStale = false;
  /** See `BusLoad.references`: counted by who passes them. */
  references: { readonly size: number } | undefined;
  #resolveClosed: (info: CloseInfo) => void = () => {};
  #closeInfo: CloseInfo | undefined;

  constructor(seat: Seat, welcome: Welcome, platform: Platform, flow: Flow) {
    this.self = welcome.self;
    this.#welcome = welcome;
    this.#seat = seat;
    this.#platform = platform;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    const { limits } = welcome;
    this.#own = new Channels(undefined, limits.channels);
    this.directory = new Directory((entry) => this.#news('change', entry.peer), limits.channels);
    for (const [peer, number, listens, handles, grant] of welcome.peers) {
      this.directory.state(this.directory.add(peer, grant), number, listens, handles);
    }
    const { self, redact } = welcome;
    const owner = new Receiver(this);
    const { turn } = this;
    this.#links = new Links({ self, own: this.#own, seat, platform, owner, flow, turn, redact, limits });
    this.#sending = new Sending({ directory: this.directory, links: this.#links, reports: this.reports, turn });
    seat.start(this);
  }

  get closeInfo(): CloseInfo | undefined {
    return this.#closeInfo;
  }

  get limits(): Limits {
    return this.#welcome.limits;
  }

  links(): Iterable<Link> {
    return this.#links;
  }

  sync(): Promise<void> {
    return this.#seat.sync();
  }

  confirm(call: string): Promise<void> {
    return this.#answer(call, this.#seat.confirm(), ' The listener is there; whether all know of it can not be said.');
  }

  query(): Promise<unknown> {
    return this.#answer('queryState()', this.#seat.query());
  }

  #answer<T>(call: string, answer: Promise<T>, more = ''): Promise<T> {
    const late = (): string => `no answer of the broker after ${TIMEOUT_MS} ms: its process is blocked.${more}`;
    return inTime(this, answer, { call, timeout: TIMEOUT_MS }, late);
  }

  /** @throws MeshError `CLOSED` */
  check(call: string): void {
    if (this.#closeInfo) throw closedError(call, this.#closeInfo);
  }

  /** Why this bus may not ask for anything on a channel; `undefined`: it may. */
  refusal(call: string, channel: string): MeshError | undefined {
    return this.#may('ask', channel) ? undefined : notGranted(call, 'ask', channel);
  }

  #may(act: 'send' | 'ask', channel: string): boolean {
    const { grant } = this.#welcome;
    return sendsAll(grant) || permits(grant, act, channel);
  }

  // ---- own channels

  listen(channel: string): void {
    this.#checkReceive(`on('${channel}')`, 'listen', channel);
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
    this.#checkReceive(`handle('${channel}')`, 'handle', channel);
    this.#announce(HANDLE, channel); // it may throw LIMIT
    handlers.set(channel, handling);
  }

  unhandle(channel: string, handling: Handling): void {
    const { handlers } = this.dispatcher;
    if (handlers.get(channel) !== handling) return;
    handlers.delete(channel);
    this.#announce(UNHANDLE, channel);
  }

  #checkReceive(call: string, act: Act, channel: string): void {
    if (!permits(this.#welcome.grant, act, channel)) throw notGranted(call, act, channel);
  }

  /** Tells the broker, which tells everybody, and each linked peer, in order with what it is told besides. */
  #announce(change: number, channel: string): void {
    if (this.#closeInfo) return;
    const first = this.#own.number + 1;
    const changes = [change, channel];
    if (!this.#own.apply(first, changes)) {
      const { channels } = this.limits;
      const call = `${change === LISTEN ? 'on' : 'handle'}('${channel}')`;
      const text = `${call}: a peer can listen to ${channels} channels, and handle as many. Raise it with limits: { channels }.`;
      throw new MeshError('LIMIT', text);
    }
    this.#seat.changes(first, changes);
    for (const link of this.#links) if (link.open) link.sendChanges(first, changes);
  }

  // ---- sending

  send(target: Target, channel: string, args: readonly unknown[]): void {
    if (this.#closeInfo) throw closedError(`send('${channel}')`, this.#closeInfo);
    if (!this.#may('send', channel)) throw notGranted(`send('${channel}')`, 'send', channel);
    this.#sending.send(target, channel, args);
  }

  linkTo(entry: Entry): Link {
    return this.#links.to(entry);
  }

  /** See `Platform.away`. Who is linked is near. */
  away({ link, peer }: Entry): boolean {
    return !(link?.open && link.connected) && this.#platform.away?.(peer) === true;
  }

  /** See `Links.redacts`. Who has left is not to learn more. */
  redacts({ id }: Peer): boolean {
    const entry = this.directory.get(id);
    return !entry || this.#links.redacts(entry);
  }

  staleError(call: string): MeshError {
    return staleError(call, this.#platform);
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
    const adopted = this.#platform.adopt(raw, far);
    const port = far ? this.#leases.lease(far, adopted) : adopted;
    // It may have left while this was on its way.
    if (far && !this.directory.get(far.id)) this.#leases.left(far.id, this.directory.whyLeft(far.id));
    return new MeshPort(port, (other) => this.#platform.adopt(other, undefined));
  }

  adoptPort(link: Link, raw: object, opened: boolean): MeshPort {
    return this.makePort(raw, opened ? link.peer : undefined);
  }

  /** Frames under way to those meant. */
  pending(target: Target): number {
    return peersOf(target, this.directory).reduce((sum, { link }) => sum + (link?.pending ?? 0), 0);
  }

  /** What this bus holds at the moment, as plain counts. */
  get load(): BusLoad {
    const load = { links: 0, calls: 0, serving: 0, references: this.references?.size ?? 0, ...this.requests.load };
    for (const link of this.#links) {
      load.links++;
      load.calls += link.load.calls;
      load.serving += link.load.serving;
    }
    return load;
  }

  /** Waits for the links of those meant; a loss since the last call for them, or while it waits, rejects. */
  async drain(target: Target, options: CallOptions): Promise<void> {
    this.check('drain()');
    const before = this.reports.takeLoss(target);
    if (before) throw before;
    const links = [...this.#links].filter((link) => isMeant(target, link));
    const ended = await drain('drain()', links, options);
    if (ended !== undefined) this.check('drain()');
    const lost = this.reports.takeLoss(target) ?? ended;
    if (lost !== undefined) throw lost;
  }

  close(): void {
    if (this.#closeInfo) return;
    const info: CloseInfo = { reason: 'bye', local: true, detail: '' };
    this.#closeInfo = info;
    for (const link of [...this.#links, ...this.lines]) link.bye((call) => closedError(describeCall(call), info));
    this.#seat.bye();
    this.#finish(info);
  }

  #finish(info: CloseInfo): void {
    this.#liveness.stop();
    this.requests.close((call) => closedError(describeCall(call), info));
    this.#resolveClosed(info);
  }

  // ---- what the broker tells

  join(peer: Peer, grant: Grant): void {
    // It had left, and is back before all was told that it had sent before.
    for (const link of this.#links) {
      if (link.peer.id === peer.id) link.end(this.directory.whyLeft(peer.id) ?? 'lost');
    }
    this.directory.add(peer, grant);
    this.#news('join', peer);
  }

  leave(id: string, reason: LeaveReason): void {
    const entry = this.directory.remove(id, reason);
    this.#leases.left(id, reason);
    for (const line of this.lines) if (line.peer.id === id) line.left(reason);
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
    this.#links.accept(this.directory.get(from), epoch, known, raw);
  }

  unlinked(to: string, epoch: number, why: string | undefined): void {
    const link = this.directory.get(to)?.link;
    if (link?.epoch === epoch) link.end('lost', why === undefined ? undefined : unlinkedError(why));
  }

  state(id: string, number: number, listens: unknown, handles: unknown): void {
    const entry = this.directory.get(id);
    if (entry) this.directory.state(entry, number, listens, handles);
  }

  stale(is: boolean): void {
    this.isStale = is;
    this.#news(is ? 'stale' : 'fresh', this.self);
  }

  ended(reason: LeaveReason, detail: string): void {
    if (this.#closeInfo) return;
    const info: CloseInfo = { reason, local: false, detail };
    this.#closeInfo = info;
    for (const link of [...this.#links, ...this.lines]) {
      link.end(reason, (call) => closedError(describeCall(call), info));
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
    if (this.lines.delete(link)) return;
    const entry = this.directory.get(link.peer.id);
    this.#links.remove(link, entry);
    // Behind an own BYE everything arrives, once there is a way for it.
    if (lost > 0 && !(this.#closeInfo?.local && link.connected)) {
      const call = `send to ${link.peer.name} (${link.peer.id})`;
      const error = this.#closeInfo
        ? closedError(call, this.#closeInfo)
        : this.isStale && reason === 'bridge-gone'
          ? this.staleError(call)
          : goneError(call, reason);
      this.reports.dropped(link.peer, lost, undefined, error);
    }
    this.news.call(UNLINKED, [link.peer.id, reason], () => {});
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

function notGranted(call: string, act: Act, channel: string): MeshError {
  const [member, name] = judging(act, channel);
  const fix = `Add it to '${member}' of its grant: of authorize(), share() or attach().`;
  return new MeshError('NOT_AUTHORIZED', `${call}: this peer is not granted '${name}'. ${fix}`);
}
