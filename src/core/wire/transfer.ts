import { invalid } from '../errors/mesh-error.js';

const brand = Symbol.for('portmesh.Transfer');

/** A value whose buffers or ports move with it instead of being copied. Made by `transfer()`. */
export class Transfer<out T> {
  /** What the receiver gets. */
  readonly value: T;
  /** What moves. */
  readonly list: readonly object[];
  /** For the compiler only: else any object with the two members above would pass for one. */
  declare protected readonly marked: true;

  /** Use `transfer()`, which checks what it is given. */
  constructor(value: T, list: readonly object[]) {
    this.value = value;
    this.list = list;
  }

  /** @internal By brand, as MeshErrors are: `transfer` may be of another copy of this library than the bus. */
  static [Symbol.hasInstance](value: unknown): value is Transfer<unknown> {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

Object.defineProperty(Transfer.prototype, brand, { value: true });

/** An argument or a result: the value itself, or the value with what it moves. */
export type Sendable<T> = T | Transfer<T>;

/** Internal: whether something moves can be told only when it is sent. */
export function isTransferList(list: unknown): list is readonly object[] {
  return Array.isArray(list) && list.every((each) => typeof each === 'object' && each !== null);
}

/**
 * Marks an argument, or a handler's result, so that what `list` names moves to the receiver instead of being copied. It
 * belongs to the receiver once the call has returned without throwing; the buffers are detached here, even where the
 * receiver's kind of port had to copy them. A move needs exactly one receiver.
 *
 * @param value what the receiver gets; it contains, or is, what is listed
 * @param list what moves: ports (a `MeshPort`, or the platform's own `MessagePort` or `MessagePortMain`), ArrayBuffers, and, to
 *   a peer in a page or a worker, other transferable objects (streams, bitmaps). Each once. A port arrives as a `MeshPort`
 * @throws MeshError `INVALID_ARGUMENT` if `list` is no array of objects
 * @example
 * viewer.send('frame', transfer(pixels, [pixels.buffer]));
 */
export function transfer<T>(value: T, list: readonly object[]): Transfer<T> {
  if (!isTransferList(list)) {
    throw invalid('transfer(value, list)', 'list must be an array of transferable objects, such as [view.buffer].');
  }
  return new Transfer(value, list);
}
