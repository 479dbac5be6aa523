import type { PortListener } from '../../core/port/port.js';
import type { Account } from './account.js';
import { decode, type Encoded } from './codec.js';
import { costOf, INITIAL_WINDOW, Outgoing, WINDOW, type Carrier } from './outgoing.js';

/** What carries tunnels: a `Mux`. */
export type TunnelCarrier = Carrier<FarTunnel>;

/** A message that has arrived, and is not read yet. */
export interface Arrival {
  /** Of its frame; the body is from `start` to `end` of `source`. */
  readonly kind: number;
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
  /** What came beside it. */
  readonly buffers: readonly ArrayBuffer[];
  readonly ports: readonly Tunnel[];
}

/** Bytes that were taken here, from which on the far end is told. */
const TELL = WINDOW / 4;

/**
 * One end of a pipe on a connection to another process: the raw port of a `SocketPort`. Who starts it has it from then on.
 *
 * 1. Each message costs its bytes, and a little more; what the far end may send is granted in advance, and anew when this end's
 *    listener has got it. So a tunnel that nobody listens to holds a little memory here, and the rest of what is posted on it
 *    at the sender; and never stops others on the same connection.
 * 2. A close travels behind what was posted before it. An end that is closed goes on granting: what comes is dropped.
 */
export class Tunnel {
  readonly #outgoing = new Outgoing<FarTunnel>();
  #id = -1;
  #listener: PortListener | undefined;
  /** Those that wait for a listener, from `#head` on. */
  #waiting: Arrival[] = [];
  #head = 0;
  /** Why the far end is gone, once it is. */
  #gone: string | undefined;
  #closed = false;
  #started = false;
  /** The next message waits for what follows from the one before it. */
  #busy = false;
  /** What the far end may still send, and what was taken here since it was told. */
  #granted = INITIAL_WINDOW;
  #taken = 0;

  /** Whether nothing that is posted will arrive: it is closed, here or there. */
  get closed(): boolean {
    return this.#closed || this.#gone !== undefined;
  }

  /** Whether it is over for this end: it is closed here, or its listener knows that it is closed there. */
  get over(): boolean {
    return this.#closed;
  }

  /** Bytes that wait here, to be sent. */
  get queued(): number {
    return this.#outgoing.queued;
  }

  /** The connection it goes through; none before its far end has been sent. */
  get carrier(): TunnelCarrier | undefined {
    return this.#outgoing.carrier;
  }

  /** It goes through `carrier` from now on, by that number. */
  bind(carrier: TunnelCarrier, id: number): void {
    this.#id = id;
    if (this.#started) this.#grant(carrier);
    if (this.#gone === undefined) this.#outgoing.bind(carrier, id);
    else carrier.closed(id); // it was abandoned before it had a way
  }

  /** What waits here to be sent is billed to that from now on: to be called before anything does. Where too much does, this ends. */
  bill(account: Account): void {
    this.#outgoing.account = account;
  }

  /** `ends` are the receiver's from now on. */
  post(encoded: Encoded, ends: readonly FarTunnel[]): void {
    this.#outgoing.push(encoded, ends);
    if (!this.closed && this.#outgoing.account?.isOver()) this.#abandon();
  }

  /** Both sides hear of it as of the other one's close. What waits is dropped. */
  #abandon(): void {
    this.#outgoing.answer();
    this.#gone = 'lost';
    process.nextTick(() => this.#next()); // not while somebody posts
  }

  /** Begins to deliver to `listener`, and to nobody else. */
  start(listener: PortListener): void {
    if (this.#closed) return;
    this.#listener = listener;
    if (!this.#started) {
      this.#started = true;
      if (this.carrier && this.#gone === undefined) this.#grant(this.carrier);
    }
    this.#deliverSoon();
  }

  /** Delivers nothing to `listener` any more, if that is who it delivers to. */
  stop(listener: PortListener | undefined): void {
    if (this.#listener === listener) this.#listener = undefined;
  }

  /** Ends both sides. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener = undefined;
    this.#outgoing.close();
    if (!this.#started && this.carrier) this.#grant(this.carrier);
    this.#started = true;
    for (let next = this.#shift(); next; next = this.#shift()) {
      closeTunnels(next.ports);
      this.#take(next);
    }
  }

  // ---- what its Mux tells it

  /** False if the far end had no right to send it. Its source is copied if it has to wait. */
  arrived(arrival: Arrival): boolean {
    const cost = this.#costOf(arrival);
    if (cost > this.#granted && !(this.#started && this.#granted > 0)) return false;
    this.#granted -= cost;
    if (this.#closed) {
      closeTunnels(arrival.ports);
      this.#take(arrival);
    } else if (this.#listener && !this.#busy && this.#waiting.length === 0) {
      this.#deliver(arrival, this.#listener);
    } else {
      const source = Buffer.from(arrival.source.subarray(arrival.start, arrival.end));
      this.#waiting.push({ ...arrival, source, start: 0, end: source.length });
    }
    return true;
  }

  /** The far end may be sent so much more. */
  credited(bytes: number): void {
    this.#outgoing.credit(bytes);
  }

  /** The far end is closed. Answers it, if the connection lives. */
  closedThere(): void {
    this.#outgoing.answer();
    this.lost('closed');
  }

  /** The connection is over, or the far end was never sent. */
  lost(reason: string): void {
    this.#outgoing.end();
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    if (!this.#busy) this.#next();
  }

  /** The connection is about to be ended here. */
  hurry(): void {
    this.#outgoing.hurry();
  }

  // ---- delivering

  #deliver(arrival: Arrival, listener: PortListener): void {
    const { kind, source, start, end, buffers, ports } = arrival;
    let data: unknown;
    let readable = true;
    try {
      data = decode(kind, source, start, end, buffers);
    } catch {
      readable = false;
    }
    if (this.#id !== 0) this.#deliverSoon();
    this.#take(arrival);
    if (readable) return listener.message(data, ports);
    closeTunnels(ports);
    listener.unreadable();
  }

  /**
   * As between messages of a DOM port, all that follows from one is done before the next comes: who awaits a message hears the next
   * one too. On tunnel 0 is a link, or a control port, for which it makes no difference, but in time.
   */
  #deliverSoon(): void {
    if (this.#busy) return;
    this.#busy = true;
    queueMicrotask(this.#hop);
  }

  readonly #hop = (): void => process.nextTick(this.#resume);

  readonly #resume = (): void => {
    this.#busy = false;
    this.#next();
  };

  /** Delivers what waits: of tunnel 0 all of it, of others one message. */
  #next(): void {
    while (this.#listener && !this.#busy) {
      const next = this.#shift();
      if (!next) break;
      this.#deliver(next, this.#listener);
    }
    const listener = this.#listener;
    if (!listener || this.#busy || this.#gone === undefined) return;
    this.#closed = true;
    this.#listener = undefined;
    listener.close(this.#gone);
  }

  #shift(): Arrival | undefined {
    const next = this.#waiting[this.#head];
    if (!next) return undefined;
    this.#waiting[this.#head++] = undefined as never;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    }
    return next;
  }

  // ---- granting

  /** It is listened to, or closed, for the first time. */
  #grant(carrier: TunnelCarrier): void {
    carrier.started(this.#id);
    if (this.#id !== 0) this.#tell(carrier, WINDOW - INITIAL_WINDOW);
  }

  #take(arrival: Arrival): void {
    this.#taken += this.#costOf(arrival);
    if (this.#taken < TELL || !this.carrier) return;
    this.#tell(this.carrier, this.#taken);
    this.#taken = 0;
  }

  #costOf({ start, end, buffers }: Arrival): number {
    return this.#id === 0 ? 0 : costOf(buffers.reduce((sum, { byteLength }) => sum + byteLength, end - start));
  }

  #tell(carrier: TunnelCarrier, bytes: number): void {
    if (this.#outgoing.over) return; // who has closed says nothing any more
    this.#granted += bytes;
    carrier.credit(this.#id, bytes);
  }
}

/** The far end of `near`, as long as it has not been sent; until then, what is posted at `near` waits there. */
export class FarTunnel {
  readonly near: Tunnel;
  #spent = false;

  constructor(near: Tunnel) {
    this.near = near;
  }

  /** Whether it was sent, or closed: it is nobody's any more. */
  get spent(): boolean {
    return this.#spent;
  }

  /** It is on its way. */
  spend(): void {
    this.#spent = true;
  }

  /** It will never be sent, or has not got there. */
  close(): void {
    this.#spent = true;
    if (!this.near.carrier) this.near.lost('closed');
  }
}

function closeTunnels(tunnels: readonly Tunnel[]): void {
  for (const tunnel of tunnels) tunnel.close();
}
