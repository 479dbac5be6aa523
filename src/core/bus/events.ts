import type { Peer } from '../directory/peer.js';
import { notCloneable, type MeshError } from '../errors/mesh-error.js';

/** What a listener gets with an event. */
export class MeshEvent {
  /** The channel it came on. */
  readonly channel: string;
  /** Who sent it: stamped by the broker. */
  readonly sender: Peer;

  /** Made by the bus for each event. */
  constructor(channel: string, sender: Peer) {
    this.channel = channel;
    this.sender = sender;
  }
}

/** What a handler gets with a request. */
export interface RequestEvent extends MeshEvent {
  /** Aborts when the caller no longer waits: its time-out, its own signal, its end. */
  readonly signal: AbortSignal;
}

/** Internal: a request that is being handled, as its handler gets it. */
export class ServedRequest extends MeshEvent implements RequestEvent {
  /** What is served there: see `Incoming.withdraw`. */
  declare channel: string;
  /** What it is called in errors: "files.read()". @default its channel's handler */
  declare label?: string;
  /** What its caller numbers it by; see `Link.untaken`. */
  readonly id: number | undefined;
  /** Told when nobody waits any more: a signal costs more. */
  declare onAbort?: (reason: unknown) => void;
  #controller: AbortController | undefined;
  #aborted = false;
  #reason: unknown;

  /** Made by the bus for each request. */
  constructor(channel: string, sender: Peer, id?: number) {
    super(channel, sender);
    this.id = id;
  }

  /** @param what can't be sent: its result, or an item of its stream */
  unsendable(what: string, error: unknown): MeshError {
    return notCloneable(error, `${this.label ?? `handle('${this.channel}')`}: ${what} can't be sent: `);
  }

  /** Made when it is first read, as a signal per request would halve the rate of those that don't need it. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Nobody waits any more. */
  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.onAbort?.(reason);
  }
}
