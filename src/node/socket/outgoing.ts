import type { Account } from './account.js';
import { keep, sizeOf, unreadable, type Encoded } from './codec.js';

/** What a tunnel passes its messages to: a `Mux`. `End`: what is sent with them, the far ends of other tunnels. */
export interface Carrier<End> {
  /** Bytes that a message may have. */
  readonly maxMessage: number;
  /** Whether so many more tunnels may be opened from here. */
  hasRoomFor(tunnels: number): boolean;
  /** Writes a message, and opens the tunnels of `ends`. */
  message(tunnel: number, encoded: Encoded, ends: readonly End[]): void;
  /** Writes that this end of a tunnel is closed. */
  closed(tunnel: number): void;
  /** Writes that so many more bytes may be sent here on a tunnel. */
  credit(tunnel: number, bytes: number): void;
  /** A tunnel is listened to, for the first time. */
  started(tunnel: number): void;
}

interface Message<End> {
  readonly encoded: Encoded;
  readonly ends: readonly End[];
}

/**
 * Bytes that may be under way to a tunnel that nobody has listened to yet. A peer can open many, so this is what each of them costs
 * at most.
 */
export const INITIAL_WINDOW = 16 * 1024;

/** Bytes that may be under way to one that is listened to. */
export const WINDOW = 1024 * 1024;

/** What a message costs besides its bytes. */
const OVERHEAD = 64;

export function costOf(bytes: number): number {
  return bytes + OVERHEAD;
}

/**
 * The sending half of a tunnel: what the far end has no room for waits here, so that it never waits on the socket, before the
 * messages of others. A message larger than the window leaves alone, when something is listening there and there is any room.
 */
export class Outgoing<End extends { close(): void }> {
  #carrier: Carrier<End> | undefined;
  #tunnel = -1;
  /** What waits, from `#head` on. */
  #queue: Message<End>[] = [];
  #head = 0;
  #window = INITIAL_WINDOW;
  #listened = false;
  #closing = false;
  #over = false;
  /** Whom what waits is billed to. */
  account: Account | undefined;

  /** Whether nothing is sent any more: it is closed, and nothing waits before the close. */
  get over(): boolean {
    return this.#over;
  }

  get carrier(): Carrier<End> | undefined {
    return this.#carrier;
  }

  /** Bytes that wait. */
  get queued(): number {
    return this.#queue.slice(this.#head).reduce((sum, { encoded }) => sum + sizeOf(encoded), 0);
  }

  /** There is a way now. Tunnel 0 has no window: what is above it sees to that, and its messages must get through. */
  bind(carrier: Carrier<End>, tunnel: number): void {
    this.#carrier = carrier;
    this.#tunnel = tunnel;
    if (tunnel === 0) this.#window = Infinity;
    this.#release();
  }

  /** Sends a message, or lets it wait. */
  push(encoded: Encoded, ends: readonly End[]): void {
    if (this.#over || this.#closing) return closeAllEnds(ends);
    if (this.#queue.length > 0 || !this.#carrier || !this.#pass(this.#carrier, encoded, ends)) {
      this.#queue.push({ encoded: keep(encoded), ends });
      this.account?.add(costOf(sizeOf(encoded)));
    }
  }

  /** The far end has taken so much. */
  credit(bytes: number): void {
    this.#window += bytes;
    this.#listened = true;
    this.#release();
  }

  /** The connection will end: lets out what the far end listens to, window or not. */
  hurry(): void {
    if (this.#listened) this.credit(Infinity);
  }

  /** Closes the far end, behind what waits. */
  close(): void {
    if (this.#closing || this.#over) return;
    this.#closing = true;
    this.#release();
  }

  /** The far end is closed: what waits is dropped, and this end closed too, if it was not. */
  answer(): void {
    const answered = this.#over;
    this.end();
    if (!answered) this.#carrier?.closed(this.#tunnel);
  }

  /** Nothing can be sent any more: what waits is dropped. */
  end(): void {
    this.#over = true;
    for (const { encoded, ends } of this.#queue.slice(this.#head)) {
      this.account?.add(-costOf(sizeOf(encoded)));
      closeAllEnds(ends);
    }
    this.#queue = [];
    this.#head = 0;
  }

  #release(): void {
    const carrier = this.#carrier;
    if (!carrier || this.#over) return;
    while (this.#head < this.#queue.length) {
      const { encoded, ends } = this.#queue[this.#head] as Message<End>;
      if (!this.#pass(carrier, encoded, ends)) return;
      this.account?.add(-costOf(sizeOf(encoded)));
      this.#head++;
    }
    this.#queue = [];
    this.#head = 0;
    if (this.#closing && !this.#over) {
      this.#over = true;
      carrier.closed(this.#tunnel);
    }
  }

  /** False: there is no room for it yet. */
  #pass(carrier: Carrier<End>, encoded: Encoded, ends: readonly End[]): boolean {
    const size = this.#tunnel === 0 && ends.length === 0 ? 0 : sizeOf(encoded);
    // Known only now, if it was posted before there was a way. As a message it must arrive, as one that can't be read.
    const passable = size <= carrier.maxMessage && carrier.hasRoomFor(ends.length);
    const cost = costOf(passable ? size : 0);
    if (cost > this.#window && !(this.#listened && this.#window > 0)) return false;
    this.#window -= cost;
    if (passable) {
      carrier.message(this.#tunnel, encoded, ends);
    } else {
      closeAllEnds(ends);
      carrier.message(this.#tunnel, unreadable, []);
    }
    return true;
  }
}

function closeAllEnds(ends: readonly { close(): void }[]): void {
  for (const end of ends) end.close();
}
