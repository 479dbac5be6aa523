import { permits, sendsAll, type Grant } from '../directory/grant.js';
import type { MessageLimits } from '../directory/limits.js';
import type { Peer } from '../directory/peer.js';
import { MeshError, type LeaveReason } from '../errors/mesh-error.js';
import type { MeshPort } from '../port/mesh-port.js';
import { excessOf } from '../wire/excess.js';
import * as wire from '../wire/frames.js';
import type { Arrivals } from './arrivals.js';
import type { Asked } from './asked.js';
import { callOf, describeCall, type Call } from './calls.js';
import type { FrameSink } from './reader.js';

/** See `Incoming.#floods` */
const MAX_REFUSALS = 10_000;

/** A request or a stream being served. */
export interface Serving {
  readonly channel: string;
  /** Its caller no longer waits. */
  abort(reason: unknown): void;
  /** A stream's consumer has taken so much. */
  credit?(amount: number): void;
}

/** The link, as far as what comes in is answered, or ends it. */
export interface IncomingLink {
  readonly peer: Peer;
  /** Whether so much waits to be sent that no more should be. */
  readonly full: boolean;
  /** Frames that it has not taken. */
  readonly pending: number;
  readonly untaken: ((id: unknown) => void) | undefined;
  fail(id: number, channel: string, thrown: unknown): void;
  /** The peer can't read a post of ours. */
  unreadThere(post: number): void;
  end(reason: LeaveReason): void;
  malformed(problem: string): void;
}

/** What the owner of a link is told of what the peer sends and asks. None of these may throw. */
export interface IncomingOwner<L> {
  /** An event. `args[0]` is a free place for the event object, the arguments stand behind it. */
  event(link: L, channel: string, args: unknown[]): void;
  /** A request, to be settled by `answer`, `fail` or `missed`. `args` as above. */
  request(link: L, id: number, channel: string, args: unknown[]): void;
  /** A stream that is asked for, settled the same way when it has ended. */
  stream(link: L, id: number, channel: string, args: unknown[], credit: number): void;
  /** A port that is handed over; settled the same way. */
  port(link: L, id: number, channel: string, args: unknown[], port: MeshPort): void;
  /** The peer doesn't handle the channel; the arguments came back. */
  missed(link: L, call: Call, args: unknown[]): void;
  changes(link: L, first: number, changes: readonly unknown[]): boolean;
  state(link: L, number: unknown, listens: unknown, handles: unknown): boolean;
  /** An event on a channel that the peer may not send to, the count of such; or the last of what was asked too much. */
  refused(link: L, channel: string, error: MeshError, count: number): void;
}

export interface IncomingOptions {
  /** Whether the peer could speak for this side anyway. */
  readonly trusted: boolean;
  /** What the peer may do. */
  readonly grant: Grant;
  /** Of one message, both ways, and how many requests and streams of the peer may be served at a time. */
  readonly limits: MessageLimits & { readonly serving: number };
}

/** What a link's frames say, brought to its owner and to its calls, as far as the peer may say it. */
export class Incoming<L extends IncomingLink> implements FrameSink {
  readonly #link: L;
  readonly #owner: IncomingOwner<L>;
  readonly #options: IncomingOptions;
  readonly #asked: Asked;
  readonly #arrivals: Arrivals;
  readonly #serving = new Map<number, Serving>();
  #refused = 0;
  /** What waited for the peer when it first asked although that is too much. */
  #fullAt: number | undefined;
  #over: { readonly reason: unknown } | undefined;

  constructor(link: L, owner: IncomingOwner<L>, options: IncomingOptions, asked: Asked, arrivals: Arrivals) {
    this.#link = link;
    this.#owner = owner;
    this.#options = options;
    this.#asked = asked;
    this.#arrivals = arrivals;
  }

  /** Requests and streams that are being served. */
  get size(): number {
    return this.#serving.size;
  }

  serve(id: number, serving: Serving): void {
    // Its handler may have ended the link.
    if (this.#over) return serving.abort(this.#over.reason);
    this.#serving.set(id, serving);
  }

  served(id: number): void {
    this.#serving.delete(id);
  }

  /** Nobody waits any more for what is being served. */
  end(reason: unknown): void {
    this.#over = { reason };
    for (const serving of this.#serving.values()) serving.abort(reason);
    this.#serving.clear();
  }

  /** An item, or an answer, did not get there. */
  undelivered(id: number, channel: string, error: MeshError): void {
    this.#serving.get(id)?.abort(error);
    this.#link.fail(id, channel, error);
  }

  /** Nobody serves a channel any more: what is being served there ends, and its callers are told why. */
  withdraw(channel: string, error: MeshError): void {
    for (const [id, serving] of this.#serving) {
      if (serving.channel === channel) this.undelivered(id, channel, error);
    }
  }

  // ---- what the peer sends and asks

  onPorts(placeholders: unknown): boolean {
    return this.#arrivals.place(placeholders);
  }

  onEvent(channel: string, args: unknown[]): void {
    if (this.#refuses('send', channel)) {
      this.#owner.refused(this.#link, channel, this.#notGranted(callOf(wire.EVENT, channel)), ++this.#refused);
    } else if (!this.#excess(wire.EVENT, channel, args)) {
      this.#owner.event(this.#link, channel, this.#arrivals.restore(args));
    }
  }

  onRequest(kind: number, id: number, channel: string, args: unknown[]): boolean {
    if (this.#serving.has(id)) return false;
    if (!this.#mayAsk(kind, id, channel, args)) return true;
    const port = kind === wire.PORT ? this.#arrivals.first() : undefined;
    if (kind === wire.PORT && !port) return false;
    const values = this.#arrivals.restore(args);
    if (port) this.#owner.port(this.#link, id, channel, values, port);
    else this.#owner.request(this.#link, id, channel, values);
    return true;
  }

  onStream(id: number, channel: string, args: unknown[], credit: number): boolean {
    if (this.#serving.has(id)) return false;
    if (this.#mayAsk(wire.STREAM, id, channel, args)) {
      this.#owner.stream(this.#link, id, channel, this.#arrivals.restore(args), credit);
    }
    return true;
  }

  onCredit(id: unknown, credit: number): void {
    this.#serving.get(id as number)?.credit?.(credit);
  }

  onAbort(id: unknown): void {
    const serving = this.#serving.get(id as number);
    this.#serving.delete(id as number);
    const text = `call from ${this.#link.peer.name}: its caller no longer waits for it.`;
    serving?.abort(new MeshError('ABORTED', text));
    // It may have been answered: the two have crossed.
    this.#link.untaken?.(id);
  }

  onChanges(first: number, changes: unknown[]): boolean {
    return this.#owner.changes(this.#link, first, changes);
  }

  onState(number: unknown, listens: unknown, handles: unknown): boolean {
    return this.#owner.state(this.#link, number, listens, handles);
  }

  onBye(): void {
    this.#link.end('bye');
  }

  // ---- what becomes of what this side has asked, and sent

  onStarted(id: unknown): void {
    this.#asked.started(id);
  }

  onItem(id: unknown, cost: number, value: unknown): void {
    if (!this.#asked.wants(wire.ITEM, id) || this.#answersExcess(id, value)) return;
    if (this.#asked.item(id, cost, this.#arrivals.restoreOne(value))) return;
    this.#arrivals.refuse();
    this.#link.malformed('more items of a stream than there was room for');
  }

  onSettled(kind: number, id: unknown, value: unknown): void {
    if (this.#answersExcess(id, value)) return;
    // The end of a stream, and the word that a port was accepted, have no value.
    this.#asked.settle(kind, id, this.#asked.wants(kind, id) ? this.#arrivals.restoreOne(value) : value);
  }

  onMissed(id: unknown, args: unknown[]): void {
    const call = this.#asked.take(id);
    if (!call) return;
    // Whatever is too much in them is not sent on. Of a peer that isn't trusted nothing is passed on.
    const returned = this.#options.trusted ? this.#arrivals.giveBack(this.#arrivals.restore(args)) : args;
    this.#owner.missed(this.#link, call, returned);
  }

  onPeerUnreadable(post: number): void {
    this.#link.unreadThere(post);
  }

  // ---- how much it may say at a time

  /** What is too much in a message; it is reported. A peer that could speak for this side anyway is not looked at. */
  #excess(kind: number, channel: string, message: readonly unknown[]): string | undefined {
    const problem = this.#options.trusted ? undefined : excessOf(message, this.#options.limits);
    if (problem) this.#link.malformed(`${callOf(kind, channel)}: ${problem}`);
    return problem;
  }

  /** Whether too much is answered, or there is too much in an item; the call is over then. */
  #answersExcess(id: unknown, value: unknown): boolean {
    if (this.#options.trusted) return false;
    const call = this.#asked.get(id);
    const problem = call && this.#excess(call.kind, call.channel, [value]);
    if (problem)
      this.#asked.cancel(call, () => new MeshError('LIMIT', `${describeCall(call)}, its answer: ${problem}`));
    return problem !== undefined;
  }

  // ---- what the peer may do

  #refuses(act: 'send' | 'ask', channel: string): boolean {
    const { grant } = this.#options;
    return !sendsAll(grant) && !permits(grant, act, channel);
  }

  #notGranted(call: string): MeshError {
    const { name, id } = this.#link.peer;
    return new MeshError('NOT_AUTHORIZED', `${call}: ${name} (${id}) is not granted to send to this channel.`);
  }

  /** False, and answered, if the peer may not ask this, or asks too much. */
  #mayAsk(kind: number, id: number, channel: string, args: readonly unknown[]): boolean {
    if (!this.#link.full) this.#fullAt = undefined;
    const error = this.#refusal(kind, channel, args);
    if (!error) return true;
    if (this.#floods()) this.#endFlood(channel);
    else this.#link.fail(id, channel, error);
    return false;
  }

  #refusal(kind: number, channel: string, args: readonly unknown[]): MeshError | undefined {
    const { serving } = this.#options.limits;
    if (this.#refuses('ask', channel)) return this.#notGranted(callOf(kind, channel));
    // Answers are never refused: one that takes none, and asks for more, would fill this side's memory.
    const problem = this.#link.full
      ? 'too much waits for this peer that it has not taken.'
      : this.#serving.size >= serving
        ? `${serving} of this peer are pending. Await some, or raise limits: { serving } of the bridge, or broker.`
        : this.#excess(kind, channel, args);
    return problem === undefined ? undefined : new MeshError('LIMIT', `${callOf(kind, channel)}: ${problem}`);
  }

  /**
   * Whether the peer asks on although too much waits for it, and takes less than it asks for: the refusals alone would fill this
   * side's memory. What waits may grow by the answers to what is being served, and by twice a window of requests that were under way
   * before it could know. A peer that asks for no more than it takes, however slow it is, makes room for each refusal.
   */
  #floods(): boolean {
    if (!this.#link.full) return false;
    const { pending } = this.#link;
    this.#fullAt ??= pending;
    return pending > this.#fullAt + this.#options.limits.serving + MAX_REFUSALS;
  }

  /** All that waits for it is freed; should it be honest after all, it is told, and opens another link. */
  #endFlood(channel: string): void {
    const { name, id } = this.#link.peer;
    const text = `link with ${name} (${id}): it asks on, and takes less than it asks for. The link is ended.`;
    this.#owner.refused(this.#link, channel, new MeshError('LIMIT', text), 1);
    this.#link.end('lost');
  }
}
