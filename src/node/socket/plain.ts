// How plain values travel: numbers, texts, undefined, null, booleans, dates, and arrays and objects that hold nothing else. It is
// made and read in half of the time that JSON takes, and unlike JSON it keeps all of them exactly.
//
// A value is a byte that says what it is, and what belongs to it:
//
//   0x00…0x7f               the whole number itself
//   UINT16, UINT32          a whole number in so many bits
//   DOUBLE                  any other number, in 8 bytes
//   UNDEFINED NULL TRUE FALSE
//   DATE                    8 bytes
//   SHORT_TEXT + length     up to 31 characters of one byte each
//   LATIN1, UTF16           u32 characters, of one byte each, or of two
//   NOTED                   a text, to be said again: the first of its message is number 0
//   AGAIN                   u8: the number of a text that was noted
//   ARRAY                   u32 elements, and these
//   RECORD                  u8 keys, these (texts), and their values
//   ALIKE                   u8: the values of an object with the same keys as the record of that number, the first is 0
//
// Most objects in a message are like the one before: their keys are written once. Numbers are little-endian; doubles, and UTF-16,
// as the machine has them, which both ends are on.
//
// What else there is goes as v8 writes it: see codec.ts.

export const UINT16 = 0x80;
export const UINT32 = 0x81;
export const DOUBLE = 0x82;
export const UNDEFINED = 0x83;
export const NULL = 0x84;
export const TRUE = 0x85;
export const FALSE = 0x86;
export const DATE = 0x87;
export const LATIN1 = 0x88;
export const UTF16 = 0x89;
export const NOTED = 0x8a;
export const AGAIN = 0x8b;
export const ARRAY = 0x8c;
export const RECORD = 0x8d;
export const ALIKE = 0x8e;
/** The last ones: up to 0xff. */
export const SHORT_TEXT = 0xe0;

/** A short text has fewer characters than this. */
export const SHORT = 0x100 - SHORT_TEXT;

/** How deep arrays and objects may be in each other. */
export const MAX_DEPTH = 100;

/** Keys that one object may have, and records and texts of one message that have numbers. */
export const MAX_KEYS = 0xff;
export const MAX_RECORDS = 32;
export const MAX_NOTED = 8;

/** Whether a key may stand in a record. An object whose keys are numbers can take a thousand times the memory that these take here. */
export function isFine(key: string): boolean {
  return !/^\d+$/.test(key);
}

/** Buffer's own methods, without what their callers in Node check first: these take a tenth of the time. */
export interface NativeBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
  latin1Write(text: string, at: number): number;
  ucs2Write(text: string, at: number): number;
}

/** The eight bytes of a number. */
export const number = new Float64Array(1);
export const numberBytes = new Uint8Array(number.buffer);
