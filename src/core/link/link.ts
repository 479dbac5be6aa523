import { decodeError } from '../errors/wire-error.js';
import { MeshError, notCloneable, type LeaveReason } from '../errors/mesh-error.js';
import { allows, type Grant } from '../directory/grant.js';
import type { Peer } from '../directory/peer.js';
import type { MeshPort } from '../port/mesh-port.js';
import type { Port } from '../port/port.js';
import { startTimer, type Timer } from '../timer.js';
import * as wire from '../wire/frames.js';
import { Arrivals } from './arrivals.js';
import { deadlineOf, describeCall, fail, goneError, timeoutError, type Call, type Carrier } from './calls.js';
import type { Flow } from './flow.js';
import { Outbox } from './outbox.js';
import { readFrame, type FrameSink } from './reader.js';
import type { Turn } from './turn.js';
import type { Lone } from './window.js';
import { Writer } from './writer.js';

/** How long a closed link waits for the reason, and a peer that left for the end of what it had sent. */
const LINGER_MS = 200;

/** A request or a stream being served. */
export interface Serving {
  /** Its caller no longer waits. */
  abort(reason: unknown): void;
  /** A stream's consumer has taken so much. */
  credit?(amount: number): void;
}

export interface LinkOptions {
  /** See `Link.epoch` */
  readonly epoch: number;
  /** See `Link.opened` */
  readonly opened: boolean;
  /** Whether errors go there without stacks and paths. */
  readonly redact: boolean;
  /** See `Link.trusted` */
  readonly trusted: boolean;
  /** What the peer may do. */
  readonly grant: Grant;
  /** Requests and streams of the peer that may be served at a time. */
  readonly serving: number;
  readonly flow: Flow;
  /** Of the bus it belongs to */
  readonly turn: Turn;
}

/** What a link tells its owner. None of these may throw. */
export interface LinkOwner {
  /** An event. `args[0]` is a free place for the event object, the arguments stand behind it. */
  event(link: Link, channel: string, args: unknown[]): void;
  /** A request, to be settled by `answer`, `fail` or `missed`. `args` as above. */
  request(link: Link, id: number, channel: string, args: unknown[]): void;
  /** A stream that is asked for, settled the same way when it has ended. */
  stream(link: Link, id: number, channel: string, args: unknown[], credit: number): void;
  /** A port that is handed over; settled the same way. */
  port(link: Link, id: number, channel: string, args: unknown[], port: MeshPort): void;
  /** The peer doesn't handle the channel; the arguments came back. */
  missed(link: Link, call: Call, args: unknown[]): void;
  changes(link: Link, first: number, changes: readonly unknown[]): boolean;
  state(link: Link, number: unknown, listens: unknown, handles: unknown): boolean;
  /** A call is settled, or is on its way to another link. */
  released(call: Call): void;
  /** An event the peer could not read, or that could not be posted. */
  unreadable(link: Link, channel: string, error: MeshError): void;
  /** An event on a channel that the peer may not send to; the count of such. */
  refused(link: Link, channel: string, error: MeshError, count: number): void;
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
export class Link implements FrameSink, Carrier {
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
  readonly #owner: LinkOwner;
  readonly #options: LinkOptions;
  readonly #outbox: Outbox;
  readonly #writer: Writer;
  readonly #arrivals: Arrivals;
  readonly #calls = new Map<number, Call>();
  readonly #serving = new Map<number, Serving>();
  #inbound: Port | undefined;
  #lastId = 0;
  #malformedCount = 0;
  #refusedCount = 0;
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
    this.#writer = new Writer(this.#outbox, options.redact);
    this.#arrivals = new Arrivals((raw, opened) => owner.adopt(this, raw, opened));
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
    return this.#state === 'open' && (this.#outbox.pending > 0 || this.#calls.size > 0);
  }

  /** Calls under way, both ways: made here, and served here. */
  get load(): { readonly calls: number; readonly serving: number } {
    return { calls: this.#calls.size, serving: this.#serving.size };
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

  /** Sends an event: `copies` if it could be captured, else `args` alone. Throws `NOT_CLONEABLE`; nothing is sent then. */
  sendEvent(channel: string, args: readonly unknown[], copies: readonly unknown[] | undefined): void {
    this.#writer.event(channel, args, copies);
  }

  /** Puts a call under way. Throws `NOT_CLONEABLE`; the call is not on this link then. */
  sendCall(call: Call, args: readonly unknown[]): void {
    const id = ++this.#lastId;
    let copies: readonly unknown[] | undefined;
    if (call.kind === wire.REQUEST) copies = this.#writer.request(id, call.channel, args);
    else if (call.stream) copies = this.#writer.stream(id, call.channel, args, call.stream.credit);
    else this.#writer.port(id, call.channel, args, call.port as object);
    call.started ??= copies ? this.#options.turn.stamp : { time: performance.now() };
    // Kept only for where it is needed: what lives as long as its call costs a tenth of their rate.
    call.copies = this.trusted ? undefined : copies;
    call.link = this;
    call.id = id;
    this.#calls.set(id, call);
  }

  /** The handler's result, or the end of a stream. Throws `NOT_CLONEABLE`; nothing is sent then. */
  answer(id: number, channel: string, value: unknown): void {
    if (this.#state !== 'open') return;
    this.#serving.delete(id);
    this.#writer.result(id, channel, value);
  }

  /** What the handler threw. Something that is no error and can't be sent rejects as `NOT_CLONEABLE`. */
  fail(id: number, channel: string, thrown: unknown): void {
    if (this.#state !== 'open') return;
    this.#serving.delete(id);
    this.#writer.failure(id, channel, thrown);
  }

  /** Not handled here: gives the arguments back. `args[0]` is not one of them. */
  missed(id: number, channel: string, args: readonly unknown[]): void {
    if (this.#state !== 'open') return;
    this.#writer.missed(id, channel, this.#arrivals.giveBack(args.slice(1)));
  }

  /** A request or stream is being served: its caller's abort, and the end of the link, reach it. */
  serve(id: number, serving: Serving): void {
    this.#serving.set(id, serving);
  }

  /** The application has the ports that came with the frame that is being read. */
  keepPorts(): void {
    this.#arrivals.take();
  }

  started(id: number): void {
    this.#outbox.frame().push(wire.STARTED, id);
  }

  /** Sends an item of a stream; returns its cost. Throws `NOT_CLONEABLE`; nothing is sent then. */
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

  drain(): Promise<void> {
    return this.#outbox.drain();
  }

  /** Asks for a sign of life, if nothing under way does. */
  probe(): void {
    if (this.#outbox.pending === 0) this.#outbox.frame().push(wire.ECHO);
  }

  // ---- calls

  cancel(call: Call, error: () => unknown): void {
    if (this.#drop(call)) fail(call, error);
  }

  abandon(call: Call): void {
    if (this.#drop(call)) call.resolve(undefined);
  }

  credit(call: Call, cost: number): void {
    if (this.#state === 'open') this.#outbox.frame().push(wire.CREDIT, call.id, cost);
  }

  /** Rejects the calls whose time is over, and returns when the next one's is. */
  sweep(now: number): number {
    let next = Infinity;
    for (const call of this.#calls.values()) {
      const deadline = deadlineOf(call);
      if (deadline <= now) this.cancel(call, () => timeoutError(call));
      else if (deadline < next) next = deadline;
    }
    return next;
  }

  #drop(call: Call): boolean {
    if (this.#calls.get(call.id) !== call) return false;
    if (this.#state === 'open') this.#outbox.frame().push(wire.ABORT, call.id);
    this.#take(call);
    return true;
  }

  #take(call: Call): Call {
    this.#calls.delete(call.id);
    this.#owner.released(call);
    return call;
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
  end(reason: LeaveReason, error: (call: Call) => unknown = (call) => goneError(describeCall(call), reason)): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#timer?.stop();
    const gone = goneError(`link to ${this.peer.name} (${this.peer.id})`, reason);
    const lost = this.#outbox.close(gone);
    this.#outbox.port?.close();
    this.#inbound?.close();
    for (const call of [...this.#calls.values()]) fail(this.#take(call), () => error(call));
    for (const serving of this.#serving.values()) serving.abort(gone);
    this.#serving.clear();
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

  #readPost(data: unknown): void {
    if (!Array.isArray(data)) {
      this.#malformed('a post that is no array');
      this.#outbox.dispatched(0, false);
      return;
    }
    let at = 1;
    let frames = 0;
    let reply = false;
    // A listener of ours may end the link: then nothing behind it is told any more.
    while (at < data.length && (this.#state as string) !== 'ended') {
      if (data[at] === wire.ECHO) reply = true;
      const next = readFrame(data, at, this);
      if (next < 0) {
        // Never `String()` of what came from there: an object's own `toString` makes that throw.
        const kind: unknown = data[at];
        this.#malformed(`a frame of kind ${typeof kind === 'number' ? kind : typeof kind} that makes no sense`);
        break;
      }
      frames++;
      at = next;
    }
    // Its last frame may have been BYE, or a listener of ours may have ended the link.
    if ((this.#state as string) === 'ended') return;
    // Behind the frames: UNREADABLE speaks of a post that this very number acknowledges.
    if (!wire.isCount(data[0]) || !this.#outbox.acknowledge(data[0])) {
      this.#malformed('an acknowledgement of what was never sent');
    }
    this.#outbox.dispatched(frames, reply);
  }

  #malformed(problem: string): void {
    this.#owner.malformed(this, problem, ++this.#malformedCount);
  }

  #onUnreadable(): void {
    this.#hear();
    if (this.#state !== 'ended') this.#outbox.unreadable();
  }

  // ---- what frames say

  onPorts(placeholders: unknown): boolean {
    return this.#arrivals.place(placeholders);
  }

  onEvent(channel: string, args: unknown[]): void {
    const values = this.#arrivals.restore(args);
    if (this.#refuses(channel)) {
      this.#owner.refused(this, channel, this.#notGranted(`send('${channel}')`), ++this.#refusedCount);
    } else {
      this.#owner.event(this, channel, values);
    }
  }

  onRequest(kind: number, id: number, channel: string, args: unknown[]): boolean {
    if (this.#serving.has(id)) return false;
    const port = kind === wire.PORT ? this.#arrivals.first() : undefined;
    if (kind === wire.PORT && !port) return false;
    const values = this.#arrivals.restore(args);
    if (!this.#mayAsk(id, channel)) return true;
    if (port) this.#owner.port(this, id, channel, values, port);
    else this.#owner.request(this, id, channel, values);
    return true;
  }

  onStream(id: number, channel: string, args: unknown[], credit: number): boolean {
    if (this.#serving.has(id)) return false;
    const values = this.#arrivals.restore(args);
    if (this.#mayAsk(id, channel)) this.#owner.stream(this, id, channel, values, credit);
    return true;
  }

  onStarted(id: unknown): void {
    this.#calls.get(id as number)?.stream?.started();
  }

  onItem(id: unknown, cost: number, value: unknown): void {
    const call = this.#calls.get(id as number);
    if (!call?.stream) return; // it was abandoned meanwhile
    if (call.stream.item(Math.max(1, cost), this.#arrivals.restoreOne(value))) return;
    this.cancel(call, () => {
      const text = `${describeCall(call)}: the peer sent more than there was room for.`;
      return new MeshError('PROTOCOL', text);
    });
  }

  onCredit(id: unknown, credit: number): void {
    this.#serving.get(id as number)?.credit?.(credit);
  }

  onSettled(kind: number, id: unknown, value: unknown): void {
    // Unknown ids are those of calls that timed out or were aborted meanwhile.
    const call = this.#calls.get(id as number);
    if (!call) return;
    this.#take(call);
    const settled = this.#arrivals.restoreOne(value);
    if (kind === wire.RESULT) return call.resolve(settled);
    fail(call, () => (kind === wire.THROWN ? settled : decodeError(settled, `${describeCall(call)}, there`)));
  }

  onMissed(id: unknown, args: unknown[]): void {
    const call = this.#calls.get(id as number);
    if (!call) return;
    // Of a peer that isn't trusted nothing is passed on.
    const returned = this.trusted ? this.#arrivals.giveBack(this.#arrivals.restore(args)) : args;
    this.#owner.missed(this, this.#take(call), returned);
  }

  onAbort(id: unknown): void {
    const serving = this.#serving.get(id as number);
    this.#serving.delete(id as number);
    serving?.abort(new MeshError('ABORTED', `request from ${this.peer.name}: its caller no longer waits for it.`));
  }

  /** The peer can't read a post of ours: it was one that went alone. */
  onPeerUnreadable(post: number): void {
    const lone = this.#outbox.takeLone(post);
    if (!lone) return;
    this.#failLone(lone, (call, fix) => {
      const text = `${call}: ${this.peer.name} (${this.peer.id}) can't read a value of it in its process. ${fix} plain data, or typed arrays and buffers, instead.`;
      return new MeshError('NOT_CLONEABLE', text);
    });
  }

  onChanges(first: number, changes: unknown[]): boolean {
    return this.#owner.changes(this, first, changes);
  }

  onState(number: unknown, listens: unknown, handles: unknown): boolean {
    return this.#owner.state(this, number, listens, handles);
  }

  onBye(): void {
    this.end('bye');
  }

  /** What went alone did not get there. */
  #failLone({ kind, id, channel }: Lone, error: (call: string, fix: string) => MeshError): void {
    const call = kind === wire.REQUEST || kind === wire.STREAM || kind === wire.PORT;
    if (call) {
      const failed = this.#calls.get(id);
      if (failed) fail(this.#take(failed), () => error(describeCall(failed), 'Send'));
    } else if (kind === wire.EVENT) {
      this.#owner.unreadable(this, channel, error(`send('${channel}')`, 'Send'));
    } else {
      const what = error(`handle('${channel}')`, kind === wire.ITEM ? 'Yield' : 'Return');
      this.#serving.get(id)?.abort(what);
      this.fail(id, channel, what);
    }
  }

  // ---- what the peer may do

  #refuses(channel: string): boolean {
    const { send } = this.#options.grant;
    return send !== undefined && !allows(send, channel);
  }

  #notGranted(call: string): MeshError {
    const { name, id } = this.peer;
    return new MeshError('NOT_AUTHORIZED', `${call}: ${name} (${id}) is not granted to send to this channel.`);
  }

  /** False, and answered, if the peer may not ask this, or asks too much. */
  #mayAsk(id: number, channel: string): boolean {
    const { serving } = this.#options;
    if (this.#refuses(channel)) this.fail(id, channel, this.#notGranted(`request('${channel}')`));
    else if (this.#serving.size < serving) return true;
    else this.fail(id, channel, new MeshError('LIMIT', `request('${channel}'): ${serving} of this peer are pending.`));
    return false;
  }
}
