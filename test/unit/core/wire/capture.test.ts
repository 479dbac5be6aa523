import assert from 'node:assert';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capture, captureOne, uncaptured } from '../../../../src/core/wire/capture.js';
import { assertSame } from '../../support/same.js';

/** Every object that can be reached from `root`, each as often as it occurs. */
function objectsIn(root: unknown): object[] {
  const found: object[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const known = found.includes(value);
    found.push(value);
    if (!known) for (const key of Object.keys(value)) visit((value as Record<string, unknown>)[key]);
  };
  visit(root);
  return found;
}

function cloned(value: unknown): { value: unknown } | undefined {
  try {
    return { value: structuredClone(value) };
  } catch {
    return undefined;
  }
}

class Point {
  constructor(
    readonly x: unknown,
    readonly y: unknown,
  ) {}
}

const primitive = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, NaN, Infinity, undefined, null, true, ''),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
  fc.nat(30_000).map((length) => 'x'.repeat(length)),
);
const key = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '0', '-1', '', 'then'),
);

/** Own properties only, whatever their names. */
function record(entries: readonly (readonly [string, unknown])[], prototype: object | null = Object.prototype): object {
  const result = Object.create(prototype) as object;
  for (const [name, value] of entries) {
    Object.defineProperty(result, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return result;
}

/** Values of all kinds, containers of all kinds around them, and everything that makes a copy hard. */
const { anyValue } = fc.letrec<{ anyValue: unknown; entries: [string, unknown][] }>((tie) => ({
  entries: fc.array(fc.tuple(key, tie('anyValue')), { maxLength: 5 }),
  anyValue: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: primitive },
    { weight: 4, arbitrary: tie('entries').map((entries) => record(entries)) },
    { weight: 4, arbitrary: fc.array(tie('anyValue'), { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.date({ noInvalidDate: false }) },
    { weight: 1, arbitrary: tie('entries').map((entries) => record(entries, null)) },
    { weight: 1, arbitrary: tie('anyValue').map((value) => [value, value]) },
    { weight: 1, arbitrary: tie('anyValue').map((value) => ({ a: value, b: { again: value } })) },
    { weight: 1, arbitrary: tie('anyValue').map((value) => new Point(value, value)) },
    {
      weight: 1,
      arbitrary: tie('anyValue').map((value) => Object.defineProperty({}, 'x', { get: () => value, enumerable: true })),
    },
    { weight: 1, arbitrary: tie('anyValue').map((value) => Object.defineProperty({ seen: 1 }, 'hidden', { value })) },
    { weight: 1, arbitrary: tie('anyValue').map((value) => ({ [Symbol('s')]: value, shown: 1 })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.array(tie('anyValue'), { maxLength: 3 }), key, tie('anyValue'))
        .map(([list, name, value]) => (name === 'length' ? list : Object.assign([...list], record([[name, value]])))),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.nat(150), tie('anyValue'))
        .map(([length, value]) => Object.assign([], { length, 2: value })),
    },
    {
      weight: 1,
      arbitrary: tie('entries').map((entries) => {
        const cyclic = record(entries) as Record<string, unknown>;
        cyclic['self'] = [cyclic];
        return cyclic;
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom(() => 1, Symbol('s'), Symbol.iterator, new WeakMap(), Promise.resolve()) },
    {
      weight: 1,
      arbitrary: fc.anything({
        withBigInt: true,
        withBoxedValues: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withSet: true,
        withSparseArray: true,
        withTypedArray: true,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        new Error('e'),
        /x/g,
        Object(1),
        Object('s'),
        Object.setPrototypeOf({}, Date.prototype),
        Object.create([]),
      ),
    },
  ),
})) as { anyValue: fc.Arbitrary<unknown> };

/** Small trees of plain data: what nearly every message is made of. */
const { plainValue } = fc.letrec<{ plainValue: unknown }>((tie) => ({
  plainValue: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.oneof(fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.bigInt(), fc.constantFrom(null, undefined)),
    fc.array(tie('plainValue'), { maxLength: 3 }),
    fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      tie('plainValue'),
      { maxKeys: 3 },
    ),
    fc.date(),
  ),
}));

describe('capture', () => {
  it('takes an array for one, whatever its prototype is', () => {
    const array = Object.setPrototypeOf([1], null) as unknown;
    expect(capture([array])).toBeUndefined();
    expect(capture([{ array }])).toBeUndefined();
    expect(capture([array, array])).toBeUndefined();
  });

  it('returns what structured clone would have made, or nothing', () => {
    let captured = 0;
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 4 }), (values) => {
        const copies = capture(values);
        if (copies === undefined) return;
        captured++;
        const expected = cloned(values);
        assert.ok(expected, 'captured what can not be cloned');
        // What has no meaning to the receiver, such as a symbol for a key, may be there.
        assertSame(structuredClone(copies), expected.value);
        const objects = objectsIn(copies);
        assert.equal(new Set(objects).size, objects.length, 'an object occurs twice, which a flat copy can not say');
        const originals = new Set(objectsIn(values));
        for (const object of objects) assert.ok(!originals.has(object), 'an object is shared with the input');
      }),
      { numRuns: 4000 },
    );
    expect(captured).toBeGreaterThan(400);
  });

  it('does the same for one value as for a list of one', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const [copies, copy] = [capture([value]), captureOne(value)];
        assert.equal(copy === uncaptured, copies === undefined);
        if (copies) assertSame([copy], copies);
      }),
      { numRuns: 2000 },
    );
  });

  it('copies small plain trees', () => {
    fc.assert(
      fc.property(plainValue, (value) => {
        assertSame(capture([value]), structuredClone([value]));
      }),
      { numRuns: 1000 },
    );
  });

  it('is not touched by what happens to the values afterwards', () => {
    const date = new Date(1);
    const value = { n: 1, list: [{ deep: 1 }], date };
    const copies = capture([value, value.list]);
    expect(copies, 'a list that occurs twice is left to structured clone').toBeUndefined();
    const copy = capture([value]);
    value.n = 2;
    value.list[0]!.deep = 2;
    value.list.push({ deep: 3 });
    date.setTime(2);
    expect(copy).toEqual([{ n: 1, list: [{ deep: 1 }], date: new Date(1) }]);
  });

  it('keeps -0, NaN, undefined and bigint apart from their neighbours', () => {
    const copies = capture([-0, NaN, undefined, null, 0n, { u: undefined, z: -0 }]) as unknown[];
    assertSame(copies, [-0, NaN, undefined, null, 0n, { u: undefined, z: -0 }]);
    expect(Object.is(copies[0], -0)).toBe(true);
    expect('u' in (copies[5] as object)).toBe(true);
  });

  it.each<[string, () => unknown]>([
    ['a function', () => () => {}],
    ['a symbol', () => Symbol('s')],
    ['a nested function', () => ({ a: [() => {}] })],
    ['a hole', () => [1, , 3]], // oxlint-disable-line no-sparse-arrays
    ['a hole at the end', () => Object.assign([1], { length: 2 })],
    ['an array with a named property', () => Object.assign([1], { name: 'x' })],
    ['a hole that a named property makes up for', () => Object.assign([1], { length: 2, name: 'x' })],
    ['an own __proto__', () => JSON.parse('{"__proto__": {"polluted": 1}}')],
    ['a shared reference', () => ((o) => [o, o])({})],
    ['a shared date', () => ((o) => [o, o])(new Date())],
    ['a cycle', () => ((o: Record<string, unknown>) => (o['o'] = o))({})],
    ['a class instance', () => new Point(1, 2)],
    ['a subclass of Array', () => new (class List extends Array {})()],
    ['an object that inherits', () => Object.create({ inherited: 1 })],
    ['a Map', () => new Map()],
    ['a Set', () => new Set()],
    ['a RegExp', () => /x/],
    ['an error', () => new Error('e')],
    ['a typed array', () => new Uint8Array(1)],
    ['a buffer', () => new ArrayBuffer(1)],
    ['a boxed number', () => Object(1)],
    ['an object dressed as a Date', () => Object.create(Date.prototype)],
    ['a promise', () => Promise.resolve()],
  ])('leaves %s to structured clone', (_, make) => {
    expect(capture([make()])).toBeUndefined();
    expect(capture([1, { nested: [make()] }])).toBeUndefined();
  });

  it('reads a getter once, and takes what it gives', () => {
    let reads = 0;
    const value = {
      get n() {
        return ++reads;
      },
    };
    assertSame(capture([value]), [{ n: 1 }]);
    expect(reads).toBe(1);
  });

  it('lets a getter that throws throw', () => {
    const value = {
      get n(): never {
        throw new RangeError('not now');
      },
    };
    expect(() => capture([value])).toThrow(new RangeError('not now'));
  });

  it('makes plain objects of those without a prototype, as structured clone does', () => {
    const copies = capture([Object.assign(Object.create(null), { a: 1 })]);
    assertSame(copies, [{ a: 1 }]);
  });

  describe('goes as far as', () => {
    const list = (length: number): number[] => Array.from({ length }, (_, i) => i);

    it.each<[string, (size: number) => unknown[], number]>([
      ['100 arguments', list, 100],
      ['100 values in an array', (size) => [list(size)], 100],
      ['100 keys', (size) => [Object.fromEntries(list(size).map((n) => [`k${n}`, n]))], 100],
      ['100 values in all the arguments together, themselves included', (size) => [list(50), list(size - 52)], 100],
      ['100 values with those nested', (size) => [{ list: list(size - 1) }], 100],
      ['32 objects', (size) => [Array.from({ length: size - 1 }, () => ({}))], 32],
      ['32 objects in all the arguments together', (size) => Array.from({ length: size }, () => []), 32],
      ['25,600 characters of one argument', (size) => ['x'.repeat(size)], 25_600],
      ['25,600 characters of all arguments', (size) => ['x'.repeat(20_000), 1, 'y'.repeat(size - 20_000)], 25_600],
      ['25,344 characters inside an object, which is a value itself', (size) => [{ text: 'x'.repeat(size) }], 25_344],
    ])('%s', (_, make, limit) => {
      assertSame(capture(make(limit)), make(limit));
      expect(capture(make(limit + 1))).toBeUndefined();
    });
  });
});
