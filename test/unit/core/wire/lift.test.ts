import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { MeshPort } from '../../../../src/core/port/mesh-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { lift, restore } from '../../../../src/core/wire/lift.js';
import { assertSame } from '../../support/same.js';

function port(): MeshPort {
  return new MeshPort(createMemoryChannel().ports[0], (raw) => raw as Port);
}

/** One post there: what is one object in it is one object there. */
function travelled(values: readonly unknown[], ports: readonly object[]): unknown[] | undefined {
  const lifted = lift(values, ports);
  const there = structuredClone([lifted.placeholders, lifted.values]) as [unknown[], unknown[]];
  return restore(there[1], there[0], ports);
}

describe('lift', () => {
  it('costs nothing where no port moves', () => {
    const values = [{ a: 1 }];
    const lifted = lift(values, []);
    expect(lifted.values).toBe(values);
    expect([lifted.placeholders, lifted.raw]).toEqual([[], []]);
  });

  it('gives an empty object and the raw port for each, in the order listed, whether or not it is in the values', () => {
    const [a, b, c] = [createMemoryChannel().ports[0], createMemoryChannel().ports[0], createMemoryChannel().ports[0]];
    const [first, second, third] = [a, b, c].map((each) => new MeshPort(each, (raw) => raw as Port)) as MeshPort[];
    const lifted = lift([[third], first], [first, second, third] as MeshPort[]);
    expect(lifted.raw.map((raw) => [a, b, c].indexOf(raw as Port))).toEqual([0, 1, 2]);
    expect(lifted.placeholders).toEqual([{}, {}, {}]);
    expect((lifted.values[0] as unknown[])[0]).toBe(lifted.placeholders[2]);
    expect(lifted.values[1]).toBe(lifted.placeholders[0]);
  });
});

const ports = [port(), port(), port()] as const;

/** Data with ports in it, and with what may be mistaken for them. */
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(...ports),
    fc.constantFrom<unknown>(0, -0, NaN, '', 'portmesh:ports', null, undefined, 1n),
    fc.constant(null).map(() => ({})),
    fc.constant(null).map(() => ['portmesh:ports', {}, [{}]]),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('tree'), { maxKeys: 3 }),
    fc.tuple(tie('tree'), tie('tree')).map(([key, value]) => new Map([[key, value]])),
    fc.array(tie('tree'), { maxLength: 2 }).map((values) => new Set(values)),
    tie('tree').map((value) => [value, value]),
    tie('tree').map((value) => {
      const cyclic: unknown[] = [value];
      cyclic.push(cyclic);
      return cyclic;
    }),
  ),
}));

describe('restore', () => {
  it('gives back what was lifted, with the ports in their places, whatever stands around them', () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 4 }), (values) => {
        // As it is to arrive: everything cloned but the ports, which are the same here and there.
        const back = travelled(values, ports);
        assertSame(back, expected(values));
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves empty objects alone that are no placeholders', () => {
    const [a] = ports;
    const value = [{}, a, {}];
    expect(travelled([value], [a])).toEqual([value]);
    expect((travelled([value], [a])?.[0] as unknown[])[1]).toBe(a);
  });

  it('finds nothing in what makes no sense', () => {
    const [a, b] = ports;
    const one = {};
    for (const placeholders of [
      [{}, {}, {}],
      [1],
      [null],
      [undefined],
      ['x'],
      [one, one],
      Array(2),
      Object.assign([], { length: 2 ** 32 - 1 }),
      undefined,
      null,
      {},
      { length: 1, 0: {} },
      'ab',
    ]) {
      expect(restore([one], placeholders, [a, b])).toBeUndefined();
    }
  });

  it('takes placeholders that are in no value, or that hold something, or each other', () => {
    const [a, b] = ports;
    const holder = { inner: {} };
    expect(restore([1], [{}], [a])).toEqual([1]);
    expect(restore([holder], [holder.inner, holder], [a, b])?.[0]).toBe(b);
    const list: unknown[] = [];
    list.push(list);
    expect(restore([list], [list], [a])?.[0]).toBe(a);
  });

  it('survives any depth and any length', () => {
    const [a] = ports;
    let deep: unknown = 'end';
    for (let i = 0; i < 200_000; i++) deep = { deep };
    expect(() => restore([deep], [{}], [a])).not.toThrow();
    expect(() => restore([Object.assign([], { length: 2 ** 32 - 1 })], [{}], [a])).not.toThrow();
  });
});

/** A clone that gives the ports on as they are, made in the plainest way. */
function expected(value: unknown, copies = new Map<unknown, unknown>()): unknown {
  if (typeof value !== 'object' || value === null || (ports as readonly unknown[]).includes(value)) return value;
  if (copies.has(value)) return copies.get(value);
  const add = <T>(copy: T): T => (copies.set(value, copy), copy);
  if (value instanceof Map) {
    const copy = add(new Map<unknown, unknown>());
    for (const [key, each] of value) copy.set(expected(key, copies), expected(each, copies));
    return copy;
  }
  if (value instanceof Set) {
    const copy = add(new Set<unknown>());
    for (const each of value) copy.add(expected(each, copies));
    return copy;
  }
  const copy: object = add(Array.isArray(value) ? [] : {});
  for (const [key, each] of Object.entries(value)) {
    Object.defineProperty(copy, key, {
      value: expected(each, copies),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}
