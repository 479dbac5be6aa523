import { closeAll, type Port, type PortCapabilities, type PortListener } from '../port/port.js';
import * as control from './control.js';

/** Above the tokens that a seat counts up from 1. */
const FIRST_TOKEN = 2 ** 40;

interface Waiting {
  readonly resolve: (channel: readonly [object, object]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A child's control port in the hands of a host that relays it, and that can't make channels of the broker's kind: it asks for them on
 * this very port, with tokens of its own, and keeps the answers to itself.
 */
export class ChannelAsker implements Port {
  readonly carries: PortCapabilities;
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  #lastToken = FIRST_TOKEN;
  #closed = false;

  constructor(port: Port) {
    this.#port = port;
    this.carries = port.carries;
  }

  get raw(): object {
    return this.#port.raw;
  }

  /** Rejects when the port closes first. */
  channel(): Promise<readonly [object, object]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Error('the seat is gone');
      const token = ++this.#lastToken;
      this.#waiting.set(token, { resolve, reject });
      this.#port.post([[control.CHANNEL, token]]);
    });
  }

  post(message: unknown, transfer?: readonly unknown[]): void {
    this.#port.post(message, transfer);
  }

  start(listener: PortListener): void {
    this.#port.start({
      message: (data, ports) => {
        const rest = this.#take(data, ports);
        if (!rest) listener.message(data, ports);
        else if (rest.length > 0) listener.message(rest, []);
      },
      unreadable: () => listener.unreadable(),
      close: (reason) => {
        this.#end();
        listener.close(reason);
      },
    });
  }

  close(): void {
    this.#end();
    this.#port.close();
  }

  detach(): object | undefined {
    this.#end();
    return this.#port.detach();
  }

  /** Takes an answer to this host off a post, and returns the others: with its ports, it is the last one. */
  #take(data: unknown, ports: readonly unknown[]): readonly unknown[] | undefined {
    const last: unknown = Array.isArray(data) ? data.at(-1) : undefined;
    if (!Array.isArray(last) || last[0] !== control.CHANNEL || last[1] <= FIRST_TOKEN) return undefined;
    const waiting = this.#waiting.get(last[1] as number);
    if (waiting) waiting.resolve(ports as unknown as readonly [object, object]);
    else closeAll(ports); // the child has asked in this host's name
    this.#waiting.delete(last[1] as number);
    return (data as unknown[]).slice(0, -1);
  }

  #end(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(new Error('the seat is gone'));
    this.#waiting.clear();
  }
}
