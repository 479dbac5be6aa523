import { describe, expect, it } from 'vitest';
import { lower, place } from '../../../src/service/lower.js';
import { transfer, Transfer } from '../../../src/core/wire/transfer.js';

const f = (): void => {};
const g = (): void => {};

/** What arrives of it: cloned, and with the references, or what stands for them, in their places. */
function arrive(values: readonly unknown[]): unknown[] {
  const lowered = lower(values);
  if (!lowered) throw new Error('nothing found');
  const cloned = structuredClone(lowered.values) as unknown[];
  for (const [i, path] of lowered.paths.entries()) expect(place(cloned, path, lowered.found[i] as object)).toBe(true);
  return cloned;
}

describe('what travels by reference', () => {
  it('is found wherever it is, and comes to where it was', () => {
    const iterable = { async *[Symbol.asyncIterator]() {} };
    const values = [
      1,
      f,
      { deep: [{ f, g }, 'x'], ['__proto__']: 1 },
      new Map([['k', { g }]]),
      new Set([1, f, 2]),
      iterable,
    ];
    expect(arrive(values)).toEqual(values);
    const [map, set] = arrive([new Map<unknown, unknown>([['k', f], ['l', 2]]), new Set([1, g, 3])]) as [Map<string, unknown>, Set<unknown>]; // prettier-ignore
    expect([...map.entries()]).toEqual([['k', f], ['l', 2]]); // prettier-ignore
    expect([...set]).toEqual([1, g, 3]);
  });

  it('is one object where it was one, in cycles too', () => {
    const shared: { f: unknown; self?: unknown } = { f };
    shared.self = shared;
    const [first, { again }] = arrive([shared, { again: shared }]) as [typeof shared, { again: unknown }];
    expect(first.self).toBe(first);
    expect(again).toBe(first);
    expect(first.f).toBe(f);
  });

  it('leaves the values as they are, and what moves alone', () => {
    const buffer = new ArrayBuffer(8);
    const values = [transfer({ buffer, f }, [buffer]), { f }];
    const lowered = lower(values);
    const [moving, other] = lowered?.values as [Transfer<{ buffer: ArrayBuffer; f: object }>, { f: object }];
    expect(moving).toBeInstanceOf(Transfer);
    expect(moving.value.buffer).toBe(buffer);
    expect(moving.value.f).toEqual({});
    expect(other.f).toEqual({});
    expect(values[1]).toEqual({ f });
  });

  it.each([
    ['primitives', [1, 'a', null, undefined, 1n, true]],
    ['flat objects', [{ a: 1, b: null }, Object.create(null)]],
    ['nested ones', [{ a: [{ b: new Map([[1, new Set([2])]]) }] }, new Uint8Array(4), new Date(), new Error('x')]],
  ])('is not in %s', (_, values) => {
    expect(lower(values)).toBeUndefined();
  });

  it('an instance with an iterator is one, and not an empty object', () => {
    class Lines {
      async *[Symbol.asyncIterator]() {}
    }
    const lines = new Lines();
    expect(lower([lines])?.found).toEqual([lines]);
    expect(lower([new ReadableStream()])?.found.length).toBe(1);
  });
});

describe('a path that leads nowhere', () => {
  it.each([
    ['none', 'x'],
    ['empty', []],
    ['beyond the values', [7]],
    ['through a text', [1, 'length']],
    ['an inherited one', [0, 'toString']],
    ['a prototype', [0, '__proto__', 'polluted']],
    ['an object as a key', [{}]],
    ['no member of a map', [2, 5]],
    ['no member of a set', [3, 5]],
    ['what is in a set, by a name', [3, 'size']],
  ])('%s: is refused, and changes nothing', (_, path) => {
    const values = [{ a: 1 }, 'text', new Map([['k', 1]]), new Set([1])];
    expect(place(values, path, f)).toBe(false);
    expect(values).toEqual([{ a: 1 }, 'text', new Map([['k', 1]]), new Set([1])]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
