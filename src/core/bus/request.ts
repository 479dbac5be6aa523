import type { Directory } from '../directory/directory.js';
import type { Peer } from '../directory/peer.js';
import { MeshError, notCloneable } from '../errors/mesh-error.js';
import { describeCall, fail, goneError, type Call } from '../link/calls.js';
import type { Link } from '../link/link.js';
import { letGo } from './hold.js';
import { noPeer, noPeerOf, peersOf, type Target } from './target.js';

/** Milliseconds a request, or the beginning of a stream, is waited for. */
export const TIMEOUT_MS = 30_000;

export interface CallOptions {
  /** Milliseconds until a request rejects with `TIMEOUT`. `Infinity`: never. `undefined`: what is usual for the kind of call. */
  readonly timeout: number | undefined;
  /** Aborts a request. */
  readonly signal: AbortSignal | undefined;
  /** Milliseconds a request waits for somebody to handle its channel. */
  readonly wait: number;
}

/**
 * The ids of those that turned out not to handle it, with the number of the last announcement that said so: what they have announced
 * since counts.
 */
export type Tried = Map<string, number>;

/** A call of ours, with what is needed to find another peer for it. */
export interface Request extends Call {
  readonly target: Target;
  /** Milliseconds it waits for somebody to handle its channel, */
  readonly wait: number;
  /** and until when that is, on the clock of `performance.now()`, once it waits. */
  until?: number;
  /** Arguments that wait here, or that a peer gave back, until they are on their way: nobody else has what moves with them. */
  held?: readonly unknown[] | undefined;
  /** The number of the peer's last announcement when it was sent there. */
  known: number;
  tried?: Tried;
  /** Of a service's call */
  service?: ServiceCall | undefined;
  /** Its arguments, each time they are about to be sent: what is passed by reference is told to a certain peer. */
  prepare?(args: readonly unknown[], peer: Peer): readonly unknown[];
}

/** What a service's call has besides. It waits for somebody until its time is over. */
export interface ServiceCall {
  /** How its caller wrote it */
  readonly label: string;
  /** What to say where nobody took it in its time. */
  nobody(request: { readonly timeout: number }): MeshError;
}

/**
 * What few requests need is not set: of a call under way, this object is the largest part.
 *
 * @param kind `REQUEST`, `STREAM` or `PORT`
 */
export function newRequest(
  kind: number,
  target: Target,
  channel: string,
  { timeout = TIMEOUT_MS, signal, wait }: CallOptions,
  resolve: (value: unknown) => void,
): Request {
  return {
    kind,
    channel,
    timeout,
    signal,
    target,
    wait,
    known: 0,
    started: undefined,
    link: undefined,
    id: 0,
    resolve,
  };
}

/** Rejects a request that is on no link. */
export function giveUp(request: Request, error: () => unknown): void {
  letGo(request.held);
  fail(request, error);
}

/** Rejects a request with an argument that can't be sent. */
export function unsendable(request: Request, error: unknown, peer?: Peer): void {
  giveUp(request, () => notCloneable(error, `${describeCall(request, peer)}: an argument can't be sent: `));
}

/** Rejects a request whose link has ended, or has too much that waits. */
export function notTaken(request: Request, { open, pending, peer }: Link): void {
  giveUp(request, () => {
    const call = describeCall(request, peer);
    return open ? fullError(call, pending, peer) : goneError(call, 'lost');
  });
}

/** What to say where nobody takes a request. */
export function nobody(request: Request, directory: Directory): MeshError {
  const { target, channel, tried } = request;
  const call = describeCall({ ...request, link: undefined });
  if (target !== undefined && !tried?.size && peersOf(target, directory).length === 0) {
    return noPeer(call, target, directory);
  }
  return new MeshError(
    'NO_HANDLER',
    `${call}: ${noPeerOf(target)} handles this channel. Is ${request.port ? 'onPort' : 'handle'}('${channel}', ...) called there? ` +
      `with({ wait: ms }) waits for it.`,
  );
}

/** What to say where so much waits for a peer that no more is taken. */
export function fullError(call: string, pending: number, { name, id }: Peer): MeshError {
  return new MeshError(
    'LIMIT',
    `${call}: ${pending} messages wait for ${name} (${id}) already, more than the limit. Wait with ` +
      `drain(), or connect({ flow: { limit } }).`,
  );
}
