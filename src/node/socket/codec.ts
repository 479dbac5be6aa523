import { Deserializer, Serializer } from 'node:v8';
import { MeshError } from '../../core/errors/mesh-error.js';
import { kindOf } from '../../core/wire/kinds.js';
import { copyOf } from './copies.js';
import { PLAIN, UNREADABLE, V8 } from './frames.js';
import { readPlain } from './plain-reader.js';
import { own, writePlain } from './plain-writer.js';
import { isModest } from './v8-claims.js';
import { stacksFirst } from './v8-walk.js';

/** Bytes from which an ArrayBuffer travels beside its message: received straight into its place. */
const BESIDE_BYTES = 8192;
/** Values among which such buffers are looked for; of others, v8 writes a copy into the message, which is slower. */
const LOOKED_AT = 256;

/**
 * A message on its way, and the buffers beside it. None of it is the sender's any more; but `bytes` may be written over by the next
 * one: see `keep`.
 */
export interface Encoded {
  /** The kind of its frame. */
  readonly kind: number;
  readonly bytes: Uint8Array;
  readonly buffers: readonly Uint8Array[];
}

/** What else there is to a message. */
export interface EncodeOptions {
  /** ArrayBuffers that are detached when `encode` returns; those that can't be are copied. */
  readonly moved?: readonly ArrayBuffer[];
  /** Bytes it may have. Default: any number */
  readonly max?: number;
  /** See `Port.post` */
  readonly tree?: boolean;
  /** Called when the message is known to be fine, before anything is detached. What it throws, `encode` throws. */
  commit?(): void;
}

interface BufferSerializer extends Serializer {
  /** Else a view comes out as if it were an object of the platform's, and not as a view of the buffer it shares with others. */
  _setTreatArrayBufferViewsAsHostObjects(mode: boolean): void;
}

const nothing: readonly never[] = [];

/** It, to be read later. */
export function keep(encoded: Encoded): Encoded {
  return { ...encoded, bytes: own(encoded.bytes) };
}

/** What stands for a message that can't be passed on. */
export const unreadable: Encoded = { kind: UNREADABLE, bytes: new Uint8Array(0), buffers: nothing };

/**
 * A copy of `message` as it is now, with all that structured clone keeps: plain values in a format of our own, which is quicker than
 * what JSON or v8 make of them, all others in v8's. `null` becomes what can't be read, as on every port.
 *
 * @throws if it can't be cloned, or is too large; nothing is detached then
 */
export function encode(message: unknown, options: EncodeOptions = {}): Encoded {
  const { moved = nothing, max = Infinity, tree } = options;
  const plain = moved.length === 0 && message !== null ? writePlain(message, tree) : undefined;
  if (plain) {
    checkSize(plain.length, max);
    if (!options.commit) return { kind: PLAIN, bytes: plain, buffers: nothing };
    const bytes = own(plain);
    options.commit();
    return { kind: PLAIN, bytes, buffers: nothing };
  }
  const beside = largeBuffers(message);
  const encoded = message === null ? unreadable : asBytes(message, beside);
  checkSize(
    beside.reduce((sum, { byteLength }) => sum + byteLength, encoded.bytes.length),
    max,
  );
  options.commit?.();
  const owned = new Map(moved.map((buffer) => [buffer, take(buffer)]));
  // What isn't moved is copied: Node keeps what can't be written at once, and reads it later.
  const bytesOf = (buffer: ArrayBuffer): Uint8Array => {
    const taken = owned.get(buffer);
    return taken ? new Uint8Array(taken) : copyOf(buffer);
  };
  return { ...encoded, buffers: beside.map(bytesOf) };
}

/** @throws if that is too much */
function checkSize(size: number, max: number): void {
  if (size <= max) return;
  const text = `it is ${size} bytes large, and ${max} is the most (maxMessage). Send it in pieces: a stream, for example.`;
  throw new MeshError('NOT_CLONEABLE', text);
}

/** Bytes of a message on the wire. */
export function sizeOf({ bytes, buffers }: Encoded): number {
  let size = bytes.length;
  for (const buffer of buffers) size += buffer.length;
  return size;
}

function asBytes(message: unknown, beside: readonly ArrayBuffer[]): Encoded {
  const serializer = new Serializer() as BufferSerializer;
  serializer._setTreatArrayBufferViewsAsHostObjects(false);
  for (const [i, buffer] of beside.entries()) serializer.transferArrayBuffer(i, buffer);
  serializer.writeHeader();
  serializer.writeValue(message);
  return { kind: V8, bytes: serializer.releaseBuffer(), buffers: nothing };
}

/** Detaches `buffer`, and returns its bytes; `undefined` if it can't be detached, as a WebAssembly memory's. */
function take(buffer: ArrayBuffer): ArrayBuffer | undefined {
  try {
    return structuredClone(buffer, { transfer: [buffer] });
  } catch {
    return undefined;
  }
}

/** Those found soon. A buffer that can be resized is written by v8, so that it arrives as one. */
function largeBuffers(message: unknown): readonly ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const seen = new Set<unknown>([message]);
  let left = LOOKED_AT;
  // Grows meanwhile.
  for (const value of seen) {
    if (typeof value !== 'object' || value === null) continue;
    for (const each of contentOf(value)) {
      // Counted one by one, and not by how many there are in `seen`: 2³² holes are one value, and minutes to walk over.
      if (--left < 0) break;
      seen.add(each);
    }
    const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
    if (isLarge(buffer)) found.add(buffer);
  }
  return [...found];
}

function contentOf(value: object): Iterable<unknown> {
  switch (kindOf(value)) {
    case 'array':
      return value as unknown[];
    case 'record':
      return Object.values(value);
    case 'map':
      return Map.prototype.values.call(value);
    case 'set':
      return Set.prototype.values.call(value);
    default:
      return nothing;
  }
}

function isLarge(buffer: object): buffer is ArrayBuffer {
  if (kindOf(buffer) !== 'buffer') return false;
  const { byteLength, resizable = false } = buffer as ArrayBuffer & { readonly resizable?: boolean };
  return byteLength >= BESIDE_BYTES && !resizable;
}

/**
 * The message in a frame's body.
 *
 * @param kind of the frame
 * @param source the body is from `start` to `end` of it
 * @param buffers those that came beside it
 * @throws whatever, if that makes no sense, or can't be read here
 */
export function decode(
  kind: number,
  source: Buffer,
  start = 0,
  end = source.length,
  buffers: readonly ArrayBuffer[] = nothing,
): unknown {
  switch (kind) {
    case PLAIN:
      return readPlain(source, start, end);
    case V8:
      return readFully(source.subarray(start, end), buffers);
    default:
      throw new Error('it could not be passed on');
  }
}

function readFully(bytes: Uint8Array, buffers: readonly ArrayBuffer[]): unknown {
  if (!isModest(bytes)) throw new Error('arrays with more holes than a message may have');
  try {
    return read(bytes, buffers);
  } catch (error) {
    const ordered = stacksFirst(bytes);
    if (!ordered) throw error;
    return read(ordered, buffers);
  }
}

function read(bytes: Uint8Array, buffers: readonly ArrayBuffer[]): unknown {
  const deserializer = new Deserializer(bytes);
  for (const [i, buffer] of buffers.entries()) deserializer.transferArrayBuffer(i, buffer);
  deserializer.readHeader();
  return deserializer.readValue();
}
