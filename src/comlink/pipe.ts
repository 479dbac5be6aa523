import { LaneCall, type Asking } from './call.js';
import { Lane } from './lane.js';
import { comlinkType, isRequest, pathFor, thrown, type Message } from './protocol.js';

/**
 * Between two ports of the platform, one on each side: one that a transfer handler has made by itself. What is said on it may be
 * Comlink, or anything else, and arrives as it is. A request that is surely Comlink's settles: no call for it is over on the line before
 * an answer has got through.
 */
export class Pipe extends Lane implements Asking {
  /** Requests of the other side: their ids as Comlink has them, and as the line has. */
  readonly #asked = new Map<unknown, number>();

  postMessage(data: unknown, transfer?: readonly object[]): void {
    const { id } = Object(data) as Message;
    const type = comlinkType(data);
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    const deliver = (each: Message): void => {
      if (asked) this.line.reply(asked, each);
      // What else does not get there is as lost as on a port whose other end can't read it.
      else if (isRequest(type) && each.name) this.dispatch({ ...each, id });
      // In a worker, nobody hears of the end of Comlink's port there.
      if (type === 'RELEASE') this.release();
    };
    const sent = asked ? this.line.redacted(data) : data;
    void this.line.call(new LaneCall(this, {}), sent, transfer).catch(thrown).then(deliver);
  }

  write(places: unknown, data: unknown): unknown[] {
    return [0 - this.id, places, data];
  }

  override receive(number: number, [, , places, data]: readonly unknown[]): void {
    this.line.check(pathFor(data));
    const ports: object[] = [];
    this.dispatch(this.line.unpack(data, places, ports), ports);
    const { id } = Object(data) as Message;
    if (isRequest(comlinkType(data)) && !this.#asked.has(id)) this.#asked.set(id, number);
    else this.line.reply(number, {});
  }
}
