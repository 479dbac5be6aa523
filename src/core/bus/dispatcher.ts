import { notCloneable } from '../errors/mesh-error.js';
import type { Link } from '../link/link.js';
import { MeshEvent, RequestEvent } from './events.js';
import { Listeners } from './listeners.js';
import type { Reports } from './reports.js';

export type AnyHandler = (event: RequestEvent, ...args: unknown[]) => unknown;

/** A handler that is registered. */
export interface Handling {
  readonly handler: AnyHandler;
}

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
    return emptied && this.listeners.count(channel) === 0;
  }

  /** `args[0]` is a free place. */
  request(link: Link, id: number, channel: string, args: unknown[]): void {
    const handling = this.handlers.get(channel);
    if (!handling) return link.missed(id, channel, args);
    const event = new RequestEvent(channel, link.peer);
    args[0] = event;
    let result: unknown;
    let later: boolean;
    try {
      result = handling.handler.apply(undefined, args as [RequestEvent, ...unknown[]]);
      later = isThenable(result);
    } catch (error) {
      return link.fail(id, channel, error);
    }
    // What is there at once is answered at once.
    if (!later) return answer(link, id, channel, result);
    link.serve(id, event);
    // A promise is itself; of a foreign thenable, what it throws or calls twice does no harm.
    Promise.resolve(result).then(
      (value) => answer(link, id, channel, value),
      (error: unknown) => link.fail(id, channel, error),
    );
  }
}

function answer(link: Link, id: number, channel: string, value: unknown): void {
  try {
    link.answer(id, channel, value);
  } catch (error) {
    link.fail(id, channel, notCloneable(error, `handle('${channel}'): its result can't be sent: `));
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
