import { expose } from 'comlink';
import type { Call } from '../core/link/calls.js';
import type { Port } from '../core/port/port.js';
import { startTimer } from '../core/timer.js';
import { isRequest, thrown, type Message } from './protocol.js';
import { offer } from './proxies.js';

/** Makes the error that a call rejects with. */
export type Why = (call: Call) => unknown;

/** The line it is on. */
export interface LaneOwner {
  readonly name: string;
  /** What calls reject with on a lane that is closed. */
  readonly closed: Why;
  /** Calls the other side. @param ports gets those of the platform that are in the answer */
  call(lane: Lane, data: unknown, transfer: readonly object[] | undefined, ports?: object[]): Promise<unknown>;
  /** Answers a call. @throws MeshError `NOT_CLONEABLE`; nothing has been sent then */
  reply(lane: Lane, id: number, data: unknown, transfer?: readonly object[]): void;
  /** Closes a lane, on both sides. @param released whether Comlink has released it, so that the port behind it there is told */
  close(id: number, released?: boolean): void;
}

type Listener = (event: { readonly data: unknown }) => void;

/**
 * One of the endpoints on a line: what Comlink exposes an object on, or wraps; or what a port of the platform stands for. What is said
 * on it is a call on the line, or answers one.
 */
export class Lane {
  readonly line: LaneOwner;
  /** On this side: those that were made here are above 0, those of the other side below. */
  readonly id: number;
  readonly name: string;
  /** What is exposed on it here. */
  readonly object: object | undefined;
  /** Stands for it here: see relay.ts. */
  port: Port | undefined;
  /** Under way to the other side. */
  readonly calls = new Set<Call>();
  /** Why nothing more can be called. */
  why: Why | undefined;
  /** The answer that it was made for. */
  madeFor = 0;
  /** Calls of the other side: their ids as Comlink has them, and as the line has. */
  readonly #asked = new Map<unknown, number>();
  #listener: Listener | undefined;

  constructor(line: LaneOwner, id: number, object?: object) {
    this.line = line;
    this.id = id;
    this.name = id === 0 ? line.name : `proxy of ${line.name}`;
    this.object = object;
    if (object) expose(object, this as never);
  }

  // ---- what Comlink, or the port, has to say

  /** There is one: Comlink either exposes something on a lane, or wraps what is at its other end. */
  addEventListener(_type: string, listener: Listener): void {
    this.#listener = listener;
  }

  removeEventListener(): void {}

  start(): void {}

  /** Throws where an answer can't be sent: Comlink answers with an error of its own then. */
  postMessage(data: unknown, transfer?: readonly object[]): void {
    const message = Object(data) as Message;
    const { id, type } = message;
    const asked = this.#asked.get(id);
    if (type === 'RELEASE') return this.release();
    if (asked !== undefined) {
      this.line.reply(this, asked, data, transfer);
      this.#asked.delete(id);
      return;
    }
    // Of what has ended, or is no answer, nobody wants to know.
    if (this.object) return;
    const ports = this.port && [];
    // Comlink's is a long text. Which call is answered, the line knows: one number less for it to carry, there and back.
    if (typeof id === 'string' && isRequest(message)) message.id = 0;
    const answer = this.line.call(this, data, transfer, ports);
    // Comlink's promise follows it from now on, whatever becomes of its proxy.
    if (!this.port) return this.#dispatch(Object.assign(answer, { id }));
    // What is no call of Comlink's has got there.
    const deliver = (each: unknown): unknown =>
      isRequest(message) && this.#dispatch({ ...(each as Message), id }, ports);
    answer.then(deliver).catch((error: unknown) => deliver(thrown(error)));
  }

  /** Behind the calls under way, the lane is closed: whether its proxy was released, or collected. */
  release(): void {
    this.why ??= this.line.closed;
    if (this.calls.size === 0) this.line.close(this.id, true);
  }

  // ---- what the other side has to say

  receive(number: number, data: unknown, ports?: readonly object[]): void {
    const message = Object(data) as Message;
    if (message.id === 0 && isRequest(message)) message.id = number;
    const { id, type } = message;
    this.#asked.set(id, number);
    if (type === 'ENDPOINT' && this.object) {
      // Not Comlink's own, on a channel: in Node, that keeps the process alive.
      const value = offer(this.object);
      return this.postMessage({ id, type: 'RAW', value }, [value]);
    }
    try {
      this.#dispatch(data, ports);
    } catch (error) {
      this.#asked.delete(id); // the line answers it
      throw error;
    }
    // Nobody answers what is no call of Comlink's.
    if (!isRequest(message)) this.postMessage({ id });
  }

  /** It is over on both sides. Comlink is told by what makes it run the object's finalizer. */
  end(why: Why, released?: unknown): void {
    const { port } = this;
    this.why = why;
    for (const call of this.calls) call.link?.cancel(call, () => why(call));
    if (released || !port) this.#dispatch({ id: '', type: 'RELEASE' });
    // Behind what its calls are answered with.
    if (port) startTimer(0, () => port.close());
  }

  #dispatch(data: unknown, ports?: readonly object[]): void {
    if (this.port) this.port.post(data, ports);
    else this.#listener?.({ data });
  }
}
