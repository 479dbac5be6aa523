import * as plain from './plain.js';

/** Bytes of the largest message that is written so. Of what is larger, v8 is as quick. */
const ROOM = 256 * 1024;

/** The memory that each message is written into, and copied from. */
let target = Buffer.alloc(0) as unknown as plain.NativeBuffer;
/** Where the next byte goes. What goes beyond the end goes nowhere: to look for that at each byte would take longer. */
let at = 0;
/** The keys of the records of this message, and the texts in it that were noted. */
const records: (readonly string[])[] = [];
const noted: string[] = [];
/** The objects of this message, from the second one on; the first one. */
const objects = new Set<object>();
let first: object | undefined;
let isTree = false;
let busy = false;

/**
 * `message`, as it is now, in memory that the next one is written into: see `own`. `undefined` if it isn't plain, or is too large: see
 * plain.ts. What a getter in it throws, this throws.
 *
 * @param tree see `Port.post`: to make sure of that takes a quarter of the time
 */
export function writePlain(message: unknown, tree = false): Buffer | undefined {
  if (busy) return undefined; // a getter in a message has sent this one
  isTree = tree;
  if (target.length === 0) target = Buffer.allocUnsafeSlow(ROOM) as unknown as plain.NativeBuffer;
  busy = true;
  try {
    const written = Array.isArray(message) ? writeBatch(message) : writeValue(message, 0);
    return written && at <= ROOM ? target.subarray(0, at) : undefined;
  } finally {
    busy = false;
    at = records.length = noted.length = 0;
    first = undefined;
    if (objects.size > 0) objects.clear();
  }
}

/** `bytes` in memory of their own, if they are in what the next message is written into. */
export function own(bytes: Uint8Array): Uint8Array {
  return bytes.buffer === target.buffer ? Buffer.from(bytes) : bytes;
}

/** The texts that stand directly in it are names of channels, for the most part. */
function writeBatch(batch: readonly unknown[]): boolean {
  const { length } = batch;
  if (Object.getPrototypeOf(batch) !== Array.prototype || !isDense(batch)) return false;
  writeUint32(plain.ARRAY, length);
  for (let i = 0; i < length && at <= ROOM; i++) {
    const value = batch[i];
    if (typeof value === 'string') writeName(value);
    else if (isHole(value, batch, i) || !writeValue(value, 1)) return false;
  }
  return true;
}

function writeValue(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'number':
      writeNumber(value);
      return true;
    case 'string':
      writeText(value);
      return true;
    case 'boolean':
      target[at++] = value ? plain.TRUE : plain.FALSE;
      return true;
    case 'undefined':
      target[at++] = plain.UNDEFINED;
      return true;
    case 'object':
      if (value !== null) return writeObject(value, depth);
      target[at++] = plain.NULL;
      return true;
    default:
      return false;
  }
}

function writeNumber(value: number): void {
  const whole = value >>> 0;
  if (whole !== value || (value === 0 && 1 / value < 0)) {
    writeDouble(plain.DOUBLE, value);
  } else if (whole < 0x80) {
    target[at++] = whole;
  } else if (whole < 0x1_0000) {
    target[at] = plain.UINT16;
    target[at + 1] = whole;
    target[at + 2] = whole >>> 8;
    at += 3;
  } else {
    writeUint32(plain.UINT32, whole);
  }
}

function writeUint32(kind: number, value: number): void {
  target[at] = kind;
  target[at + 1] = value;
  target[at + 2] = value >>> 8;
  target[at + 3] = value >>> 16;
  target[at + 4] = value >>> 24;
  at += 5;
}

function writeDouble(kind: number, value: number): void {
  const { number, numberBytes: bytes } = plain;
  number[0] = value;
  target[at] = kind;
  target[at + 1] = bytes[0] as number;
  target[at + 2] = bytes[1] as number;
  target[at + 3] = bytes[2] as number;
  target[at + 4] = bytes[3] as number;
  target[at + 5] = bytes[4] as number;
  target[at + 6] = bytes[5] as number;
  target[at + 7] = bytes[6] as number;
  target[at + 8] = bytes[7] as number;
  at += 9;
}

function writeName(text: string): void {
  for (let i = 0; i < noted.length; i++) {
    if (noted[i] !== text) continue;
    target[at++] = plain.AGAIN;
    target[at++] = i;
    return;
  }
  if (noted.length < plain.MAX_NOTED) {
    noted.push(text);
    target[at++] = plain.NOTED;
  }
  writeText(text);
}

function writeText(text: string): void {
  const { length } = text;
  if (length >= plain.SHORT) return writeLongText(text);
  target[at] = plain.SHORT_TEXT + length;
  const start = at + 1;
  let bits = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    bits |= code;
    target[start + i] = code;
  }
  if (bits <= 0xff) at = start + length;
  else writeLongText(text);
}

function writeLongText(text: string): void {
  const { length } = text;
  const kind = Buffer.byteLength(text) === length ? plain.LATIN1 : plain.UTF16;
  writeUint32(kind, length);
  const bytes = kind === plain.LATIN1 ? length : length * 2;
  if (at + bytes <= ROOM) {
    if (kind === plain.LATIN1) target.latin1Write(text, at);
    else target.ucs2Write(text, at);
  }
  at += bytes;
}

function writeObject(value: object, depth: number): boolean {
  if (depth >= plain.MAX_DEPTH || !(isTree || isNew(value))) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (Array.isArray(value)) return prototype === Array.prototype && writeArray(value, depth);
  if (prototype === Object.prototype || prototype === null) return writeRecord(value as Record<string, unknown>, depth);
  return prototype === Date.prototype && writeDate(value);
}

/** One that occurs twice must arrive as one. */
function isNew(value: object): boolean {
  if (first === undefined) {
    first = value;
    return true;
  }
  const { size } = objects;
  return value !== first && objects.add(value).size > size;
}

function writeArray(array: readonly unknown[], depth: number): boolean {
  const { length } = array;
  if (!isDense(array)) return false;
  writeUint32(plain.ARRAY, length);
  for (let i = 0; i < length && at <= ROOM; i++) {
    const value = array[i];
    if (isHole(value, array, i) || !writeValue(value, depth + 1)) return false;
  }
  return true;
}

/** Where there are as many values as elements, a named property is one more, unless there is a hole: see `isHole`. */
function isDense(array: readonly unknown[]): boolean {
  return array.length <= ROOM && (isTree || Object.values(array).length === array.length);
}

/** A hole reads as undefined. */
function isHole(value: unknown, array: readonly unknown[], index: number): boolean {
  return value === undefined && !Object.hasOwn(array, index);
}

function writeRecord(record: Record<string, unknown>, depth: number): boolean {
  const keys = Object.keys(record);
  const known = numberOf(keys);
  if (known >= 0) {
    target[at++] = plain.ALIKE;
    target[at++] = known;
  } else if (!writeKeys(keys)) {
    return false;
  }
  for (let i = 0; i < keys.length; i++) {
    if (!writeValue(record[keys[i] as string], depth + 1)) return false;
  }
  return at <= ROOM;
}

/** Which record of this message has the same keys; -1 if none has. */
function numberOf(keys: readonly string[]): number {
  const { length } = keys;
  next: for (let number = 0; number < records.length; number++) {
    const others = records[number] as readonly string[];
    if (others.length !== length) continue;
    for (let i = 0; i < length; i++) if (others[i] !== keys[i]) continue next;
    return number;
  }
  return -1;
}

function writeKeys(keys: readonly string[]): boolean {
  if (keys.length > plain.MAX_KEYS || !keys.every(plain.isFine)) return false;
  if (records.length < plain.MAX_RECORDS) records.push(keys);
  target[at++] = plain.RECORD;
  target[at++] = keys.length;
  for (const key of keys) writeText(key);
  return true;
}

function writeDate(date: object): boolean {
  try {
    writeDouble(plain.DATE, Date.prototype.getTime.call(date));
    return true;
  } catch {
    return false; // only dressed as one
  }
}
