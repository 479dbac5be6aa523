import { decodeError } from '../errors/wire-error.js';
import { MeshError } from '../errors/mesh-error.js';
import type { Peer } from '../directory/peer.js';
import * as wire from '../wire/frames.js';
import { CallTable } from './call-table.js';
import { deadlineOf, describeCall, fail, timeoutError, type Call, type Carrier } from './calls.js';
import type { Outbox } from './outbox.js';
import type { Turn } from './turn.js';
import type { Writer } from './writer.js';

/** The link, as far as its calls need it. */
export interface AskedLink {
  readonly peer: Peer;
  readonly trusted: boolean;
  /** Whether anything can be sent. */
  readonly open: boolean;
}

export interface AskedOwner {
  /** A call is settled, or is on its way to another link. */
  released(call: Call): void;
}

/** The calls made over a link, until each is settled. */
export class Asked implements Carrier {
  readonly peer: Peer;
  readonly #link: AskedLink;
  readonly #owner: AskedOwner;
  readonly #turn: Turn;
  readonly #outbox: Outbox;
  readonly #writer: Writer;
  readonly #calls = new CallTable();
  #lastId = 0;
  /** What calls reject with, once the link has ended. */
  #over: ((call: Call) => unknown) | undefined;

  constructor(link: AskedLink, owner: AskedOwner, turn: Turn, outbox: Outbox, writer: Writer) {
    this.peer = link.peer;
    this.#link = link;
    this.#owner = owner;
    this.#turn = turn;
    this.#outbox = outbox;
    this.#writer = writer;
  }

  get size(): number {
    return this.#calls.size;
  }

  get(id: unknown): Call | undefined {
    return this.#calls.get(id as number);
  }

  /** Puts a call under way. Throws `NOT_CLONEABLE`; the call is not on this link then. */
  send(call: Call, args: readonly unknown[]): void {
    const writer = this.#writer;
    const id = ++this.#lastId;
    let copies: readonly unknown[] | undefined;
    if (call.kind === wire.REQUEST) copies = writer.request(id, call.channel, args);
    else if (call.stream) copies = writer.stream(id, call.channel, args, call.stream.credit);
    else writer.port(id, call.channel, args, call.port as object);
    call.started ??= copies ? this.#turn.stamp : { time: performance.now() };
    // Kept only for where it is needed: what lives as long as its call costs a tenth of their rate.
    if (!this.#link.trusted) call.copies = copies;
    call.link = this;
    call.id = id;
    this.#calls.add(call);
    // In Electron's main process a post runs microtasks, and one of them may have ended the link.
    if (this.#over) this.reject(id, this.#over);
  }

  // ---- on the caller's wish

  cancel(call: Call, error: () => unknown): void {
    if (this.#drop(call)) fail(call, error);
  }

  abandon(call: Call): void {
    if (this.#drop(call)) call.resolve(undefined);
  }

  credit(call: Call, cost: number): void {
    if (this.#link.open) this.#outbox.frame().push(wire.CREDIT, call.id, cost);
  }

  /** Rejects the calls whose time is over, and returns when the next one's is. */
  sweep(now: number): number {
    let next = Infinity;
    for (const call of this.#calls.all()) {
      const deadline = deadlineOf(call);
      if (deadline <= now) this.cancel(call, () => timeoutError(call));
      // Of one that is about to leave, nobody knows when that will be.
      else next = Math.min(next, call.started?.time === Infinity ? now + call.timeout : deadline);
    }
    return next;
  }

  // ---- what becomes of them

  started(id: unknown): void {
    this.get(id)?.stream?.started();
  }

  /** Whether somebody waits for a value of that kind: unknown ids are those of calls that timed out or were aborted. */
  wants(kind: number, id: unknown): boolean {
    const call = this.get(id);
    return call !== undefined && (kind === wire.ITEM ? call.stream !== undefined : call.kind === wire.REQUEST);
  }

  /** False if that is more than the peer was granted: the call is over then, and nobody has the item. */
  item(id: unknown, cost: number, value: unknown): boolean {
    const call = this.get(id);
    if (!call?.stream || call.stream.item(Math.max(1, cost), value)) return true;
    this.#flooded(call);
    return false;
  }

  settle(kind: number, id: unknown, value: unknown): void {
    const call = this.take(id);
    if (!call) return;
    if (kind === wire.RESULT) call.resolve(value);
    else failed(call, kind, value);
  }

  /** Rejects one, if it is there. */
  reject(id: unknown, error: (call: Call) => unknown): void {
    const call = this.take(id);
    if (call) fail(call, () => error(call));
  }

  /** Rejects all, and what comes later. */
  end(error: (call: Call) => unknown): void {
    this.#over = error;
    for (const { id } of this.#calls.all()) this.reject(id, error);
  }

  /** Takes a call off this link, if it is there. */
  take(id: unknown): Call | undefined {
    const call = this.get(id);
    if (!call) return undefined;
    this.#calls.remove(call);
    this.#owner.released(call);
    return call;
  }

  #drop(call: Call): boolean {
    if (this.#calls.get(call.id) !== call) return false;
    if (this.#link.open) this.#outbox.frame().push(wire.ABORT, call.id);
    this.take(call.id);
    return true;
  }

  #flooded(call: Call): void {
    this.cancel(call, () => {
      const text = `${describeCall(call)}: the peer sent more than there was room for.`;
      return new MeshError('PROTOCOL', text);
    });
  }
}

function failed(call: Call, kind: number, value: unknown): void {
  fail(call, () => (kind === wire.THROWN ? value : decodeError(value, `${describeCall(call)}, there`)));
}
