import { domEnd, MessagePortPort } from '../core/port/message-port.js';
import { startTimer } from '../core/timer.js';
import { Lane } from './lane.js';
import type { Line } from './line.js';
import { isRequest, thrown, type Message } from './protocol.js';

/**
 * A lane that stands for a port of the platform: that of an endpoint, or one that a transfer handler has made by itself. Each message
 * on it is a call; what answers none is answered at once, with nothing.
 */
export class Relay extends Lane {
  override readonly relayed = true;
  readonly #port: MessagePortPort;
  /** Comlink's ids of what was asked on the port, and those of the line. */
  readonly #asked = new Map<unknown, number>();

  constructor(line: Line, id: number, raw: MessagePort) {
    super(line, id);
    const isNode = 'unref' in raw;
    // In a worker of Electron before 29, no port may have a listener for its close: there the release has to do.
    const page = (globalThis as unknown as { readonly window?: object }).window;
    this.#port = new MessagePortPort(raw as never, domEnd, page as never, isNode || page !== undefined);
    this.#port.start({
      message: (data, ports) => this.#onMessage(data, ports as readonly object[]),
      unreadable() {},
      close: () => line.close(this),
    });
    // What it is for keeps the process alive, if something does.
    if (isNode) (raw as unknown as { unref(): void }).unref();
  }

  #onMessage(data: unknown, ports: readonly object[]): void {
    const { line } = this;
    const message = Object(data) as Message;
    const { id, type } = message;
    const asked = this.#asked.get(id);
    if (type === 'RELEASE') return this.release();
    if (this.#asked.delete(id)) {
      try {
        return line.reply(this, asked, data, ports);
      } catch (error) {
        return line.fail(asked as number, '', error);
      }
    }
    const arrived: object[] = [];
    line
      .call(this, data, ports, arrived)
      .then((answer) => isRequest(message) && this.#port.post({ ...(answer as Message), id }, arrived))
      .catch((error: unknown) => isRequest(message) && this.#port.post({ ...thrown(error), id }));
  }

  override receive(id: number, data: Message, ports: readonly object[]): void {
    this.#port.post(data, ports);
    if (isRequest(data)) this.#asked.set(data.id, id);
    else this.line.reply(this, id, undefined);
  }

  override end(released?: unknown): void {
    super.end();
    if (released) this.#port.post({ id: '', type: 'RELEASE' });
    // Behind what its calls are answered with.
    startTimer(0, () => this.#port.close());
  }
}
