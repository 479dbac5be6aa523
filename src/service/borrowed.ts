import type { Mesh } from '../core/bus/mesh.js';
import type { MeshStream } from '../core/bus/mesh-stream.js';
import type { CallOptions, Request } from '../core/bus/request.js';
import type { Peer } from '../core/directory/peer.js';
import { invalid, MeshError } from '../core/errors/mesh-error.js';
import { disposing } from '../core/registration.js';
import type { Call } from './callee.js';
import { count, end, OVER, type Passed, type Room } from './passed.js';
import { REFERENCES } from './wire.js';

/** A function, or an iterable, of a peer, as this side has it. */
export interface Borrowed extends Passed {
  /** "callback of viewer (k3.2), from files.scan()" */
  readonly label: string;
  kept: boolean;
  /** What the application has: the same thing each time, as long as it has it. Held here only while a call lasts. */
  value: object | undefined;
  weak?: WeakRef<object>;
  /** Of an iterable that is taken from: its items. Leaving a `for await` loop ends it there. */
  items?: MeshStream<unknown>;
  /** Calls it; or tells its owner `what` becomes of it. */
  ask(args: readonly unknown[], what?: number): Promise<unknown>;
}

export const UNCONNECTED = 'the connection to its owner has ended.';

const forEver: CallOptions = { timeout: Infinity, signal: undefined, wait: 0 };

/**
 * Something of a peer that has come, or has come before.
 * @param from the call that it came with
 * @param signal of that call, if it came with its result: what is taken from it ends with that, too
 */
export function borrow(
  mesh: Mesh,
  call: Call,
  room: Room,
  peer: Peer,
  id: number,
  from: string,
  signal?: AbortSignal,
): Borrowed {
  const key = String(id);
  const known = room.get(key) as Borrowed | undefined;
  if (known && valueOf(known)) return known;
  const label = `${id > 0 ? 'callback' : 'iterable'} of ${peer.name} (${peer.id}), from ${from}`;
  const nobody = (): MeshError => closed(label, UNCONNECTED);
  const ask = (args: readonly unknown[], what?: number): Promise<unknown> => {
    const answer = borrowed.over
      ? Promise.reject(closed(label, borrowed.over))
      : call({ target: peer, channel: REFERENCES, head: [undefined, id, what], label, nobody }, args, forEver);
    // Whoever doesn't wait for what a callback returns is not to end for what it throws.
    answer.catch(() => {});
    return answer;
  };
  /** It can be taken from once. */
  const open = (): MeshStream<unknown> => {
    if (borrowed.items) return borrowed.items;
    check(borrowed);
    room.delete(key); // as its owner does, once it is taken from
    let request!: Request;
    const options = { timeout: undefined, signal, wait: 0 };
    const items = mesh.requests.stream(peer, REFERENCES, [undefined, id], options, (each) => {
      (request = each).service = { label, nobody };
    });
    // Whoever still takes would take a mere end for that of all items.
    borrowed.stop = () => request.link?.cancel(request, () => closed(label, borrowed.over as string));
    // Its owner has not heard of it: the signal has aborted before, or too much waits.
    if (!request.link) void ask([], -1);
    return (borrowed.items = items);
  };
  const value =
    id > 0 ? (...args: unknown[]) => ask(args) : { [Symbol.asyncIterator]: open, readable: () => open().readable() };
  const borrowed: Borrowed = { key, label, room, uses: 0, kept: false, value, ask };
  Object.assign(value, { [borrowedKey]: borrowed, [disposing]: () => keep(borrowed, false) });
  room.set(key, borrowed);
  return borrowed;
}

/** `undefined`: nobody has it any more. */
export function valueOf({ value, weak }: Borrowed): object | undefined {
  return value ?? weak?.deref();
}

/** @param told whether its owner knows */
export function keep(borrowed: Borrowed, kept: boolean, told?: boolean): void {
  if (borrowed.kept === kept) return;
  borrowed.kept = kept;
  const { value } = borrowed;
  if (kept && value) {
    // Whoever keeps it holds it: this side only wants to know when nobody does any more.
    borrowed.weak = new WeakRef(value);
    collected.register(value, borrowed);
    borrowed.value = undefined;
  } else if (!kept) void borrowed.items?.return();
  const what = kept ? 1 : -1;
  if (!told && !borrowed.over) {
    const heard = borrowed.ask([], what);
    // Its owner has let it go already: whoever called has given up.
    if (kept) heard.catch(() => end(borrowed, OVER));
  }
  count(borrowed, what);
}

/** One that is kept, and that nobody has any more, is released. One that is taken from ends with its stream, which may be all that the application has. */
const collected = new FinalizationRegistry<Borrowed>((borrowed) => {
  if (!borrowed.items) keep(borrowed, false);
});

/** @throws MeshError `CLOSED` if it is over */
function check({ label, over }: Borrowed, doing = ''): void {
  if (over) throw closed(doing + label, over);
}

export function closed(call: string, why: string): MeshError {
  return new MeshError('CLOSED', `${call}: ${why}`);
}

const borrowedKey = Symbol('borrowed');

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
  check(borrowed, 'retain(), ');
  keep(borrowed, true);
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
  keep(find('release', reference), false);
}

function find(call: string, given: unknown): Borrowed {
  const borrowed = (Object(given) as { [borrowedKey]?: Borrowed })[borrowedKey];
  if (!borrowed) throw invalid(`${call}(reference)`, 'give a callback, or an iterable, of a peer.');
  return borrowed;
}
