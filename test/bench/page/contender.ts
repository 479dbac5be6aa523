import type { Message } from './payload.js';

/** The calling side of a contender. */
export interface Client {
  /** A request; resolves with the same message. */
  echo(message: Message): Promise<Message>;
  /** An event. */
  send?(message: Message): void;
  /** A request with 1 MiB, answered with its length: clone, no move. */
  bulk?(bytes: Uint8Array): Promise<number>;
  /** A stream of small items, made by the called side; each is given to `take`. Resolves at its end. */
  items?(count: number, take: (item: Message) => void): Promise<void>;
  /** The same of large ones; here the receiver's pace must hold the sender. */
  chunks?(count: number, take: (chunk: Uint8Array) => void): Promise<void>;
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
