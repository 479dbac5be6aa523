import { electronPortCarries } from '../port/electron-port.js';
import type { Port, PortListener } from '../port/port.js';
import type { Message } from './control.js';

/** The control port of a peer that sits at another broker: what is told to it goes there, and what it says comes from there. */
export class RemotePort implements Port {
  readonly carries = electronPortCarries;
  readonly #tell: (message: Message, port: object | undefined) => void;
  #listener: PortListener | undefined;

  /** @param tell takes what the peer is told, message by message */
  constructor(tell: (message: Message, port: object | undefined) => void) {
    this.#tell = tell;
  }

  get raw(): object {
    return this;
  }

  post(messages: unknown, transfer: readonly unknown[] = []): void {
    const last = (messages as Message[]).length - 1;
    (messages as Message[]).forEach((message, i) =>
      this.#tell(message, i === last ? (transfer[0] as object) : undefined),
    );
  }

  start(listener: PortListener): void {
    this.#listener = listener;
  }

  /** The peer says something. */
  say(message: Message): void {
    this.#listener?.message([message], []);
  }

  close(): void {
    this.#listener = undefined;
  }

  detach(): object {
    return this;
  }
}
