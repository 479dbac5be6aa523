import { expose } from 'comlink';
import type { Call } from '../core/link/calls.js';
import type { Line } from './line.js';
import type { Message } from './protocol.js';
import { offer } from './proxies.js';

type Listener = (event: { readonly data: unknown }) => void;

/**
 * One of the endpoints on a line: what Comlink exposes an object on, or wraps. Comlink's promise of a call follows the line's at once:
 * so it settles when that does, released or not.
 */
export class Lane {
  /** On this side: those that were made here are above 0, those of the other side below. */
  readonly id: number;
  readonly name: string;
  /** What is exposed on it here. */
  readonly object: object | undefined;
  /** Whether a port of the platform is behind it. */
  readonly relayed: boolean = false;
  /** Under way to the other side. */
  readonly calls = new Set<Call>();
  /** Nothing more is called on it. */
  released = false;
  /** The answer that it was made for. */
  madeFor = 0;
  protected readonly line: Line;
  #listener: Listener | undefined;

  constructor(line: Line, id: number, object?: object) {
    this.line = line;
    this.id = id;
    this.name = id === 0 ? line.name : `proxy of ${line.name}`;
    this.object = object;
    if (object) expose(object, this as never);
  }

  // ---- what Comlink has to say

  /** There is one: Comlink either exposes something on a lane, or wraps what is at its other end. */
  addEventListener(_type: string, listener: Listener): void {
    this.#listener = listener;
  }

  removeEventListener(): void {}

  start(): void {}

  /** Throws where an answer can't be sent: Comlink answers with an error of its own then. */
  postMessage(message: Message, transfer?: readonly object[]): void {
    const { id, type } = message;
    if (type === 'RELEASE') this.release();
    // See `receive`.
    else if (typeof id === 'number') this.line.reply(this, id, message, transfer);
    else this.#dispatch(Object.assign(this.line.call(this, message, transfer), { id }));
  }

  /** Behind the calls under way, the lane is closed: whether its proxy was released, or collected. */
  release(): void {
    this.released = true;
    if (this.calls.size === 0) this.line.close(this);
  }

  // ---- what the other side has to say

  /** A call, which is answered under the number that it has on the line. */
  receive(id: number, message: Message, _ports: readonly object[]): void {
    if (message.type !== 'ENDPOINT') return this.#dispatch({ ...message, id });
    // Not Comlink's, which would be a channel's: in Node, that keeps the process alive.
    const value = offer(this.object as object);
    this.line.reply(this, id, { type: 'RAW', value }, [value]);
  }

  /** It is over on both sides. Comlink is told by what makes it run the object's finalizer. */
  end(_released?: unknown): void {
    this.released = true;
    for (const call of this.calls) call.link?.cancel(call, () => this.line.closed(call));
    this.#dispatch({ id: 0, type: 'RELEASE' });
  }

  #dispatch(data: unknown): void {
    this.#listener?.({ data });
  }
}
