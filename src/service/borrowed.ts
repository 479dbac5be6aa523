import { invalid, MeshError } from '../core/errors/mesh-error.js';
import { disposing } from '../core/registration.js';
import type { Peer } from '../core/directory/peer.js';

/** A function, or an iterable, of a peer, as this side has it. */
export interface Borrowed {
  /** Of an iterable, it is negative */
  readonly id: number;
  readonly peer: Peer;
  /** The call that it came with, for errors */
  readonly from: string;
  /** Calls being served that brought it */
  calls: number;
  kept: boolean;
  /** Why it can't be used any more, in words */
  over?: string;
  /** Whether it is kept has changed. */
  told(): void;
  /** It is good for nothing any more. */
  ended(): void;
}

const key = Symbol('borrowed');

/** "callback of viewer (k3.2), from files.scan()" */
export function describe({ id, peer, from }: Borrowed): string {
  return `${id > 0 ? 'callback' : 'iterable'} of ${peer.name} (${peer.id}), from ${from}`;
}

/** Makes `value` a reference, which can be retained and released. */
export function asBorrowed<T extends object>(value: T, borrowed: Borrowed): T {
  return Object.assign(value, { [key]: borrowed, [disposing]: dispose });
}

function dispose(this: object): void {
  release(this);
}

/**
 * Keeps a callback, or an iterable, that came with a call: without it, it is good until the call is over. `release` it when it
 * isn't needed any more; it ends with the connection to its owner too. What came with a result needs no `retain`.
 *
 * @param reference the function, or iterable, itself
 * @returns the same
 * @throws MeshError `INVALID_ARGUMENT` if it is none that came from a peer; `CLOSED` if it is over already
 * @example
 * subscribe(listener: (line: string) => void) {
 *   listeners.add(retain(listener));
 * }
 */
export function retain<T extends object>(reference: T): T {
  const borrowed = find('retain', reference);
  if (borrowed.over) throw new MeshError('CLOSED', `retain(), ${describe(borrowed)}: ${borrowed.over}`);
  if (!borrowed.kept) {
    borrowed.kept = true;
    borrowed.told();
  }
  return reference;
}

/**
 * Gives up what `retain` kept, or what came with a result: its owner forgets it. Idempotent. The same as
 * `reference[Symbol.dispose]()`.
 *
 * @param reference the function, or iterable, itself
 * @throws MeshError `INVALID_ARGUMENT` if it is none that came from a peer
 * @example
 * release(listener);
 */
export function release(reference: object): void {
  const borrowed = find('release', reference);
  if (!borrowed.kept || borrowed.over) return;
  borrowed.kept = false;
  borrowed.told();
  settle(borrowed);
}

/** One that nobody needs any more, or whose last call is over, ends. */
export function settle(borrowed: Borrowed): void {
  if (borrowed.calls > 0 || borrowed.kept || borrowed.over) return;
  borrowed.over =
    'the call that it came with is over, or it was released. Call retain() on it while the call is served.';
  borrowed.ended();
}

function find(call: string, reference: unknown): Borrowed {
  const borrowed = (Object(reference) as { [key]?: Borrowed })[key];
  if (!borrowed) throw invalid(`${call}(reference)`, 'give a callback, or an iterable, that came from a peer.');
  return borrowed;
}
