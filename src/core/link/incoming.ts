import { allows, type Grant } from '../directory/grant.js';
import type { Peer } from '../directory/peer.js';
import { MeshError, type LeaveReason } from '../errors/mesh-error.js';
import type { MeshPort } from '../port/mesh-port.js';
import * as wire from '../wire/frames.js';
import type { Arrivals } from './arrivals.js';
import type { Asked } from './asked.js';
import { callOf, type Call } from './calls.js';
import type { FrameSink } from './reader.js';

/** A request or a stream being served. */
export interface Serving {
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
  fail(id: number, channel: string, thrown: unknown): void;
  /** The peer can't read a post of ours. */
  unreadThere(post: number): void;
  end(reason: LeaveReason): void;
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
  /** An event on a channel that the peer may not send to; the count of such. */
  refused(link: L, channel: string, error: MeshError, count: number): void;
}

export interface IncomingOptions {
  /** Whether the peer could speak for this side anyway. */
  readonly trusted: boolean;
  /** What the peer may do. */
  readonly grant: Grant;
  /** Requests and streams of the peer that may be served at a time. */
  readonly serving: number;
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

  // ---- what the peer sends and asks

  onPorts(placeholders: unknown): boolean {
    return this.#arrivals.place(placeholders);
  }

  onEvent(channel: string, args: unknown[]): void {
    const values = this.#arrivals.restore(args);
    if (!this.#refuses(channel)) return this.#owner.event(this.#link, channel, values);
    this.#owner.refused(this.#link, channel, this.#notGranted(`send('${channel}')`), ++this.#refused);
  }

  onRequest(kind: number, id: number, channel: string, args: unknown[]): boolean {
    if (this.#serving.has(id)) return false;
    const port = kind === wire.PORT ? this.#arrivals.first() : undefined;
    if (kind === wire.PORT && !port) return false;
    const values = this.#arrivals.restore(args);
    if (!this.#mayAsk(kind, id, channel)) return true;
    if (port) this.#owner.port(this.#link, id, channel, values, port);
    else this.#owner.request(this.#link, id, channel, values);
    return true;
  }

  onStream(id: number, channel: string, args: unknown[], credit: number): boolean {
    if (this.#serving.has(id)) return false;
    const values = this.#arrivals.restore(args);
    if (this.#mayAsk(wire.STREAM, id, channel)) this.#owner.stream(this.#link, id, channel, values, credit);
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
    if (this.#asked.wants(wire.ITEM, id)) this.#asked.item(id, cost, this.#arrivals.restoreOne(value));
  }

  onSettled(kind: number, id: unknown, value: unknown): void {
    // The end of a stream, and the word that a port was accepted, have no value.
    this.#asked.settle(kind, id, this.#asked.wants(kind, id) ? this.#arrivals.restoreOne(value) : value);
  }

  onMissed(id: unknown, args: unknown[]): void {
    const call = this.#asked.take(id);
    if (!call) return;
    // Of a peer that isn't trusted nothing is passed on.
    const returned = this.#options.trusted ? this.#arrivals.giveBack(this.#arrivals.restore(args)) : args;
    this.#owner.missed(this.#link, call, returned);
  }

  onPeerUnreadable(post: number): void {
    this.#link.unreadThere(post);
  }

  // ---- what the peer may do

  #refuses(channel: string): boolean {
    const { send } = this.#options.grant;
    return send !== undefined && !allows(send, channel);
  }

  #notGranted(call: string): MeshError {
    const { name, id } = this.#link.peer;
    return new MeshError('NOT_AUTHORIZED', `${call}: ${name} (${id}) is not granted to send to this channel.`);
  }

  /** False, and answered, if the peer may not ask this, or asks too much. */
  #mayAsk(kind: number, id: number, channel: string): boolean {
    const { serving } = this.#options;
    if (!this.#refuses(channel) && !this.#link.full && this.#serving.size < serving) return true;
    const call = callOf(kind, channel);
    // Answers are never refused: one that takes none, and asks for more, would fill this side's memory.
    const text = this.#link.full
      ? 'too much waits for this peer that it has not taken.'
      : `${serving} of this peer are pending.`;
    const error = this.#refuses(channel) ? this.#notGranted(call) : new MeshError('LIMIT', `${call}: ${text}`);
    this.#link.fail(id, channel, error);
    return false;
  }
}
