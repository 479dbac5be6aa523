// The wire between a peer and the broker: the peer's control port.
//
// A post is an array of messages, each an array that begins with an integer kind. Ports that travel beside a
// post belong to its last message.
//
//  1. The peer's first port reaches the broker by the platform's own way (a preload, a parent port, a socket).
//  2. The broker answers on it: WELCOME with the stamped identity and the directory, or REFUSED with the cause.
//  3. From then on the broker tells of every JOIN, LEAVE and CHANGE of the peers this one may see, in the order in which it
//     learnt of them.
//  4. The peer announces its own changes with CHANGES, numbered by itself from 1.
//  5. To open a link, a peer sends OPEN with one end of a channel; the broker passes it on as LINK, stamped with the
//     sender's id, or answers UNLINKED. Nothing acknowledges a LINK: its target's LEAVE, or the port's close, ends it.
//     A peer whose platform can't make channels asks for one first, with CHANNEL, and gets both ends.
//  6. SYNC is answered SYNCED when all that the broker knew before has been told. CONFIRM is answered CONFIRMED when every
//     responsive peer has dispatched all that the sender had announced before: the broker asks each with ASK.
//  7. BYE, END or the close of the port ends the seat.
//
// Peers on sockets have no channels to hand over: they link by tickets.
//
//  8. A peer asks for a link with DIAL. The broker sends its target LISTEN, with a ticket, and what the target answers (LISTENING, and
//     where, or DEAF, and why) back to the dialer, as TICKET or UNDIALED. Who dials proves the ticket's key to who listens.
//  9. A peer may lose its broker, and take its seat again: STATE brings the others from what they knew of it to how it is. Its own
//     side tells itself of STALE, and of what FAILED meanwhile; no broker ever says either.

// peer → broker
/** `first number, [op, channel, …]` */
export const CHANGES = 1;
/** `token`: asks for a channel. The broker answers with the same kind of message, and its two ends */
export const CHANNEL = 7;
/** `target id, epoch, number of the target's last change known here`, with a port */
export const OPEN = 2;
/** `token` */
export const SYNC = 3;
/** `token` */
export const CONFIRM = 4;
/** `token` of an ASK */
export const TOLD = 5;
export const BYE = 6;
/** `token, target id, number of the target's last change known here` */
export const DIAL = 8;
/** `ticket's id, address` */
export const LISTENING = 9;
/** `ticket's id, why not` */
export const DEAF = 10;
/** `token`: asks for the broker's state. The broker answers with the same kind of message, and the state, or with FAILED */
export const QUERY = 11;

// broker → peer
/** `Welcome` */
export const WELCOME = 20;
/** `code, message, final`. Not final is what the default policy says: who owns the peer may still let it in. */
export const REFUSED = 21;
/** `peer, what of its grant the others enforce` */
export const JOIN = 22;
/** `id, reason` */
export const LEAVE = 23;
/** `id, first number, [op, channel, …]` */
export const CHANGE = 24;
/** `sender id, epoch, number of your last change the sender knows`, with a port */
export const LINK = 25;
/** `target id, epoch, why` */
export const UNLINKED = 26;
/** `token` */
export const SYNCED = 27;
/** `token` */
export const ASK = 28;
/** `token` */
export const CONFIRMED = 29;
/** `reason, detail` */
export const END = 30;
/** `ticket's id, its key, dialer's id, number of your last change the dialer knows` */
export const LISTEN = 31;
/** `token, ticket's id, its key, address` */
export const TICKET = 32;
/** `token, why` */
export const UNDIALED = 33;
/** `id, number, listens, handles`: the whole of it. From the peer itself, as its first message, without the id */
export const STATE = 34;
/** `token, code, message`: what was asked for comes to nothing */
export const FAILED = 35;
/** `whether the broker is gone, and the directory is as it was then` */
export const STALE = 36;

/** The epoch of a link that is surely alive: it is taken for the current one. */
export const CURRENT = -1;

import type { Grant } from '../directory/grant.js';
import type { Peer } from '../directory/peer.js';
import type { Port } from '../port/port.js';
import type { Limits } from '../directory/limits.js';

/** The broker's answer to a join. */
export interface Welcome {
  readonly version: number;
  readonly self: Peer;
  /** What this peer may do. */
  readonly grant: Grant;
  readonly limits: Limits;
  /** Whether errors go to peers of other origins without stacks and paths. */
  readonly redact: boolean;
  /** The other peers: `[peer, number of its last change, listens, handles, what of its grant the others enforce]` */
  readonly peers: readonly (readonly [Peer, number, readonly string[], readonly string[], Grant])[];
  /** Proves, to this broker or the one that takes its place, that the peer had this seat. */
  readonly resume?: string;
}

export type Message = readonly unknown[];

/** Gathers the messages of a turn into posts. A message with ports leaves at once, behind what was gathered. */
export class ControlOutbox {
  readonly #port: Port;
  readonly #soon: (flush: () => void) => void;
  #messages: Message[] = [];

  /** @param soon decides how long it gathers */
  constructor(port: Port, soon: (flush: () => void) => void = queueMicrotask) {
    this.#port = port;
    this.#soon = soon;
  }

  post(message: Message, ...ports: object[]): void {
    if (this.#messages.push(message) === 1 && ports.length === 0) this.#soon(() => this.flush());
    if (ports.length > 0) this.flush(ports);
  }

  flush(transfer?: readonly object[]): void {
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    this.#port.post(messages, transfer);
  }
}
