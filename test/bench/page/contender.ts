import type { Message } from './payload.js';

/** The calling side of a contender. */
export interface Client {
  /** A request; resolves with the same message. */
  echo(message: Message): Promise<Message>;
  /** An event. */
  send?(message: Message): void;
  /** A request with 1 MiB, answered with its length: clone, no move. */
  bulk?(bytes: Uint8Array): Promise<number>;
}

/** What the called side does, the same for every contender. */
export interface Service {
  echo(message: Message): Message;
  sink(message: Message): void;
  bulk(bytes: Uint8Array): number;
}

/** One way from a page to another: both halves, each for the page it runs in. */
export interface Contender {
  open(): Client | Promise<Client>;
  serve(service: Service): void | Promise<void>;
}
