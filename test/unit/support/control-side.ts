import type { Message } from '../../../src/core/broker/control.js';
import type { Port } from '../../../src/core/port/port.js';
import { deferred } from '../../contract/case.js';

/** A peer's side of the control port, spoken by hand. */
export class ControlSide {
  readonly port: Port;
  /** Messages of the broker, in order. */
  readonly messages: Message[] = [];
  readonly ports: unknown[] = [];
  readonly closed: Promise<void>;
  /** Called with each message as it comes. */
  onMessage: (message: Message) => unknown = () => {};

  constructor(port: Port) {
    this.port = port;
    const closed = deferred();
    this.closed = closed.promise;
    port.start({
      message: (data, ports) => {
        this.ports.push(...ports);
        for (const message of data as Message[]) {
          this.messages.push(message);
          this.onMessage(message);
        }
      },
      unreadable() {},
      close: () => closed.resolve(),
    });
  }

  /** The messages of a kind, without it. */
  of(kind: number): Message[] {
    return this.messages.filter(([each]) => each === kind).map(([, ...rest]) => rest);
  }

  post(...messages: Message[]): void {
    this.port.post(messages);
  }
}
