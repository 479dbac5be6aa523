import * as plain from './plain.js';

/** What is read, from where, and up to where. */
let source = Buffer.alloc(0) as unknown as plain.NativeBuffer;
let at = 0;
let end = 0;
/** The first object of each kind in this message, with its keys, and the texts that were noted. */
const records: { readonly keys: readonly string[]; like: Record<string, unknown> | undefined }[] = [];
const noted: string[] = [];

const nothing = source;

/**
 * The value that stands from `start` to `until`: see plain.ts.
 *
 * @throws if it makes no sense
 */
export function readPlain(from: Buffer, start: number, until: number): unknown {
  source = from as plain.NativeBuffer;
  at = start;
  end = until;
  try {
    const value = readValue(0);
    if (at !== end) throw new Error('something behind the value, or too little');
    return value;
  } finally {
    source = nothing;
    records.length = noted.length = 0;
  }
}

function readValue(depth: number): unknown {
  if (at >= end) throw new Error('too little');
  const kind = source[at++] as number;
  if (kind < 0x80) return kind;
  if (kind >= plain.SHORT_TEXT) return readShort(kind - plain.SHORT_TEXT);
  switch (kind) {
    case plain.UINT16:
      return readUint16();
    case plain.UINT32:
      return readUint32();
    case plain.DOUBLE:
      return readDouble();
    case plain.UNDEFINED:
      return undefined;
    case plain.NULL:
      return null;
    case plain.TRUE:
      return true;
    case plain.FALSE:
      return false;
    case plain.DATE:
      return new Date(readDouble());
    case plain.LATIN1:
    case plain.UTF16:
      return readLong(kind);
    case plain.NOTED:
      return readNoted();
    case plain.AGAIN:
      return readAgain();
    case plain.ARRAY:
      return readArray(depth);
    case plain.RECORD:
      return readRecord(depth);
    case plain.ALIKE:
      return readAlike(depth);
    default:
      throw new Error(`a value of kind ${kind}`);
  }
}

// What is read beyond the end is found out at the end.

function readUint16(): number {
  at += 2;
  return (source[at - 2] as number) | ((source[at - 1] as number) << 8);
}

function readUint32(): number {
  at += 4;
  const [a, b] = [source[at - 4] as number, source[at - 3] as number];
  return (a | (b << 8) | ((source[at - 2] as number) << 16) | ((source[at - 1] as number) << 24)) >>> 0;
}

function readDouble(): number {
  const { number, numberBytes: bytes } = plain;
  bytes[0] = source[at] as number;
  bytes[1] = source[at + 1] as number;
  bytes[2] = source[at + 2] as number;
  bytes[3] = source[at + 3] as number;
  bytes[4] = source[at + 4] as number;
  bytes[5] = source[at + 5] as number;
  bytes[6] = source[at + 6] as number;
  bytes[7] = source[at + 7] as number;
  at += 8;
  return number[0] as number;
}

function readShort(length: number): string {
  const start = at;
  at += length;
  if (at > end) throw new Error('too little');
  return source.latin1Slice(start, at);
}

function readLong(kind: number): string {
  const length = readUint32();
  const start = at;
  at += kind === plain.LATIN1 ? length : length * 2;
  if (at > end) throw new Error('too little');
  return kind === plain.LATIN1 ? source.latin1Slice(start, at) : source.ucs2Slice(start, at);
}

function readText(): string {
  const kind = source[at++] as number;
  if (kind >= plain.SHORT_TEXT) return readShort(kind - plain.SHORT_TEXT);
  if (kind === plain.LATIN1 || kind === plain.UTF16) return readLong(kind);
  throw new Error('no text');
}

function readNoted(): string {
  if (noted.length === plain.MAX_NOTED) throw new Error('too many texts are noted');
  const text = readText();
  noted.push(text);
  return text;
}

function readAgain(): string {
  const text = noted[source[at++] as number];
  if (text === undefined) throw new Error('a text that was not noted');
  return text;
}

function readArray(depth: number): unknown[] {
  checkDepth(depth);
  const length = readUint32();
  // Each takes a byte at least.
  if (length > end - at) throw new Error('too little');
  const array: unknown[] = [];
  for (let i = 0; i < length; i++) array.push(readValue(depth + 1));
  return array;
}

function readRecord(depth: number): Record<string, unknown> {
  checkDepth(depth);
  const count = source[at++] as number;
  const keys: string[] = [];
  for (let i = 0; i < count; i++) {
    const key = readText();
    if (!plain.isFine(key)) throw new Error('a key that may not be');
    keys.push(key);
  }
  const record: Record<string, unknown> = {};
  const known = { keys, like: undefined as Record<string, unknown> | undefined };
  if (records.length < plain.MAX_RECORDS) records.push(known);
  for (const key of keys) put(record, key, readValue(depth + 1));
  known.like = record;
  return record;
}

/** Whatever all objects inherit: `__proto__`, for example, would be called. */
function put(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key in record)
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
  else record[key] = value;
}

/** A copy has all keys at once, its own ones: that takes half the time of giving it one after the other. */
function readAlike(depth: number): Record<string, unknown> {
  checkDepth(depth);
  const known = records[source[at++] as number];
  if (!known) throw new Error('an object like none');
  const { keys, like } = known;
  const record = { ...like };
  if (like) for (let i = 0; i < keys.length; i++) record[keys[i] as string] = readValue(depth + 1);
  // Inside of the first one, which does not have all of its keys yet.
  else for (const key of keys) put(record, key, readValue(depth + 1));
  return record;
}

function checkDepth(depth: number): void {
  if (depth >= plain.MAX_DEPTH) throw new Error('too deep');
}
