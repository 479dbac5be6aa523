import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementsClaimed, stacksFirst } from '../../../../src/node/socket/v8-walk.js';
import { handmade, mutate, mutations, readV8, v8Bytes } from '../../support/v8-bytes.js';
import { assertSame } from '../../support/same.js';
import { anything } from '../../support/values.js';

const scale = Number(process.env['PORTMESH_FUZZ'] ?? 1);

/** With more elements, an array with holes is a table. */
const LONG = 32 * 1024 * 1024;

/** Elements of all arrays in a value, each array once; of those for which v8 takes memory. */
function elementsIn(value: unknown, counts: (array: unknown[]) => boolean = () => true): number {
  const seen = new Set<unknown>([value]);
  let count = 0;
  for (const each of seen) {
    if (typeof each !== 'object' || each === null || ArrayBuffer.isView(each)) continue;
    if (Array.isArray(each) && each.length <= LONG && counts(each)) count += each.length;
    if (each instanceof Map) each.forEach((held, key) => seen.add(held).add(key));
    if (each instanceof Set) each.forEach((held) => seen.add(held));
    if (each instanceof Error) seen.add(each.cause);
    for (const held of Object.values(each)) seen.add(held);
  }
  return count;
}

describe('what the arrays in a message claim', () => {
  it(
    'is found among values of all kinds',
    () => {
      fc.assert(
        fc.property(anything, (value) => {
          const bytes = v8Bytes(value);
          expect(elementsClaimed(bytes)).toBe(elementsIn(readV8(bytes)));
        }),
        { numRuns: 3000 * scale },
      );
    },
    60_000 * scale,
  );

  it('is found behind whatever looks like an array: in texts, buffers, numbers, names', () => {
    const noise = Buffer.from('aAaA\u0000a\u00ff\u00ffA', 'latin1').toString('latin1').repeat(10);
    const message = [
      noise,
      `${noise}漢`,
      new Uint8Array(Buffer.from(noise, 'latin1')),
      new DataView(Uint8Array.from(Buffer.from(noise, 'latin1')).buffer, 1, 5),
      Object.assign(new RangeError(noise), { stack: noise }),
      new RegExp(noise),
      new Map([[noise, Object(noise)]]),
      { [noise]: BigInt(`0x${'6161614141ff'.repeat(5)}`) },
      [1, , 3], // oxlint-disable-line no-sparse-arrays
      new Error(noise, { cause: new TypeError(noise, { cause: [noise, new Uint8Array(4)] }) }),
      [5, 6],
    ];
    expect(elementsClaimed(v8Bytes(message))).toBe(11 + 3 + 2 + 2);
  });

  it('counts as v8 does: of a claim, 32 bits', () => {
    const cut = handmade('a', [2 ** 32 + 5], '@', [0, 5]);
    expect(readV8(cut)).toHaveLength(5);
    expect(elementsClaimed(cut)).toBe(5);
  });

  it('is nothing for an array so long that v8 makes a table of it, and takes no memory', () => {
    const bytes = handmade('a', [LONG + 1], '@', [0, LONG + 1]);
    const before = process.memoryUsage().rss;
    expect(readV8(bytes)).toHaveLength(LONG + 1);
    expect(process.memoryUsage().rss - before).toBeLessThan(LONG);
    expect(elementsClaimed(bytes)).toBe(0);
    expect(elementsClaimed(handmade('a', [LONG], '@', [0, LONG]))).toBe(LONG);
  });

  it('is nothing for an array with more elements than bytes follow: v8 refuses it', () => {
    expect(() => readV8(handmade('A', [50], '_'))).toThrow('deserialize');
    expect(elementsClaimed(handmade('A', [50], '_'))).toBe(0);
    expect(elementsClaimed(handmade('A', [5], '_____$', [0, 5]))).toBe(5);
  });

  it('is not known where there are unknown tags, or no message at all', () => {
    for (const bytes of [
      handmade('!'),
      handmade('\\', 1, 2),
      Buffer.of(),
      Buffer.of(1, 2, 3),
      Buffer.of(0xff, 3, 0x5f),
    ]) {
      expect(elementsClaimed(bytes)).toBeUndefined();
    }
    expect(elementsClaimed(handmade('"', [5], 'abc'))).toBeUndefined();
  });

  it(
    'is never less than what v8 reads, however the bytes were changed',
    () => {
      const hollow = (): unknown[] => Object.assign([], { length: 5000 });
      let read = 0;
      fc.assert(
        fc.property(anything, anything, mutations, (a, b, changes) => {
          const bytes = mutate(v8Bytes([hollow(), a, hollow(), b, hollow()]), changes, 2);
          const claimed = elementsClaimed(bytes);
          // v8 is not asked for what would take its memory: that is what this is for.
          if (claimed === undefined || claimed > 1e6) return;
          let result: unknown;
          try {
            result = readV8(bytes);
          } catch {
            return;
          }
          read++;
          // An array in which something stands may have grown by that.
          expect(claimed).toBeGreaterThanOrEqual(elementsIn(result, (array) => Object.keys(array).length === 0));
        }),
        { numRuns: 5000 * scale },
      );
      expect(read).toBeGreaterThan(200 * scale);
    },
    60_000 * scale,
  );
});

/** As Node 20 writes it: `ÿ`, the format, then the value. */
function bytesOf(text: string): Buffer {
  return Buffer.from(`\xff\x0f${text}`, 'latin1');
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('latin1').slice(2);
}

describe('stacksFirst', () => {
  it('puts the stack of an error before its cause', () => {
    const bytes = bytesOf('rRm"\x03farcrTm"\x04nears"\x02SC.s"\x02SF.');
    expect(textOf(stacksFirst(bytes))).toBe('rRm"\x03fars"\x02SFcrTm"\x04nears"\x02SC..');
  });

  it('does so in errors within errors, in containers and behind them', () => {
    const inner = 'rTm"\x01bc"\x01cs"\x01B.';
    const bytes = bytesOf(`A\x02rRm"\x01ac${inner}s"\x01A.o"\x01xI\x02{\x01$\x00\x02`);
    expect(textOf(stacksFirst(bytes))).toBe(
      'A\x02rRm"\x01as"\x01AcrTm"\x01bs"\x01Bc"\x01c..o"\x01xI\x02{\x01$\x00\x02',
    );
  });

  it('leaves others alone, and what is no message', () => {
    for (const text of [
      'rRm"\x03fars"\x02SF.',
      'rRm"\x03fars"\x02SFcrTm"\x04near..',
      'o"\x01ccI\x02{\x01',
      'rRcZ',
      '',
    ]) {
      expect(stacksFirst(bytesOf(text))).toBeUndefined();
    }
    expect(stacksFirst(Buffer.from('nonsense'))).toBeUndefined();
  });

  it('means the same to v8, with causes of any kind and long stacks', () => {
    const root = new Error('root', {
      cause: { map: new Map([[1, new TypeError('in a map', { cause: 'text' })]]), n: -0 },
    });
    const error = new AggregateError([1], 'wide \u2603 text', { cause: new RangeError('mid', { cause: root }) });
    const bytes = serialize([error, 'behind']);
    const ordered = stacksFirst(bytes) ?? bytes;
    expect(deserialize(ordered)).toEqual(deserialize(bytes));
    const chain = (each: Error): unknown[] =>
      each instanceof Error ? [each.stack, ...chain(each.cause as Error)] : [each];
    expect(chain((deserialize(ordered) as Error[])[0]!)).toEqual(chain((deserialize(bytes) as Error[])[0]!));
    expect(ordered.length).toBe(bytes.length);
  });

  it(
    'and whatever else is in it',
    () => {
      fc.assert(
        fc.property(anything, (value) => {
          const bytes = v8Bytes([new Error('outer', { cause: value }), value]);
          assertSame(readV8(stacksFirst(bytes) ?? bytes), readV8(bytes));
        }),
        { numRuns: 1000 * scale },
      );
    },
    60_000 * scale,
  );

  it('leaves what is deeper than errors ever are, which would take minutes', () => {
    const [depth, size] = [2000, 1_000_000];
    const bytes = handmade('rc'.repeat(depth), '"', [size], 'x'.repeat(size), 's"\0.'.repeat(depth));
    const start = performance.now();
    expect(stacksFirst(bytes)).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
