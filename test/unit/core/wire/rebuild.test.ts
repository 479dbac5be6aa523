import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { rebuild } from '../../../../src/core/wire/rebuild.js';
import { assertSame } from '../../support/same.js';

const place = { place: true };
const put = Symbol('put');

/** Puts `put` in every place. */
function replaced(value: unknown): unknown {
  const instead = new Date(5);
  const [copy] = rebuild([value], (each) => (each === place ? instead : undefined));
  return copy;
}

describe('rebuild', () => {
  it('replaces wherever something can stand', () => {
    const copy = replaced([
      { a: place },
      new Map<unknown, unknown>([[place, { key: place }]]),
      new Set([place]),
      Object.assign([1], { named: place }),
      new Error('x', { cause: [place] }),
    ]);
    const date = new Date(5);
    assertSame(copy, structuredClone(copy));
    const [record, map, set, list, error] = copy as [object, Map<unknown, unknown>, Set<unknown>, object, Error];
    expect([record, [...map][0], [...set], list]).toEqual([
      { a: date },
      [date, { key: date }],
      [date],
      Object.assign([1], { named: date }),
    ]);
    expect(error.cause).toEqual([date]);
    expect([...map.keys()][0], 'one object stays one').toBe([...set][0]);
  });

  it('keeps shared objects, cycles, holes and the order of keys, and leaves what it was given alone', () => {
    const shared = { place };
    const list = Object.assign(Array(3), { 1: shared });
    const value: Record<string, unknown> = { z: shared, a: list, map: new Map([['x', shared]]) };
    value['self'] = value;
    const copy = replaced(value) as typeof value;
    expect(Object.keys(copy)).toEqual(['z', 'a', 'map', 'self']);
    expect(copy['self']).toBe(copy);
    expect((copy['a'] as unknown[])[1]).toBe(copy['z']);
    expect((copy['map'] as Map<string, unknown>).get('x')).toBe(copy['z']);
    expect(0 in (copy['a'] as object)).toBe(false);
    expect(shared.place).toBe(place);
  });

  it('leaves alone what holds nothing: dates, buffers, objects of the platform, and empty instances', () => {
    class Empty {}
    for (const value of [
      new Date(),
      /x/,
      new ArrayBuffer(1),
      new Blob([]),
      new Empty(),
      {},
      new Error('x'),
      Object('s'),
    ]) {
      expect(replaced(value)).toBe(value);
    }
  });

  it('copies containers of another realm, and subclasses that iterate in their own way', () => {
    class Odd extends Map<string, object> {
      override [Symbol.iterator](): never {
        throw new Error('no');
      }
    }
    const foreign = runInNewContext('(place) => [new Map([[1, place]]), new Set([place]), { place }]') as (
      each: object,
    ) => [Map<number, Date>, Set<Date>, { place: Date }];
    const [map, set, record] = replaced(foreign(place)) as ReturnType<typeof foreign>;
    expect([map.get(1), [...set][0], record.place]).toEqual([new Date(5), new Date(5), new Date(5)]);
    expect((replaced(new Odd([['a', place]])) as Map<string, unknown>).get('a')).toEqual(new Date(5));
  });

  it('gives functions and symbols on, for the port to refuse', () => {
    const value = { place, f: () => 1, s: put };
    expect(replaced(value)).toEqual({ ...value, place: new Date(5) });
  });

  it('walks a hundred thousand levels', () => {
    let value: unknown = place;
    for (let i = 0; i < 100_000; i++) value = i % 2 ? [value] : new Map([[value, i]]);
    let copy = replaced(value);
    for (let i = 0; i < 100_000; i++)
      copy = Array.isArray(copy) ? copy[0] : [...(copy as Map<unknown, unknown>).keys()][0];
    expect(copy).toEqual(new Date(5));
  });
});
