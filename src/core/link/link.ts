import { decodeError, encodeError, type WireError } from '../errors/wire-error.js';
import { MeshError, notCloneable, type LeaveReason } from '../errors/mesh-error.js';
import type { Peer } from '../directory/peer.js';
import type { Port } from '../port/port.js';
import { startTimer, type Timer } from '../timer.js';
import { capture, captureOne, uncaptured } from '../wire/capture.js';
import * as wire from '../wire/frames.js';
import { preparePayload } from '../wire/payload.js';
import { deadlineOf, describeCall, fail, goneError, timeoutError, type Call } from './calls.js';
import { Outbox } from './outbox.js';
import { readFrame, type FrameSink } from './reader.js';
import type { Turn } from './turn.js';
import type { Lone } from './window.js';

/** How long a closed link waits for the reason, and a peer that left for the end of what it had sent. */
const LINGER_MS = 200;

/** Requests of one peer that may be served at a time. Protects memory from a peer that asks and asks. */
const MAX_SERVING = 100_000;

/** A request being served; `abort` is called when its requester no longer waits. */
export interface Serving {
  abort(reason: unknown): void;
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
  /** Of the bus it belongs to */
  readonly turn: Turn;
}

/** What a link tells its owner. None of these may throw. */
export interface LinkOwner {
  /** An event. `args[0]` is a free place for the event object, the arguments stand behind it. */
  event(link: Link, channel: string, args: unknown[]): void;
  /** A request, to be settled by `answer`, `fail` or `missed`. `args` as above. */
  request(link: Link, id: number, channel: string, args: unknown[]): void;
  /** The peer doesn't handle the channel; the arguments came back. */
  missed(link: Link, call: Call, args: unknown[]): void;
  changes(link: Link, first: number, changes: readonly unknown[]): boolean;
  state(link: Link, number: unknown, listens: unknown, handles: unknown): boolean;
  /** A call is settled, or is on its way to another link. */
  released(call: Call): void;
  /** An event the peer could not read. */
  unreadable(link: Link, channel: string, error: MeshError): void;
  /** Something arrived that is no frame of ours. */
  malformed(link: Link, problem: string, count: number): void;
  /** Over. `lost` events may not have arrived. */
  linkEnded(link: Link, reason: LeaveReason, lost: number): void;
}

/**
 * The direct connection of two peers.
 *
 * 1. The opener keeps one end of a channel and sends at once; the other end is on its way to the peer.
 * 2. Each side pins one port to send on: the one it received if it had sent nothing yet, else the one it opened. So a link
 *    has a second port where both opened at once, and each direction is in order. Either port's close ends the link.
 * 3. A peer that leaves in order says BYE, its last frame. A port that closes without it leaves the pending calls waiting
 *    `LINGER_MS` for the broker's word on the reason; new ones fail at once.
 */
export class Link implements FrameSink {
  readonly peer: Peer;
  /** How many links with this peer have ended before this one: tells a new link from a late one. */
  readonly epoch: number;
  /** Whether this side opened it; if so, a port that the peer opened may still join it, once. */
  readonly opened: boolean;
  /** Whether the peer could speak for this side anyway: it is of the same origin, or main's own. */
  readonly trusted: boolean;
  readonly #owner: LinkOwner;
  readonly #redact: boolean;
  readonly #turn: Turn;
  readonly #outbox: Outbox;
  readonly #calls = new Map<number, Call>();
  readonly #serving = new Map<number, Serving>();
  #inbound: Port | undefined;
  #lastId = 0;
  #malformedCount = 0;
  #state: 'open' | 'closing' | 'ended' = 'open';
  /** Of its one or two ports. There is no order across them: what was sent on one may come behind the other's close. */
  #openPorts = 0;
  #reason: LeaveReason | undefined;
  #timer: Timer | undefined;

  constructor(owner: LinkOwner, peer: Peer, port: Port, options: LinkOptions) {
    this.#owner = owner;
    this.peer = peer;
    this.epoch = options.epoch;
    this.opened = options.opened;
    this.trusted = options.trusted;
    this.#redact = options.redact;
    this.#turn = options.turn;
    this.#outbox = new Outbox({
      port,
      turn: options.turn,
      onFailure: () => this.end('lost'),
      onUnpostable: (lone, error) => this.#lostAlone(lone, (call) => notCloneable(error, `${call}: `)),
    });
    this.#listen(port);
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  get pending(): number {
    return this.#outbox.pending;
  }

  /** Requests under way, both ways: made here, and served here. */
  get load(): { readonly calls: number; readonly serving: number } {
    return { calls: this.#calls.size, serving: this.#serving.size };
  }

  /** The peer opened a port at the same time. False if it can't have: the link has one already. */
  join(port: Port): boolean {
    if (!this.opened || this.#inbound || this.#state !== 'open') return false;
    this.#inbound = port;
    this.#listen(port);
    return true;
  }

  // ---- sending

  /** Sends an event: `copies` if it could be captured, else `args` alone. Throws `NOT_CLONEABLE`; nothing is sent then. */
  sendEvent(channel: string, args: readonly unknown[], copies: readonly unknown[] | undefined): void {
    if (copies) {
      const batch = this.#outbox.frame(1);
      batch.push(wire.EVENT, channel, copies.length);
      for (const value of copies) batch.push(value);
    } else {
      this.#sendAlone([wire.EVENT, channel], args, { kind: wire.EVENT, id: 0, channel }, 1);
    }
  }

  /** Puts a request under way. Throws `NOT_CLONEABLE`; the call is not on this link then. */
  sendRequest(call: Call, args: readonly unknown[]): void {
    const id = ++this.#lastId;
    const copies = capture(args);
    if (copies) {
      const batch = this.#outbox.frame();
      batch.push(wire.REQUEST, id, call.channel, copies.length);
      for (const value of copies) batch.push(value);
    } else {
      const lone = { kind: wire.REQUEST, id, channel: call.channel };
      this.#sendAlone([wire.REQUEST, id, call.channel], args, lone);
    }
    call.started ??= copies ? this.#turn.stamp : { time: performance.now() };
    // Kept only for where it is needed: what lives as long as its call costs a tenth of their rate.
    call.copies = this.trusted ? undefined : copies;
    call.link = this;
    call.id = id;
    this.#calls.set(id, call);
  }

  /** The handler's result. Throws `NOT_CLONEABLE`; nothing is sent then. */
  answer(id: number, channel: string, value: unknown): void {
    if (this.#state !== 'open') return;
    this.#serving.delete(id);
    this.#sendValue(wire.RESULT, id, channel, value);
  }

  /** What the handler threw. Something that is no error and can't be sent rejects as `NOT_CLONEABLE`. */
  fail(id: number, channel: string, thrown: unknown): void {
    if (this.#state !== 'open') return;
    this.#serving.delete(id);
    let error: WireError | undefined;
    try {
      error = encodeError(thrown, this.#redact);
      if (error) this.#sendValue(wire.FAILURE, id, channel, error);
      else this.#sendValue(wire.THROWN, id, channel, thrown);
    } catch {
      // Class, name, message and stack always go.
      const why = new MeshError('NOT_CLONEABLE', `handle('${channel}'): what it threw can't be sent.`);
      this.#outbox.frame().push(wire.FAILURE, id, error ? error.slice(0, 4) : encodeError(why));
    }
  }

  /** Not handled here: gives the arguments back. `args[0]` is not one of them. */
  missed(id: number, channel: string, args: readonly unknown[]): void {
    if (this.#state !== 'open') return;
    const values = args.slice(1);
    const copies = capture(values);
    if (copies) {
      this.#outbox.frame().push(wire.MISSED, id, copies.length, ...copies);
      return;
    }
    try {
      this.#sendAlone([wire.MISSED, id], values, { kind: wire.MISSED, id, channel });
    } catch {
      const text = `request('${channel}'): not handled any more, and its arguments can't be given back.`;
      this.fail(id, channel, new MeshError('NO_HANDLER', text));
    }
  }

  /** A request is being served asynchronously: its requester's abort, and the end of the link, reach it. */
  serve(id: number, serving: Serving): void {
    this.#serving.set(id, serving);
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

  // ---- calls

  /** The caller no longer waits: tells the peer, and rejects. */
  cancel(call: Call, error: () => unknown): void {
    if (!this.#calls.has(call.id)) return;
    if (this.#state === 'open') this.#outbox.frame().push(wire.ABORT, call.id);
    fail(this.#take(call), error);
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

  #take(call: Call): Call {
    this.#calls.delete(call.id);
    this.#owner.released(call);
    return call;
  }

  // ---- sending, inside

  #sendValue(kind: number, id: number, channel: string, value: unknown): void {
    const copy = captureOne(value);
    if (copy !== uncaptured) this.#outbox.frame().push(kind, id, copy);
    else this.#sendAlone([kind, id], [value], { kind, id, channel }, 0, false);
  }

  #sendAlone(head: unknown[], args: readonly unknown[], lone: Lone, events = 0, counted = true): void {
    const payload = preparePayload(args, this.#outbox.carries);
    if (counted) head.push(payload.values.length);
    for (const value of payload.values) head.push(value);
    this.#outbox.postAlone(head, payload.transfer, lone, events);
    payload.settle();
  }

  // ---- receiving

  #listen(port: Port): void {
    this.#openPorts++;
    port.start({
      message: (data) => this.#onPost(data),
      unreadable: () => this.#onUnreadable(),
      close: () => this.#onPortClose(),
    });
  }

  #onPost(data: unknown): void {
    if (this.#state === 'ended') return;
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
    if (this.#state !== 'ended') this.#outbox.unreadable();
  }

  // ---- what frames say

  onEvent(channel: string, args: unknown[]): void {
    this.#owner.event(this, channel, args);
  }

  onRequest(id: number, channel: string, args: unknown[]): boolean {
    if (this.#serving.has(id)) return false;
    if (this.#serving.size < MAX_SERVING) this.#owner.request(this, id, channel, args);
    else
      this.fail(id, channel, new MeshError('LIMIT', `request('${channel}'): ${MAX_SERVING} of this peer are pending.`));
    return true;
  }

  onSettled(kind: number, id: unknown, value: unknown): void {
    // Unknown ids are those of calls that timed out or were aborted meanwhile.
    const call = this.#calls.get(id as number);
    if (!call) return;
    this.#take(call);
    if (kind === wire.RESULT) return call.resolve(value);
    fail(call, () => (kind === wire.THROWN ? value : decodeError(value, `${describeCall(call)}, there`)));
  }

  onMissed(id: unknown, args: unknown[]): void {
    const call = this.#calls.get(id as number);
    if (call) this.#owner.missed(this, this.#take(call), args);
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
    const who = `${this.peer.name} (${this.peer.id})`;
    this.#lostAlone(lone, (call, fix) => {
      const text = `${who} can't read a value of it in its process. ${fix} plain data, or typed arrays and buffers, instead.`;
      return new MeshError('NOT_CLONEABLE', `${call}: ${text}`);
    });
  }

  /** A message of ours that went alone will not arrive. */
  #lostAlone({ kind, id, channel }: Lone, error: (call: string, fix: 'Send' | 'Return') => MeshError): void {
    if (kind === wire.REQUEST) {
      const call = this.#calls.get(id);
      if (call) fail(this.#take(call), () => error(`request('${channel}')`, 'Send'));
    } else if (kind === wire.EVENT) {
      this.#owner.unreadable(this, channel, error(`send('${channel}')`, 'Send'));
    } else {
      this.fail(id, channel, error(`handle('${channel}')`, 'Return'));
    }
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
}
