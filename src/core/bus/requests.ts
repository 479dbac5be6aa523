import type { Directory } from '../directory/directory.js';
import type { Entry } from '../directory/entry.js';
import type { MessageLimits } from '../directory/limits.js';
import type { MeshError } from '../errors/mesh-error.js';
import { abortError, deadlineOf, describeCall, fail, timeoutError, type Call } from '../link/calls.js';
import type { Link } from '../link/link.js';
import { PORT, REQUEST } from '../wire/frames.js';
import { Aborts } from './aborts.js';
import { Clock } from './clock.js';
import { closedError, type CloseInfo } from './close-info.js';
import { hold, letGo } from './hold.js';
import type { MeshStream } from './mesh-stream.js';
import {
  giveUp,
  newRequest,
  nobody,
  notTaken,
  unsendable,
  type CallOptions,
  type Request,
  type Tried,
} from './request.js';
import { streamRequest } from './stream-request.js';
import { select, type Target } from './target.js';

export interface RequestsOwner {
  /** How the bus ended, if it has. */
  readonly closeInfo: CloseInfo | undefined;
  readonly directory: Directory;
  readonly limits: MessageLimits;
  /** Why this bus may not send to a channel; `undefined`: it may. */
  refusal(call: string, channel: string): MeshError | undefined;
  /** There is no broker at the moment. */
  readonly isStale: boolean;
  /** What a call rejects with then. */
  staleError(call: string): MeshError;
  /** Whether there is no way to a peer at the moment. */
  away(entry: Entry): boolean;
  links(): Iterable<Link>;
  linkTo(entry: Entry): Link;
  /** Resolves when all that the broker knew at the call is in the directory. */
  sync(): Promise<void>;
}

/** How a port's call ends whose peer turned out not to take it: it needs a new port for the next one. */
export const MISSED = Symbol('missed');

/** A request for which nobody is known yet. */
interface Parked {
  readonly args: readonly unknown[];
  /** Until when nobody gives up, on the clock of `performance.now()`, */
  readonly until: number;
  /** once the broker has been asked. */
  asked: boolean;
}

/**
 * The calls of a bus (requests, streams, ports): finds a peer for each, passes it on when that peer doesn't handle it, and settles it when its time
 * is over or its signal aborts.
 *
 * 1. Those peers of the target that handle the channel take turns.
 * 2. Is none known, the request is parked, and the broker asked once: its answer comes behind all it knows.
 * 3. Still none: `NO_PEER` or `NO_HANDLER`, after `wait` milliseconds, if given, in which somebody may turn up. So it is where those known
 *    are not linked, and the broker is gone: `BRIDGE_GONE`.
 * 4. A peer that no longer handles the channel gives the arguments back, and the next one gets them.
 * 5. A request that reached a peer that is gone is never repeated: it may have been carried out.
 */
export class Requests {
  readonly #owner: RequestsOwner;
  readonly #clock = new Clock((now) => this.#sweep(now));
  readonly #aborts = new Aborts((call) => this.#cancel(call, () => abortError(call)));
  readonly #parked = new Map<Request, Parked>();
  readonly #turns = new Map<string, number>();

  constructor(owner: RequestsOwner) {
    this.#owner = owner;
  }

  /** For the leak checks: what waits, and signals listened to. */
  get load(): { readonly parked: number; readonly signals: number } {
    return { parked: this.#parked.size, signals: this.#aborts.size };
  }

  request(target: Target, channel: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    return new Promise((resolve) => this.begin(newRequest(REQUEST, target, channel, options, resolve), args));
  }

  /** @param begins gets its request, before it is under way */
  stream<T>(
    target: Target,
    channel: string,
    args: readonly unknown[],
    options: CallOptions,
    begins?: (request: Request) => void,
  ): MeshStream<T> {
    const [stream, request] = streamRequest<T>(target, channel, options, {
      abandon: (each) => this.#abandon(each),
      watch: (each) => this.#clock.watch(deadlineOf(each)),
    });
    begins?.(request);
    this.begin(request, args);
    return stream;
  }

  /** Hands `port` over; resolves with the peer that has accepted it, or with `MISSED`. `tried`: not to those, as far as they have announced nothing new. */
  port(
    target: Target,
    channel: string,
    args: readonly unknown[],
    options: CallOptions,
    port: object,
    tried: Tried,
  ): Promise<unknown> {
    return new Promise((resolve) => {
      const request: Request = {
        ...newRequest(PORT, target, channel, options, (outcome) => {
          // A failure is a promise. Whatever value the peer has answered with, it is the one that the port leads to.
          resolve(outcome instanceof Promise || outcome === MISSED ? outcome : request.link?.peer);
        }),
        port,
        tried,
      };
      this.begin(request, args);
    });
  }

  /** Puts it under way, whoever made it. */
  begin(request: Request, args: readonly unknown[]): void {
    const { channel, signal } = request;
    if (this.#owner.closeInfo || signal?.aborted || this.#owner.refusal('request', channel)) this.#refuse(request);
    else this.#place(request, args);
  }

  /** A function of its own: where one makes another in any case of its, V8 makes room in each call for what both know. */
  #refuse(request: Request): void {
    fail(request, () => {
      const { closeInfo } = this.#owner;
      if (closeInfo) return closedError(describeCall(request), closeInfo);
      return request.signal?.aborted
        ? abortError(request)
        : this.#owner.refusal(describeCall(request), request.channel);
    });
  }

  /** A peer gave the request back, with arguments that it says are those it got. */
  passOn(request: Call, from: Link, returned: readonly unknown[]): void {
    const passed = request as Request;
    // Its UNHANDLE came before; one that still says it handles the channel is not asked again, until it says something new.
    const { id } = from.peer;
    const claims = this.#owner.directory.handling(passed.channel).some(({ peer }) => peer.id === id);
    if (claims || passed.port) (passed.tried ??= new Map()).set(id, passed.known);
    if (passed.port) return passed.resolve(MISSED);
    // What goes on under our own name is what we have sent. Where there is no copy of it, the word of those counts who could
    // speak for us anyway.
    const args = from.trusted ? returned : passed.copies;
    if (!args) return fail(passed, () => this.#nobody(passed));
    passed.held = args;
    this.#place(passed, args);
  }

  /** The directory has changed: what is parked may find somebody now. */
  retry(): void {
    if (this.#parked.size === 0) return;
    for (const [request, { args }] of [...this.#parked]) {
      const entry = this.#pick(request);
      // In Electron's main process a post runs microtasks: one of them may have aborted those behind it.
      if (entry && this.#unpark(request)) this.#start(request, entry, args);
    }
  }

  /** A link has done with a call. */
  released(call: Call): void {
    if (call.signal) this.#aborts.remove(call.signal, call);
  }

  close(error: (call: Call) => MeshError): void {
    this.#clock.stop();
    for (const request of [...this.#parked.keys()]) this.#cancel(request, () => error(request));
  }

  #place(request: Request, args: readonly unknown[]): void {
    const entry = this.#pick(request);
    if (entry) this.#start(request, entry, args);
    else this.#park(request, args);
  }

  #pick(request: Request): Entry | undefined {
    const owner = this.#owner;
    const { target, channel, tried, wait } = request;
    let entries = select(target, owner.directory.handling(channel));
    if (tried) entries = without(entries, tried);
    const entry = this.#next(request, entries);
    if (!entry || !owner.away(entry)) return entry;
    const near = entries.filter((each) => !owner.away(each));
    return this.#next(request, near) ?? (owner.isStale && wait > 0 ? undefined : entry);
  }

  #next({ target, channel }: Request, entries: readonly Entry[]): Entry | undefined {
    if (entries.length < 2) return entries[0];
    // Two names that are asked by turns would else get the same peer of each all the time.
    const pool = typeof target === 'string' ? `${channel} ${target}` : channel;
    const turn = (this.#turns.get(pool) ?? 0) + 1;
    this.#turns.set(pool, turn);
    return entries[turn % entries.length];
  }

  #start(request: Request, entry: Entry, args: readonly unknown[]): void {
    const link = this.#owner.linkTo(entry);
    if (!link.open || link.full) return notTaken(request, link);
    request.known = entry.channels.number;
    // Before it is sent: it may be settled when that returns.
    if (request.signal) this.#aborts.add(request.signal, request);
    try {
      link.sendCall(request, request.prepare?.(args, entry.peer) ?? args);
    } catch (error) {
      this.released(request);
      return unsendable(request, error, entry.peer);
    }
    if (request.held) request.held = undefined;
    this.#clock.watchFor(request.timeout);
    this.#heedAbort(request);
  }

  #park(request: Request, args: readonly unknown[]): void {
    let held: readonly unknown[];
    try {
      held = hold(args, this.#owner.limits);
    } catch (error) {
      return unsendable(request, error);
    }
    request.held = held;
    const now = performance.now();
    const until = (request.until ??= now + request.wait);
    const parked: Parked = { args: held, until, asked: false };
    request.started ??= { time: now };
    this.#parked.set(request, parked);
    this.#clock.watch(deadlineOf(request));
    if (request.signal) this.#aborts.add(request.signal, request);
    this.#heedAbort(request);
    const asked = (): void => {
      parked.asked = true;
      if (!this.#parked.has(request)) return;
      if (until > performance.now()) this.#clock.watch(until);
      else this.#cancel(request, () => this.#nobody(request));
    };
    // A broker that is gone tells of all it knows when it is back.
    this.#owner
      .sync()
      .then(asked, (error: unknown) => (this.#owner.isStale ? asked() : this.#cancel(request, () => error)));
  }

  #abandon(request: Request): void {
    if (this.#unpark(request)) letGo(request.held);
    else request.link?.abandon(request);
  }

  #unpark(request: Request): boolean {
    if (!this.#parked.delete(request)) return false;
    this.released(request);
    return true;
  }

  /** A getter among its arguments, or what a post of Electron's main process ran, may have aborted it while it was on its way. */
  #heedAbort(request: Request): void {
    if (request.signal?.aborted) this.#cancel(request, () => abortError(request));
  }

  #cancel(call: Call, error: () => unknown): void {
    if (this.#unpark(call as Request)) giveUp(call as Request, error);
    else call.link?.cancel(call, error);
  }

  #sweep(now: number): number {
    let next = Infinity;
    for (const link of [...this.#owner.links()]) next = Math.min(next, link.sweep(now));
    for (const [request, { asked, until }] of [...this.#parked]) {
      const deadline = deadlineOf(request);
      if (deadline <= now) this.#cancel(request, () => request.service?.nobody(request) ?? timeoutError(request));
      else if (asked && until <= now) this.#cancel(request, () => this.#nobody(request));
      else next = Math.min(next, deadline, asked ? until : Infinity);
    }
    return next;
  }

  #nobody(request: Request): MeshError {
    if (this.#owner.isStale) return this.#owner.staleError(describeCall({ ...request, link: undefined }));
    return request.service?.nobody(request) ?? nobody(request, this.#owner.directory);
  }
}

function without(entries: readonly Entry[], tried: Tried): readonly Entry[] {
  return entries.filter(({ peer, channels }) => tried.get(peer.id) !== channels.number);
}
