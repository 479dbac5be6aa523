import { MeshError, notCloneable, type LeaveReason } from '../errors/mesh-error.js';
import type { Peer } from '../directory/peer.js';
import type { MeshPort } from '../port/mesh-port.js';
import type { Port } from '../port/port.js';
import { startTimer, type Timer } from '../timer.js';
import * as wire from '../wire/frames.js';
import { Arrivals } from './arrivals.js';
import { Asked } from './asked.js';
import type { Broadcast } from './broadcast.js';
import { describeCall, goneError, type Call } from './calls.js';
import type { Drained } from './drains.js';
import type { Flow } from './flow.js';
import { Incoming, type IncomingOptions, type IncomingOwner, type Serving } from './incoming.js';
import { Outbox } from './outbox.js';
import { readFrame, unfold } from './reader.js';
import type { Turn } from './turn.js';
import type { Lone } from './window.js';
import { Writer } from './writer.js';

/** How long a closed link waits for the reason, and a peer that left for the end of what it had sent. */
const LINGER_MS = 235;

export interface LinkOptions extends IncomingOptions {
  /** See `Link.epoch` */
  readonly epoch: number;
  /** See `Link.opened` */
  readonly opened: boolean;
  /** Whether errors go there without stacks and paths. */
  readonly redact: boolean;
  readonly flow: Flow;
  /** Of the bus it belongs to */
  readonly turn: Turn;
}

/** What a link tells its owner. None of these may throw. */
export interface LinkOwner extends IncomingOwner<Link> {
  /** A call is settled, or is on its way to another link. */
  released(call: Call): void;
  /** An event the peer could not read, or that could not be posted. */
  unreadable(link: Link, channel: string, error: MeshError): void;
  /** Something arrived that is no frame of ours. */
  malformed(link: Link, problem: string, count: number): void;
  /** The peer was silent, and isn't any more. */
  responsive(link: Link): void;
  /** Makes a port for the application of a raw one that arrived. `opened`: the peer itself is at its other end. */
  adopt(link: Link, raw: object, opened: boolean): MeshPort;
  /** Over. `lost` events may not have arrived. */
  linkEnded(link: Link, reason: LeaveReason, lost: number): void;
}

/**
 * The direct connection of two peers.
 *
 * 1. The opener keeps one end of a channel and sends at once; the other end is on its way to the peer. Where only the broker
 *    can make a channel, what is sent waits for it.
 * 2. Each side pins one port to send on: the one it received if it had sent nothing yet, else the one it opened. So a link
 *    has a second port where both opened at once, and each direction is in order. Either port's close ends the link.
 * 3. A peer that leaves in order says BYE, its last frame. A port that closes without it leaves the pending calls waiting
 *    `LINGER_MS` for the broker's word on the reason; new ones fail at once.
 */
export class Link {
  readonly peer: Peer;
  /** How many links with this peer have ended before this one: tells a new link from a late one. */
  readonly epoch: number;
  /** Whether this side opened it; if so, a port that the peer opened may still join it, once. */
  readonly opened: boolean;
  /** Whether the peer could speak for this side anyway: it is of the same origin, or main's own. */
  readonly trusted: boolean;
  /** Posts that have arrived: who looks again and finds more knows that the peer lives. */
  heard = 0;
  /** Whether it is taken to hang. */
  silent = false;
  /** Told of a call of the peer's whose answer it won't take: it can't be sent, or read there, or nobody waits for it any more. */
  untaken: ((id: unknown) => void) | undefined;
  readonly #owner: LinkOwner;
  readonly #options: LinkOptions;
  readonly #outbox: Outbox;
  readonly #writer: Writer;
  readonly #arrivals: Arrivals;
  readonly #asked: Asked;
  readonly #incoming: Incoming<Link>;
  #inbound: Port | undefined;
  #malformedCount = 0;
  #state: 'open' | 'closing' | 'ended' = 'open';
  /** Of its one or two ports. There is no order across them: what was sent on one may come behind the other's close. */
  #openPorts = 0;
  #reason: LeaveReason | undefined;
  #timer: Timer | undefined;

  /** @param port `undefined` if it has to be waited for; see `attach` */
  constructor(owner: LinkOwner, peer: Peer, port: Port | undefined, options: LinkOptions) {
    this.#owner = owner;
    this.#options = options;
    this.peer = peer;
    this.epoch = options.epoch;
    this.opened = options.opened;
    this.trusted = options.trusted;
    this.#outbox = new Outbox({
      port,
      turn: options.turn,
      flow: options.flow,
      onFailure: () => this.end('lost'),
      onUnpostable: (lone, error) => this.#failLone(lone, (call) => notCloneable(error, `${call}: `)),
    });
    this.#writer = new Writer(this.#outbox, options.redact, options.limits);
    this.#arrivals = new Arrivals((raw, opened) => owner.adopt(this, raw, opened));
    this.#asked = new Asked(this, owner, options.turn, this.#outbox, this.#writer);
    this.#incoming = new Incoming(this, owner, options, this.#asked, this.#arrivals);
    if (port) this.#listen(port);
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  /** Whether so much waits to be sent that no more should be. */
  get full(): boolean {
    return this.#outbox.full;
  }

  get pending(): number {
    return this.#outbox.pending;
  }

  /** How many frames went alone: each of them may be more than the peer can read. */
  get alone(): number {
    return this.#outbox.alone;
  }

  /** Whether the peer owes something: a sign that it has dispatched what was sent, or an answer. */
  get owed(): boolean {
    return this.#state === 'open' && (this.#outbox.pending > 0 || this.#asked.size > 0);
  }

  /** Whether there is a port: while the broker is still to make one, the peer's silence says nothing of it. */
  get connected(): boolean {
    return this.#openPorts > 0;
  }

  /** Calls under way, both ways: made here, and served here. */
  get load(): { readonly calls: number; readonly serving: number } {
    return { calls: this.#asked.size, serving: this.#incoming.size };
  }

  /** The port that was waited for is there. False if it isn't needed: the link has ended, or the peer's came first. */
  attach(port: Port): boolean {
    if (this.#openPorts > 0 || this.#state !== 'open') return false;
    this.#listen(port);
    this.#outbox.attach(port);
    return true;
  }

  /** The peer opened a port at the same time. False if it can't have: the link has one already. */
  join(port: Port): boolean {
    if (this.attach(port)) return true;
    if (!this.opened || this.#inbound || this.#state !== 'open') return false;
    this.#inbound = port;
    this.#listen(port);
    return true;
  }

  // ---- sending

  /** Sends an event: `copies` if it could be captured, else `args` alone. Throws `NOT_CLONEABLE`, `LIMIT`; nothing is sent then. */
  sendEvent(channel: string, args: readonly unknown[], copies: readonly unknown[] | undefined): void {
    this.#writer.event(channel, args, copies);
  }

  /** See `Outbox.cork` */
  cork(): boolean {
    return this.#outbox.cork();
  }

  uncork(): void {
    this.#outbox.uncork();
  }

  /** Sends the event that was added last to what several peers get. False: it has to be sent by itself. */
  share(broadcast: Broadcast): boolean {
    return this.#outbox.share(broadcast);
  }

  /** Puts a call under way. Throws `NOT_CLONEABLE`, `LIMIT`; the call is not on this link then. */
  sendCall(call: Call, args: readonly unknown[]): void {
    this.#asked.send(call, args);
  }

  /** The handler's result, or the end of a stream. Throws `NOT_CLONEABLE`, `LIMIT`; nothing is sent then. */
  answer(id: number, channel: string, value: unknown): void {
    if (this.#state !== 'open') return;
    this.#incoming.served(id);
    this.#writer.result(id, channel, value);
  }

  /** What the handler threw. Something that is no error and can't be sent rejects with the reason for that. */
  fail(id: number, channel: string, thrown: unknown): void {
    if (this.#state !== 'open') return;
    this.#incoming.served(id);
    this.untaken?.(id);
    this.#writer.failure(id, channel, thrown);
  }

  /** Not handled here: gives the arguments back. `args[0]` is not one of them. */
  missed(id: number, channel: string, args: readonly unknown[]): void {
    if (this.#state !== 'open') return;
    this.#writer.missed(id, channel, this.#arrivals.giveBack(args.slice(1)));
  }

  /** A request or stream is being served: its caller's abort, and the end of the link, reach it. */
  serve(id: number, serving: Serving): void {
    this.#incoming.serve(id, serving);
  }

  /** The application has the ports that came with the frame that is being read. */
  keepPorts(): void {
    this.#arrivals.take();
  }

  /** What is being served on a channel ends with that error. */
  withdraw(channel: string, error: MeshError): void {
    this.#incoming.withdraw(channel, error);
  }

  started(id: number): void {
    this.#outbox.frame().push(wire.STARTED, id);
  }

  /** Sends an item of a stream; returns its cost. Throws `NOT_CLONEABLE`, `LIMIT`; nothing is sent then. */
  sendItem(id: number, channel: string, value: unknown): number {
    const cost = this.#writer.item(id, channel, value);
    this.#options.turn.hold();
    return cost;
  }

  sendChanges(first: number, changes: readonly (number | string)[]): void {
    this.#outbox.frame().push(wire.CHANGES, first, changes.length, ...changes);
  }

  sendState(number: number, listens: readonly string[], handles: readonly string[]): void {
    this.#outbox.frame().push(wire.STATE, number, listens, handles);
  }

  /** See `Outbox.drain` */
  drain(drained: Drained): () => void {
    return this.#outbox.drain(drained);
  }

  /** Asks for a sign of life, if nothing under way does. */
  probe(): void {
    if (this.#outbox.pending === 0) this.#outbox.frame().push(wire.ECHO);
  }

  /** Rejects the calls whose time is over, and returns when the next one's is. */
  sweep(now: number): number {
    return this.#asked.sweep(now);
  }

  // ---- ending

  /** The peer has left, says the broker. What it had sent before is still dispatched, for a while. */
  left(reason: LeaveReason): void {
    if (this.#state === 'ended') return;
    this.#reason = reason;
    if (this.#openPorts === 0 || reason === 'evicted') this.end(reason);
    else this.#linger();
  }

  /** Ends it in order, on this side's wish. */
  bye(error: (call: Call) => unknown): void {
    if (this.#state === 'open') this.#outbox.finish(wire.BYE);
    this.end('bye', error);
  }

  /** Ends it: everything pending rejects, everything being served is aborted, the ports are closed. Idempotent. */
  end(
    reason: LeaveReason,
    error: (call: Call) => unknown = (call) => goneError(describeCall(call), reason),
    gone = goneError(`link to ${this.peer.name} (${this.peer.id})`, reason),
  ): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#timer?.stop();
    const lost = this.#outbox.close(gone);
    this.#outbox.port?.close();
    this.#inbound?.close();
    this.#asked.end(error);
    this.#incoming.end(gone);
    this.#owner.linkEnded(this, reason, lost);
  }

  #onPortClose(): void {
    if (this.#state === 'ended') return;
    this.#openPorts--;
    if (this.#reason && this.#openPorts === 0) return this.end(this.#reason);
    this.#state = 'closing';
    this.#linger();
  }

  #linger(): void {
    this.#timer ??= startTimer(LINGER_MS, () => this.end(this.#reason ?? 'lost'));
  }

  // ---- receiving

  #listen(port: Port): void {
    this.#openPorts++;
    port.start({
      message: (data, ports) => this.#onPost(data, ports),
      unreadable: () => this.#onUnreadable(),
      close: () => this.#onPortClose(),
    });
  }

  #onPost(data: unknown, ports: readonly unknown[]): void {
    this.#hear();
    this.#arrivals.begin(ports);
    if (this.#state !== 'ended') this.#readPost(data);
    this.#arrivals.end();
  }

  #hear(): void {
    this.heard++;
    if (this.silent && this.#state !== 'ended') this.#owner.responsive(this);
  }

  #readPost(posted: unknown): void {
    const data = unfold(posted);
    if (!data) {
      this.malformed('a post that is no array of frames');
      this.#outbox.dispatched(0, false);
      return;
    }
    let at = 1;
    let frames = 0;
    let reply = false;
    // A listener of ours may end the link: then nothing behind it is told any more.
    while (at < data.length && (this.#state as string) !== 'ended') {
      if (data[at] === wire.ECHO) reply = true;
      const next = readFrame(data, at, this.#incoming);
      if (next < 0) {
        // Never `String()` of what came from there: an object's own `toString` makes that throw.
        const kind: unknown = data[at];
        this.malformed(`a frame of kind ${typeof kind === 'number' ? kind : typeof kind} that makes no sense`);
        break;
      }
      if (this.#arrivals.announced && data[at] !== wire.PORTS) this.#arrivals.end();
      frames++;
      at = next;
    }
    // Its last frame may have been BYE, or a listener of ours may have ended the link.
    if ((this.#state as string) === 'ended') return;
    // Behind the frames: UNREADABLE speaks of a post that this very number acknowledges.
    if (!wire.isCount(data[0]) || !this.#outbox.acknowledge(data[0])) {
      this.malformed('an acknowledgement of what was never sent');
    }
    this.#outbox.dispatched(frames, reply);
  }

  malformed(problem: string): void {
    this.#owner.malformed(this, problem, ++this.#malformedCount);
  }

  #onUnreadable(): void {
    this.#hear();
    if (this.#state !== 'ended') this.#outbox.unreadable();
  }

  // ---- what went alone, and did not get there

  /** The peer can't read a post of ours: it was one that went alone. */
  unreadThere(post: number): void {
    const lone = this.#outbox.takeLone(post);
    if (!lone) return;
    this.#failLone(lone, (call, fix) => {
      const text = `${call}: ${this.peer.name} (${this.peer.id}) can't read a value of it in its process. ${fix} plain data, or typed arrays and buffers, instead.`;
      return new MeshError('NOT_CLONEABLE', text);
    });
  }

  /** What went alone did not get there. */
  #failLone({ kind, id, channel }: Lone, error: (call: string, fix: string) => MeshError): void {
    const call = kind === wire.REQUEST || kind === wire.STREAM || kind === wire.PORT;
    if (call) {
      this.#asked.reject(id, (failed) => error(describeCall(failed), 'Send'));
    } else if (kind === wire.EVENT) {
      this.#owner.unreadable(this, channel, error(`send('${channel}')`, 'Send'));
    } else {
      this.#incoming.undelivered(id, channel, error(`handle('${channel}')`, kind === wire.ITEM ? 'Yield' : 'Return'));
    }
  }
}
