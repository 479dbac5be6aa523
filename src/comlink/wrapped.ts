import { LaneCall, type Asking } from './call.js';
import { Lane } from './lane.js';
import { isRequest, thrown, writeRequest, type Message } from './protocol.js';

/** What Comlink wraps an object on that is exposed on the other side: here, or beyond the port of an endpoint. */
export class Wrapped extends Lane implements Asking {
  postMessage(data: unknown, transfer?: readonly object[]): void {
    const message = Object(data) as Message;
    if (message.type === 'RELEASE') {
      this.released = message.id;
      return this.release();
    }
    // Whoever has an endpoint's port may say what he likes there.
    if (!isRequest(message.type)) return;
    const { id } = message;
    const ports = this.port && [];
    const answer = this.line.call(new LaneCall(this, message, ports), message, transfer);
    // Comlink's promise follows it from now on, whatever becomes of its proxy.
    if (!ports) return this.dispatch(Object.assign(answer, { id }));
    const deliver = (each: Message): void => this.dispatch({ ...each, id }, ports);
    answer.then(deliver).catch((error: unknown) => deliver(thrown(error)));
  }

  write(places: unknown, message: Message): unknown[] {
    return writeRequest(0 - this.id, places, message);
  }
}
