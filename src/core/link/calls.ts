import type { Peer } from '../directory/peer.js';
import { EVENT, legible, PORT, STREAM } from '../wire/frames.js';
import type { Stamp } from './turn.js';
import { MeshError, type LeaveReason } from '../errors/mesh-error.js';

/** What a call is on: a link. */
export interface Carrier {
  readonly peer: Peer;
  /** The caller no longer waits: tells the peer, and rejects. */
  cancel(call: Call, error: () => unknown): void;
  /** As `cancel`, but the call is simply over. */
  abandon(call: Call): void;
  /** So much was taken from a stream. */
  credit(call: Call, cost: number): void;
}

/** A request, a stream or a port that is asked for, on the side that asks. */
export interface Call {
  /** `REQUEST`, `STREAM` or `PORT` */
  readonly kind: number;
  readonly channel: string;
  /** Milliseconds it may take; `Infinity`: any number */
  timeout: number;
  /** Since when it is under way; `undefined`: not yet */
  started: Stamp | undefined;
  /** Its arguments, as they were captured; `undefined` if they went alone, or to a peer that is trusted with them */
  copies?: readonly unknown[] | undefined;
  readonly signal: AbortSignal | undefined;
  /** Of a call that a service's user, or Comlink, makes: how its caller wrote it */
  service?: { readonly label: string } | undefined;
  /** The link it is on, and its id there: both change when it is passed on to another peer. */
  link: Carrier | undefined;
  id: number;
  /** Of a stream: what its consumer is told, and has room for. */
  readonly stream?: StreamSink | undefined;
  /** With a PORT: the raw port that is handed over */
  readonly port?: object | undefined;
  resolve(value: unknown): void;
}

/** The consumer of a stream, as its link sees it. */
export interface StreamSink {
  /** What it has room for at the beginning. */
  readonly credit: number;
  /** The producer runs. */
  started(): void;
  /** False if that is more than there is room for. */
  item(cost: number, value: unknown): boolean;
}

/**
 * Rejects a call with what `make` returns. Made where it is thrown into the caller's chain of awaits, an error's own stack
 * shows that chain: V8 walks the promises. That costs nothing as long as nothing fails, while a stack taken at every call
 * would halve their rate.
 */
export function fail(call: Pick<Call, 'resolve'>, make: () => unknown): void {
  let begin: (() => void) | undefined;
  const failing = new Promise<never>((_, reject) => (begin = reject as () => void));
  call.resolve(
    failing.catch(() => {
      throw make();
    }),
  );
  // One turn later, when the caller's promise hangs on this one.
  queueMicrotask(() => begin?.());
}

/** When it times out, on the clock of `performance.now()`; `Infinity` until it leaves. */
export function deadlineOf({ started, timeout }: Call): number {
  return (started?.time ?? Infinity) + timeout;
}

/** "request('doc:render') to viewer (k3.2)", as the caller would have written it. */
export function describeCall(call: Call, peer = call.link?.peer): string {
  return `${call.service?.label ?? callOf(call.kind, call.channel)}${peer ? ` to ${peer.name} (${peer.id})` : ''}`;
}

/** "request('doc:render')"; of an event, "send('doc:saved')" */
export function callOf(kind: number, channel: string): string {
  return `${verbs[kind] ?? 'request'}('${legible(channel)}')`;
}

const verbs: Readonly<Record<number, string>> = { [EVENT]: 'send', [STREAM]: 'stream', [PORT]: 'openPort' };

export function timeoutError(call: Call): MeshError {
  const why = call.link
    ? `The peer is told to stop; give more with ${call.service ? '$' : ''}with({ timeout }), or look at what the handler waits for.`
    : `Nobody has turned up who handles this channel. Give more with with({ timeout }).`;
  return new MeshError('TIMEOUT', `${describeCall(call)}: no answer after ${call.timeout} ms. ${why}`);
}

export function abortError(call: Call): MeshError {
  return new MeshError('ABORTED', `${describeCall(call)}: aborted by the caller's signal.`, {
    cause: call.signal?.reason,
  });
}

export function goneError(call: string, reason: LeaveReason, fix = ''): MeshError {
  return new MeshError('PEER_GONE', `${call}: the peer is gone (${reason}).${fix}`, { reason });
}
