import { expose } from 'comlink';
import type { LaneOwner } from './call.js';
import { Lane } from './lane.js';
import { readRequest, type Message } from './protocol.js';
import { offer, takeFrom } from './proxies.js';

/** What Comlink exposes an object on. The other side calls, and is answered. */
export class Exposed extends Lane {
  readonly #object: object;

  constructor(line: LaneOwner, id: number, object: object) {
    super(line, id);
    this.#object = object;
    expose(object, this as never);
  }

  /** Throws where an answer can't be sent: Comlink answers with an error of its own then. */
  postMessage(message: Message, transfer: readonly object[] = []): void {
    // Nobody waits any more: what is passed stays here.
    if (this.why) transfer.forEach(takeFrom);
    else this.line.reply(message.id as number, message, transfer);
  }

  override receive(id: number, args: readonly unknown[]): void {
    const message = readRequest(args, id);
    this.line.check(message?.path as unknown[] | undefined);
    if (message?.type !== 'ENDPOINT') return this.dispatch(this.line.unpack(message, args[2]));
    // Not Comlink's own, on a channel: in Node, that keeps the process alive.
    const value = offer(this.#object);
    this.postMessage({ id, value }, [value]);
  }
}
