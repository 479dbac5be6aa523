import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isModest } from '../../../../src/node/socket/v8-claims.js';
import { handmade, v8Bytes } from '../../support/v8-bytes.js';
import { anything } from '../../support/values.js';

const Mi = 1024 * 1024;

/** So many empty arrays of that length in one: a few bytes each. */
function hollow(count: number, length: number): Buffer {
  const one = handmade('a', [length], '@', [0, length]).subarray(2);
  const all = Buffer.concat(Array.from({ length: count }, () => one));
  return Buffer.concat([handmade('A', [count]), all, handmade('$', [0, count]).subarray(2)]);
}

/** So many arrays, each in the one before, of as many elements as bytes follow. */
function nested(count: number, bytes: number): Buffer {
  const opened = Array.from({ length: count }, () => ['A', [bytes - 100]] as const).flat();
  return handmade(...opened, '_'.repeat(bytes));
}

describe('a message whose arrays claim more memory than it may need is not read', () => {
  it('many arrays with holes, each of them small, or one large', () => {
    expect(isModest(hollow(1, 30 * Mi))).toBe(false);
    expect(isModest(hollow(20, Mi / 10))).toBe(false);
    expect(isModest(hollow(2000, 1000))).toBe(false);
    expect(isModest(hollow(100_000, 100))).toBe(false);
  });

  it('arrays in arrays, each of them as large as the message', () => {
    expect(isModest(nested(20, Mi))).toBe(false);
    expect(isModest(nested(4, Mi))).toBe(true);
  });

  it('behind texts, in errors and their causes', () => {
    const claim = ['a', [30 * Mi], '@', [0, 30 * Mi]] as const;
    const text = ['"', [1000], 'x'.repeat(1000)] as const;
    expect(isModest(handmade('A', [2], ...text, ...claim, '$', [0, 2]))).toBe(false);
    expect(isModest(handmade('r', 'm', '"', [1], 'x', 'c', ...claim, '.'))).toBe(false);
    expect(isModest(handmade('r', 'c', '_', 'c', ...claim, '.'))).toBe(false);
    expect(isModest(handmade('A', [2], ...text, 'r', 'c', '_', 'c', ...claim, '.', '$', [0, 2]))).toBe(false);
  });

  it('and where it has tags of a later v8, in the first place', () => {
    expect(isModest(handmade('!', 'a', [30 * Mi]))).toBe(false);
    expect(isModest(handmade('!', '"', [3], 'abc'))).toBe(true);
  });
});

describe('an honest message is always read', () => {
  it('of any values', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(isModest(v8Bytes(value))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  it('with arrays that have holes for the most part', () => {
    const sparse: number[] = [];
    sparse[900_000] = 1;
    for (const array of [sparse, new Array(500_000).fill(0), Object.assign([], { length: 2 ** 32 - 1 })]) {
      expect(isModest(v8Bytes(array))).toBe(true);
    }
  });

  it('with texts and bytes that look like arrays throughout', () => {
    const noise = Buffer.from('a\u00ff\u00ff\u00ff\u0001', 'latin1');
    const looks = noise.toString('latin1');
    const texts = Array.from({ length: 2000 }, (_, i) => ({ [`${looks}${i}`]: [looks, i] }));
    const bytes = Array.from({ length: 500 }, () => new Uint8Array(noise));
    for (const message of [texts, bytes, looks.repeat(10_000), [texts, new Error(looks, { cause: bytes }), texts]]) {
      expect(isModest(v8Bytes(message))).toBe(true);
    }
  });
});
