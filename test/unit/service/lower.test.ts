import { describe, expect, it } from 'vitest';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { MeshPort } from '../../../src/core/port/mesh-port.js';
import { lower, raise } from '../../../src/service/lower.js';
import { transfer, Transfer } from '../../../src/core/wire/transfer.js';

const f = (): void => {};
const g = (): void => {};
const stream = new ReadableStream();

/** What arrives of it: cloned, and with the references, or what stands for them, in their places. */
function arrive(values: readonly unknown[]): unknown[] {
  const lowered = lower(values);
  if (!lowered) throw new Error('nothing found');
  const ids = Object.fromEntries(lowered.places.map((place, i) => [place, i + 1]));
  const raised = raise(structuredClone(lowered.values), ids, (id) => lowered.found[(id as number) - 1]);
  if (!raised) throw new Error('there was no place');
  return raised;
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

  it('is no function in a port, in the cause of an error, or in what moves; those arrive as they are', () => {
    const { ports } = createMemoryChannel();
    const error = new Error('x', { cause: { f } });
    expect(lower([{ port: new MeshPort(ports[0], () => ports[1]) }])).toBeUndefined();
    expect(lower([{ error }])).toBeUndefined();
    expect(lower([transfer({ s: stream }, [stream])])).toBeUndefined();
  });

  it('is found behind all that stands before it, whatever that is', () => {
    const values = [
      {
        date: new Date(0),
        bytes: new Uint8Array(2),
        error: new Error('x', { cause: { a: {} } }),
        nothing: {},
        list: [[], [{}]],
      },
      new Map<unknown, unknown>([[{ key: {} }, f], [g, { f }]]), // prettier-ignore
      Object.assign([{}, f], { named: g }),
      new Set([{}, g]),
    ];
    const [, map, array, set] = arrive(values) as [
      unknown,
      Map<unknown, unknown>,
      unknown[] & { named: unknown },
      Set<unknown>,
    ];
    expect([...map.values()]).toEqual([f, { f }]);
    expect([...map.keys()][1]).toBe(g);
    expect([array[1], array.named, [...set][1]]).toEqual([f, g, g]);
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

describe('a place that is none', () => {
  const values = (): unknown[] => [{ a: 1 }, 'text', new Map([['k', 1]]), new Set([1])];
  it.each([
    ['a text', 'x'],
    ['nothing', null],
    ['no places', [1, 2, 3]],
    ['beyond the values', { 7: 1 }],
    ['before them', { '-1': 1 }],
    ['between them', { 0.5: 1 }],
    ['a name', { length: 1 }],
    ['a prototype', JSON.parse('{"__proto__": 1}')],
    ['one of two', { 0: 1, 9: 1 }],
    ['of what nobody knows', { 0: 2 }],
    ['a place in what is no list of places', [1]],
    ['bytes: each would be a text, to count them', new Uint8Array([1])],
  ])('%s: is refused, and changes nothing', (_, references) => {
    const given = values();
    expect(raise(given, references, (id) => (id === 1 ? f : undefined))).toBeUndefined();
    expect(given).toEqual(values());
  });

  it('is none of a text, a key or a port, and what stands in a place is no longer there', () => {
    expect(raise(values(), { 0: 1 }, (id) => (id === 1 ? f : undefined))).toEqual([f, ...values().slice(1)]);
    expect(raise(values(), { 2: 1 }, (id) => (id === 1 ? f : undefined))?.[3]).toBe(f);
    expect(raise(values(), { 3: 1 }, (id) => (id === 1 ? f : undefined))).toBeUndefined();
  });
});
