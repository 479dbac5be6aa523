import type { RequestEvent } from '../core/bus/events.js';
import type { Peer } from '../core/directory/peer.js';
import { invalid } from '../core/errors/mesh-error.js';

/** The call that a method is serving. */
export interface CurrentCall {
  /** Who calls: stamped by the broker. */
  readonly sender: Peer;
  /** Aborts when the caller no longer waits: its time-out, its own signal, its end. */
  readonly signal: AbortSignal;
}

let current: RequestEvent | undefined;

/**
 * In a method of a service, before its first `await`: who calls it, and the signal that says that nobody waits any more. A generator
 * runs later, when somebody takes from it: call this in a method that returns it.
 *
 * @throws MeshError `INVALID_ARGUMENT` anywhere else
 * @example
 * async read(path: string) {
 *   const { sender, signal } = currentCall();
 *   return await readFile(path, { signal });
 * }
 */
export function currentCall(): CurrentCall {
  if (!current) {
    throw invalid('currentCall()', 'call it in a method of a service, before its first await.');
  }
  return current;
}

/** Internal: runs a method. */
export function serving(
  event: RequestEvent,
  method: (...args: unknown[]) => unknown,
  implementation: object,
  args: unknown,
): unknown {
  const before = current;
  current = event;
  try {
    return method.apply(implementation, args as unknown[]);
  } finally {
    current = before;
  }
}
