import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../../../src/node/socket/codec.js';
import { PLAIN, V8 } from '../../../../src/node/socket/frames.js';
import * as wire from '../../../../src/node/socket/plain.js';
import { mutate, mutations } from '../../support/v8-bytes.js';
import { anything, plain } from '../../support/values.js';

// What a hostile peer may send as the body of a message. A crash of v8, or all memory taken, ends the whole test process; anything
// else that goes wrong must be an error here. `PORTMESH_FUZZ=20` runs it 20 times as long.

const scale = Number(process.env['PORTMESH_FUZZ'] ?? 1);

/** Whether it could be read. */
function read(kind: number, body: Buffer, buffers: readonly ArrayBuffer[] = [], end = body.length): boolean {
  try {
    decode(kind, body, 0, end, buffers);
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return false;
  }
}

describe('whatever is in a body, reading it ends in a value or an error, and takes no memory to speak of', () => {
  const memory = (): number => process.memoryUsage().rss;

  it(
    'what v8 wrote, with bytes changed',
    () => {
      let [good, bad] = [0, 0];
      const before = memory();
      fc.assert(
        fc.property(anything, mutations, fc.boolean(), (value, changes, header) => {
          const { kind, bytes, buffers } = encode([value, 1n]);
          expect(kind).toBe(V8);
          const body = mutate(bytes, changes, header ? 0 : 2);
          if (
            read(
              V8,
              body,
              buffers.map((buffer) => Uint8Array.from(buffer).buffer),
            )
          )
            good++;
          else bad++;
        }),
        { numRuns: 10_000 * scale },
      );
      expect(good).toBeGreaterThan(300 * scale);
      expect(bad).toBeGreaterThan(300 * scale);
      expect(memory() - before).toBeLessThan(1024 * 1024 * 1024);
    },
    120_000 * scale,
  );

  it(
    'what v8 wrote, cut anywhere',
    () => {
      fc.assert(
        fc.property(anything, (value) => {
          const { bytes } = encode([value, 1n]);
          const body = Buffer.from(bytes);
          for (let end = 0; end < Math.min(body.length, 300); end++) read(V8, body.subarray(0, end));
        }),
        { numRuns: 100 * scale },
      );
    },
    120_000 * scale,
  );

  it(
    'plain values, with bytes changed',
    () => {
      let [good, bad] = [0, 0];
      const before = memory();
      fc.assert(
        fc.property(fc.array(plain), mutations, (value, changes) => {
          const { kind, bytes } = encode(value);
          if (kind === PLAIN && read(kind, mutate(bytes, changes))) good++;
          else bad++;
        }),
        { numRuns: 10_000 * scale },
      );
      expect(good).toBeGreaterThan(300 * scale);
      expect(bad).toBeGreaterThan(300 * scale);
      expect(memory() - before).toBeLessThan(1024 * 1024 * 1024);
    },
    120_000 * scale,
  );

  it(
    'plain values, cut anywhere: there is always too little',
    () => {
      fc.assert(
        fc.property(fc.array(plain), (value) => {
          const { kind, bytes } = encode(value);
          if (kind !== PLAIN) return;
          for (let end = 0; end < bytes.length; end++) {
            expect(read(PLAIN, Buffer.from(bytes.subarray(0, end)))).toBe(false);
            // Though the memory behind it holds more.
            expect(read(PLAIN, Buffer.from(bytes), [], end)).toBe(false);
          }
        }),
        { numRuns: 300 * scale },
      );
    },
    120_000 * scale,
  );

  it(
    'nonsense of all kinds',
    () => {
      fc.assert(
        fc.property(fc.constantFrom(PLAIN, V8, 0, 77), fc.uint8Array({ maxLength: 64 }), (kind, bytes) => {
          read(kind, Buffer.from(bytes));
          read(kind, Buffer.from([0xff, 15, ...bytes]));
        }),
        { numRuns: 20_000 * scale },
      );
    },
    60_000 * scale,
  );

  it.each([
    ['nothing', []],
    ['a kind that there is not', [0x8f]],
    ['another', [0xdf]],
    ['a text with too few characters', [0xe0 + 3, 97, 98]],
    ['a long one', [wire.LATIN1, 255, 255, 255, 255, 97]],
    ['a long one, of two bytes each', [wire.UTF16, 255, 255, 255, 255, 97, 0]],
    ['a long one with half a length', [wire.LATIN1, 0, 0]],
    ['half a number', [wire.UINT32, 1, 2]],
    ['half a double', [wire.DOUBLE, 1, 2, 3, 4]],
    ['more than one value', [1, 2]],
    ['an array with too few elements', [wire.ARRAY, 3, 0, 0, 0, 1, 2]],
    ['one that claims billions', [wire.ARRAY, 255, 255, 255, 255, 1]],
    ['a record with too few keys', [wire.RECORD, 2, 0xe1, 97]],
    ['one with too few values', [wire.RECORD, 2, 0xe1, 97, 0xe1, 98, 1]],
    ['a key that is no text', [wire.RECORD, 1, 5, 1]],
    ['a key that is noted', [wire.RECORD, 1, wire.NOTED, 0xe1, 97, 1]],
    ['a number as a key', [wire.RECORD, 1, 0xe0 + 4, ...Buffer.from('1023'), wire.NULL]],
    ['an object like none', [wire.ALIKE, 0]],
    ['a text that was not noted', [wire.AGAIN, 0]],
    ['one that is just being noted', [wire.NOTED, wire.AGAIN, 0]],
    ['what is no text, noted', [wire.NOTED, 1]],
    ['too many texts that are noted', [wire.ARRAY, 9, 0, 0, 0, ...Array(9).fill([wire.NOTED, 0xe0]).flat()]],
  ] as [string, number[]][])('plain values with %s', (_, bytes) => {
    expect(read(PLAIN, Buffer.from(bytes))).toBe(false);
  });

  it('keys of what all objects inherit become properties, and nothing else', () => {
    const proto = [0xe0 + 9, ...Buffer.from('__proto__')];
    const body = [wire.ARRAY, 2, 0, 0, 0, wire.RECORD, 2, ...proto, ...proto, wire.RECORD, 0, 1, wire.ALIKE, 0, 2, 3];
    const records = decode(PLAIN, Buffer.from(body)) as object[];
    expect(records.map((each) => Object.getPrototypeOf(each) === Object.prototype)).toEqual([true, true]);
    expect(records.map((each) => Object.entries(each))).toEqual([[['__proto__', 1]], [['__proto__', 3]]]);
  });

  it('plain values as deep as they are long', () => {
    const array = [wire.ARRAY, 1, 0, 0, 0];
    const record = [wire.RECORD, 1, 0xe1, 97];
    const noted = [wire.NOTED];
    for (const one of [array, record, noted]) {
      expect(read(PLAIN, Buffer.from([...Array(300_000).fill(one).flat(), 1]))).toBe(false);
    }
    expect(read(PLAIN, Buffer.from([...Array(99).fill(array).flat(), 1]))).toBe(true);
  });

  it('plain values whose objects are like one of many keys take no more memory than their bytes account for', () => {
    const keys = Array.from({ length: 255 }, (_, i) => `k${i}`);
    const first = encode(Object.fromEntries(keys.map((key) => [key, 0]))).bytes;
    const count = 4000;
    const others = Array.from({ length: count }, () => [wire.ALIKE, 0, ...Array(255).fill(1)]).flat();
    const body = Buffer.concat([Buffer.from([wire.ARRAY, ...uint32(count + 1)]), first, Buffer.from(others)]);
    const before = process.memoryUsage().heapUsed;
    expect(read(PLAIN, body)).toBe(true);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(body.length * 40);
  });
});

function uint32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
}
