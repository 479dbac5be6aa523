import { invalid, type MeshError } from '../errors/mesh-error.js';
import type { Link } from '../link/link.js';
import type { MeshPort } from '../port/mesh-port.js';
import { MeshEvent, ServedRequest, type RequestEvent } from './events.js';
import { letGo } from './hold.js';
import { Listeners } from './listeners.js';
import { discard, isSource, Producer } from './producer.js';
import type { Reports } from './reports.js';

export type AnyHandler = (event: RequestEvent, ...args: unknown[]) => unknown;

export type AnyPortHandler = (event: MeshEvent, port: MeshPort, ...args: unknown[]) => unknown;

/** What handles a channel: requests and streams, or ports. */
export type Handling =
  | { readonly handler: AnyHandler; readonly portHandler?: never }
  | { readonly portHandler: AnyPortHandler; readonly handler?: never };

/** Brings what arrives to the application's listeners and handlers, and their results back. */
export class Dispatcher {
  readonly listeners = new Listeners();
  readonly handlers = new Map<string, Handling>();
  readonly #reports: Reports;

  constructor(reports: Reports) {
    this.#reports = reports;
  }

  /** `args[0]` is a free place. True if the last listener was a `once` and is gone now. */
  event(link: Link, channel: string, args: unknown[]): boolean {
    args[0] = new MeshEvent(channel, link.peer);
    const emptied = this.listeners.call(channel, args, (error) => this.#reports.failed(error, link.peer, channel));
    if (emptied === undefined) return false;
    link.keepPorts();
    return emptied && this.listeners.count(channel) === 0;
  }

  /** `args[0]` is a free place. `credit`: it asks for a stream, and has room for so much. */
  request(link: Link, id: number, channel: string, args: unknown[], credit?: number): void {
    const handler = this.handlers.get(channel)?.handler;
    if (!handler) return link.missed(id, channel, args);
    link.keepPorts();
    const event = new ServedRequest(channel, link.peer, id);
    args[0] = event;
    let result: unknown;
    let later: boolean;
    try {
      result = handler.apply(undefined, args as [RequestEvent, ...unknown[]]);
      later = credit === undefined && isThenable(result);
    } catch (error) {
      return link.fail(id, channel, error);
    }
    if (credit !== undefined) return this.#produce(link, id, channel, credit, event, result);
    // What is there at once is answered at once.
    if (!later) return answer(link, id, event, result);
    link.serve(id, event);
    answerLater(link, id, event, result);
  }

  #produce(link: Link, id: number, channel: string, credit: number, event: ServedRequest, result: unknown): void {
    const producer = new Producer(link, id, credit, event, (error) => this.#reports.failed(error, link.peer, channel));
    link.serve(id, producer);
    void producer.run(result);
  }

  /** `args[0]` is a free place. The port is accepted when the handler has been called without throwing. */
  port(link: Link, id: number, channel: string, args: unknown[], port: MeshPort): void {
    const handler = this.handlers.get(channel)?.portHandler;
    // Nothing is given back: its opener has the arguments, and a fresh port for the next one.
    if (!handler) return link.missed(id, channel, [undefined]);
    link.keepPorts();
    const failed = (error: unknown): void => {
      port.close();
      this.#reports.failed(error, link.peer, channel);
    };
    try {
      const result = handler(new MeshEvent(channel, link.peer), port, ...args.slice(1));
      if (isThenable(result)) Promise.resolve(result).catch(failed);
    } catch (error) {
      port.close();
      return link.fail(id, channel, error);
    }
    link.answer(id, channel, undefined);
  }
}

function answer(link: Link, id: number, event: ServedRequest, value: unknown): void {
  const { channel } = event;
  if (isSource(value)) {
    discard(value);
    return link.fail(id, channel, notAsked(channel));
  }
  if (!link.open) return letGo([value]);
  try {
    link.answer(id, channel, value);
  } catch (error) {
    link.fail(id, channel, event.unsendable('its result', error));
  }
}

function answerLater(link: Link, id: number, event: ServedRequest, result: unknown): void {
  // A promise is itself; of a foreign thenable, what it throws or calls twice does no harm.
  Promise.resolve(result).then(
    (value) => answer(link, id, event, value),
    (error: unknown) => link.fail(id, event.channel, error),
  );
}

function notAsked(channel: string): MeshError {
  return invalid(`request('${channel}')`, `its handler returns a stream. Take it with stream('${channel}', ...).`);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
