import type { Directory } from '../directory/directory.js';
import type { Entry } from '../directory/entry.js';
import { MeshError } from '../errors/mesh-error.js';
import { abortError, deadlineOf, describeCall, fail, goneError, timeoutError, type Call } from '../link/calls.js';
import type { Link } from '../link/link.js';
import { PORT, REQUEST, STREAM } from '../wire/frames.js';
import { hold } from '../wire/hold.js';
import { Aborts } from './aborts.js';
import { Clock } from './clock.js';
import { closedError, type CloseInfo } from './close-info.js';
import { MeshStream, WINDOW } from './mesh-stream.js';
import { closeReturned, fullError, giveUp, newRequest, unsendable, type CallOptions, type Request } from './request.js';
import { noPeer, peersOf, select, type Target } from './target.js';

export interface RequestsOwner {
  /** How the bus ended, if it has. */
  readonly closeInfo: CloseInfo | undefined;
  readonly directory: Directory;
  /** Why this bus may not send to a channel; `undefined`: it may. */
  refusal(call: string, channel: string): MeshError | undefined;
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
  /** Whether the broker has been asked. */
  asked: boolean;
}

/**
 * The calls of a bus (requests, streams, ports): finds a peer for each, passes it on when that peer doesn't handle it, and settles it when its time
 * is over or its signal aborts.
 *
 * 1. Those peers of the target that handle the channel take turns.
 * 2. Is none known, the request is parked, and the broker asked once: its answer comes behind all it knows.
 * 3. Still none: `NO_PEER` or `NO_HANDLER`, after `wait` milliseconds, if given, in which somebody may turn up.
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
    return new Promise((resolve) => this.#begin(newRequest(REQUEST, target, channel, options, resolve), args));
  }

  stream<T>(target: Target, channel: string, args: readonly unknown[], options: CallOptions): MeshStream<T> {
    // Once it runs, there is no end to wait for; a time-out that was given is the longest wait for an item.
    const idle = options.timeout ?? Infinity;
    let running = false;
    let waits = false;
    const rest = (): void => {
      request.started = waits && idle < Infinity ? { time: performance.now() } : undefined;
      this.#clock.watch(deadlineOf(request));
    };
    const stream = new MeshStream<T>({
      abandon: () => this.#abandon(request),
      credit: (cost) => request.link?.credit(request, cost),
      waiting: (now) => {
        waits = now;
        if (running) rest();
      },
    });
    const request: Request = {
      ...newRequest(STREAM, target, channel, options, (outcome) => stream.settle(outcome)),
      stream: {
        credit: WINDOW,
        started: () => {
          running = true;
          request.timeout = idle;
          rest();
        },
        item: (cost, value) => {
          if (running) rest();
          return stream.item(cost, value);
        },
      },
    };
    this.#begin(request, args);
    return stream;
  }

  /** Hands `port` over; resolves with the peer that has accepted it, or with `MISSED`. `tried`: not to those. */
  port(
    target: Target,
    channel: string,
    args: readonly unknown[],
    options: CallOptions,
    port: object,
    tried: Set<string>,
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
      this.#begin(request, args);
    });
  }

  #begin(request: Request, args: readonly unknown[]): void {
    const { channel, signal } = request;
    if (this.#owner.closeInfo || signal?.aborted || this.#owner.refusal('request', channel)) {
      return this.#refuse(request);
    }
    const entry = this.#pick(request);
    if (entry) this.#start(request, entry, args);
    else this.#park(request, args);
  }

  // What is said of a call that failed is made in places of its own: where a function makes another one in any case of its, V8
  // makes room in each of its calls for what the two have in common.
  #refuse(request: Request): void {
    const { channel, signal } = request;
    const closed = this.#owner.closeInfo;
    if (closed) fail(request, () => closedError(describeCall(request), closed));
    else if (signal?.aborted) fail(request, () => abortError(request));
    else fail(request, () => this.#owner.refusal(describeCall(request), channel));
  }

  /** A peer gave the request back, with arguments that it says are those it got. */
  passOn(request: Call, from: Link, returned: readonly unknown[]): void {
    const passed = request as Request;
    // Its UNHANDLE came before; one that still says it handles the channel is not asked again.
    const { id } = from.peer;
    const claims = this.#owner.directory.handling(passed.channel).some(({ peer }) => peer.id === id);
    if (claims || passed.port) (passed.tried ??= new Set()).add(id);
    if (passed.port) return passed.resolve(MISSED);
    // What goes on under our own name is what we have sent. Where there is no copy of it, the word of those counts who could
    // speak for us anyway.
    const args = from.trusted ? returned : passed.copies;
    if (!args) return fail(passed, () => this.#nobody(passed));
    passed.returned = args;
    const entry = this.#pick(passed);
    if (entry) this.#start(passed, entry, args);
    else this.#park(passed, args);
  }

  /** The directory has changed: what is parked may find somebody now. */
  retry(): void {
    for (const [request, { args }] of [...this.#parked]) {
      const entry = this.#pick(request);
      if (!entry) continue;
      this.#unpark(request);
      this.#start(request, entry, args);
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

  #pick({ target, channel, tried }: Request): Entry | undefined {
    let entries = select(target, this.#owner.directory.handling(channel));
    if (tried) entries = without(entries, tried);
    if (entries.length < 2) return entries[0];
    const turn = (this.#turns.get(channel) ?? 0) + 1;
    this.#turns.set(channel, turn);
    return entries[turn % entries.length];
  }

  #start(request: Request, entry: Entry, args: readonly unknown[]): void {
    const link = this.#owner.linkTo(entry);
    if (!link.open || link.full) return notTaken(request, link);
    // Before it is sent: it may be settled when that returns.
    if (request.signal) this.#aborts.add(request.signal, request);
    try {
      link.sendCall(request, args);
    } catch (error) {
      this.released(request);
      return unsendable(request, error);
    }
    if (request.returned) request.returned = undefined;
    this.#clock.watchFor(request.timeout);
  }

  #park(request: Request, args: readonly unknown[]): void {
    let held: readonly unknown[];
    try {
      held = hold(args);
    } catch (error) {
      return unsendable(request, error);
    }
    const now = performance.now();
    request.started ??= { time: now };
    const until = (request.until ??= now + request.wait);
    const parked: Parked = { args: held, asked: false };
    this.#parked.set(request, parked);
    this.#clock.watch(deadlineOf(request));
    if (request.signal) this.#aborts.add(request.signal, request);
    this.#owner.sync().then(
      () => {
        parked.asked = true;
        if (!this.#parked.has(request)) return;
        if (until > performance.now()) this.#clock.watch(until);
        else this.#cancel(request, () => this.#nobody(request));
      },
      (error: unknown) => this.#cancel(request, () => error),
    );
  }

  #abandon(request: Request): void {
    if (this.#unpark(request)) closeReturned(request);
    else request.link?.abandon(request);
  }

  #unpark(request: Request): boolean {
    if (!this.#parked.delete(request)) return false;
    this.released(request);
    return true;
  }

  #cancel(call: Call, error: () => unknown): void {
    if (this.#unpark(call as Request)) giveUp(call as Request, error);
    else call.link?.cancel(call, error);
  }

  #sweep(now: number): number {
    let next = Infinity;
    for (const link of [...this.#owner.links()]) next = Math.min(next, link.sweep(now));
    for (const [request, { asked }] of [...this.#parked]) {
      const deadline = deadlineOf(request);
      const { until = 0 } = request;
      if (deadline <= now) this.#cancel(request, () => timeoutError(request));
      else if (asked && until <= now) this.#cancel(request, () => this.#nobody(request));
      else next = Math.min(next, deadline, asked ? until : Infinity);
    }
    return next;
  }

  #nobody(request: Request): MeshError {
    const { target, channel, tried } = request;
    const call = describeCall({ ...request, link: undefined });
    const { directory } = this.#owner;
    if (target !== undefined && !tried && peersOf(target, directory).length === 0) {
      return noPeer(call, target, directory);
    }
    const whom =
      target === undefined ? 'no peer' : `no peer of ${typeof target === 'string' ? `'${target}'` : target.id}`;
    return new MeshError(
      'NO_HANDLER',
      `${call}: ${whom} handles this channel. Is ${request.port ? 'onPort' : 'handle'}('${channel}', …) called there? ` +
        `with({ wait: ms }) waits for it.`,
    );
  }
}

function without(entries: readonly Entry[], tried: ReadonlySet<string>): readonly Entry[] {
  return entries.filter(({ peer }) => !tried.has(peer.id));
}

/** The link has ended, or too much waits on it. */
function notTaken(request: Request, { open, pending, peer }: Link): void {
  giveUp(request, () => {
    const call = describeCall(request, peer);
    return open ? fullError(call, pending, peer) : goneError(call, 'lost');
  });
}
