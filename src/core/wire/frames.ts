// The wire between two linked peers.
//
// A post is one flat array: `[received, kind, …, kind, …]`. `received` is how many posts of the other side its sender has
// dispatched so far (listeners run, handlers started): the acknowledgement, on every post for free. Then come the frames,
// each an integer kind and its fields, one behind the other. Arguments stand behind their count, so whatever they hold is
// never taken for a frame.
//
//   EVENT       channel, count, ...arguments
//   REQUEST     id, channel, count, ...arguments      ids are the requester's, per link
//   RESULT      id, value
//   FAILURE     id, error                              the handler threw an error; see wire-error.ts
//   THROWN      id, value                              the handler threw something that is no error
//   MISSED      id, count, ...arguments                not handled here; the arguments go back, to be passed on
//   ABORT       id                                     the requester no longer waits
//   UNREADABLE  post                                   that post of yours can't be read here
//   CHANGES     first number, count, ...[op, name]     what the sender listens to and handles; see directory.ts
//   STATE       number, listens, handles               the whole of it
//   ECHO                                               acknowledge at once
//   BYE                                                the last frame
//   STREAM      id, channel, credit, count, ...arguments
//   STARTED     id                                     the stream's handler runs
//   ITEM        id, cost, value                        of a stream; its end is a RESULT, FAILURE or THROWN
//   CREDIT      id, credit                             that much was taken from the stream
//   PORT        id, channel, count, ...arguments       behind PORTS, whose first port is the one opened; RESULT: accepted
//   PORTS       placeholders                           the ports beside this post, for the frame that follows
//   TEXT        text                                   the first, if at all: a post as JSON, whose frames stand here
//
// Ports never stand inside a payload: not every kind of port could read it there. Each is replaced by an empty object, and PORTS
// lists these in the order of the ports. Structured clone keeps identity within a post, so the receiver finds the places.
export const EVENT = 1;
export const REQUEST = 2;
export const RESULT = 3;
export const FAILURE = 4;
export const THROWN = 5;
export const MISSED = 6;
export const ABORT = 7;
export const UNREADABLE = 8;
export const CHANGES = 9;
export const STATE = 10;
export const ECHO = 11;
export const BYE = 12;
export const STREAM = 13;
export const STARTED = 14;
export const ITEM = 15;
export const CREDIT = 16;
export const PORT = 17;
export const PORTS = 18;
export const TEXT = 19;

/** The version of this wire. Peers of different versions are kept apart by the broker, at the join. */
export const WIRE_VERSION = 1;

/** The most characters a name may have: of a channel, a peer, a service. */
export const MAX_NAME = 256;

/** Values behind a count, at most: a sparse array of 2³² places is a few bytes on the wire, and a minute's work there. */
export const MAX_FIELDS = 65_536;

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME;
}

/** A channel that a peer has named, fit for a log: there, and in a terminal, control characters could make it look like another line. */
export function legible(name: string): string {
  return name.replace(/\p{Cc}/gu, '?');
}

/** What a peer may be called: the errors of all others say it. */
export function isPeerName(value: unknown): value is string {
  return isName(value) && legible(value) === value;
}

/** A count, an id or a number on the wire. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
