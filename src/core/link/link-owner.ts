import type { Grant } from '../directory/grant.js';
import type { LeaveReason, MeshError } from '../errors/mesh-error.js';
import type { MeshPort } from '../port/mesh-port.js';
import type { Call } from './calls.js';
import type { Flow } from './flow.js';
import type { Link } from './link.js';
import type { Turn } from './turn.js';

/** A request or a stream being served. */
export interface Serving {
  /** Its caller no longer waits. */
  abort(reason: unknown): void;
  /** A stream's consumer has taken so much. */
  credit?(amount: number): void;
}

export interface LinkOptions {
  /** See `Link.epoch` */
  readonly epoch: number;
  /** See `Link.opened` */
  readonly opened: boolean;
  /** Whether errors go there without stacks and paths. */
  readonly redact: boolean;
  /** See `Link.trusted` */
  readonly trusted: boolean;
  /** What the peer may do. */
  readonly grant: Grant;
  /** Requests and streams of the peer that may be served at a time. */
  readonly serving: number;
  readonly flow: Flow;
  /** Of the bus it belongs to */
  readonly turn: Turn;
}

/** What a link tells its owner. None of these may throw. */
export interface LinkOwner {
  /** An event. `args[0]` is a free place for the event object, the arguments stand behind it. */
  event(link: Link, channel: string, args: unknown[]): void;
  /** A request, to be settled by `answer`, `fail` or `missed`. `args` as above. */
  request(link: Link, id: number, channel: string, args: unknown[]): void;
  /** A stream that is asked for, settled the same way when it has ended. */
  stream(link: Link, id: number, channel: string, args: unknown[], credit: number): void;
  /** A port that is handed over; settled the same way. */
  port(link: Link, id: number, channel: string, args: unknown[], port: MeshPort): void;
  /** The peer doesn't handle the channel; the arguments came back. */
  missed(link: Link, call: Call, args: unknown[]): void;
  changes(link: Link, first: number, changes: readonly unknown[]): boolean;
  state(link: Link, number: unknown, listens: unknown, handles: unknown): boolean;
  /** A call is settled, or is on its way to another link. */
  released(call: Call): void;
  /** An event the peer could not read, or that could not be posted. */
  unreadable(link: Link, channel: string, error: MeshError): void;
  /** An event on a channel that the peer may not send to; the count of such. */
  refused(link: Link, channel: string, error: MeshError, count: number): void;
  /** Something arrived that is no frame of ours. */
  malformed(link: Link, problem: string, count: number): void;
  /** The peer was silent, and isn't any more. */
  responsive(link: Link): void;
  /** Makes a port for the application of a raw one that arrived. `opened`: the peer itself is at its other end. */
  adopt(link: Link, raw: object, opened: boolean): MeshPort;
  /** Over. `lost` events may not have arrived. */
  linkEnded(link: Link, reason: LeaveReason, lost: number): void;
}
