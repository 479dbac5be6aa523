import { describe, expect, it } from 'vitest';
import { CallTable } from '../../../../src/core/link/call-table.js';
import type { Call } from '../../../../src/core/link/calls.js';

function call(id: number): Call {
  return { id } as Call;
}

function ids(table: CallTable): number[] {
  return table.all().map(({ id }) => id);
}

/** So many calls, each answered as soon as there is one more. */
function pass(table: CallTable, from: number, count: number): void {
  for (let id = from; id < from + count; id++) {
    const one = call(id);
    table.add(one);
    if (table.get(id) !== one) throw new Error(`${id} is not there`);
    table.remove(one);
  }
}

describe('CallTable', () => {
  it('knows calls by their ids', () => {
    const table = new CallTable();
    const calls = Array.from({ length: 1000 }, (_, i) => call(i + 1));
    calls.forEach((each) => table.add(each));
    expect(table.size).toBe(1000);
    expect(calls.every((each) => table.get(each.id) === each)).toBe(true);
    expect(ids(table)).toEqual(calls.map(({ id }) => id));
    expect([0, 1001, 1.5, -1, NaN, 2 ** 32 + 1].map((id) => table.get(id))).toEqual(Array(6).fill(undefined));
  });

  it('takes nothing but a number for an id, and calls nothing of what it is asked for', () => {
    const table = new CallTable();
    table.add(call(1));
    for (const id of [
      '1',
      true,
      1n,
      [1],
      { valueOf: () => 1 },
      { valueOf: 0, toString: 0 },
      null,
      undefined,
      Symbol(),
    ]) {
      expect(table.get(id)).toBeUndefined();
    }
  });

  it('has them until they are removed, in whatever order that happens', () => {
    for (const step of [1, 7, 499, 998]) {
      const table = new CallTable();
      const calls = Array.from({ length: 1000 }, (_, i) => call(i + 1));
      calls.forEach((each) => table.add(each));
      for (let at = 0, left = 999; left >= 0; left--, at = (at + step) % 1000) {
        while (table.get(at + 1) === undefined) at = (at + 1) % 1000;
        table.remove(calls[at] as Call);
        expect(table.size).toBe(left);
      }
      expect(ids(table)).toEqual([]);
    }
  });

  it('a call that a million others overtake is still there, and the first in order', () => {
    const table = new CallTable();
    const [slow, slower] = [call(3), call(2)];
    table.add(slower);
    table.add(slow);
    pass(table, 4, 1_000_000);
    const last = call(1_000_004);
    table.add(last);
    expect(ids(table)).toEqual([2, 3, 1_000_004]);
    expect([table.get(3), table.get(2), table.size]).toEqual([slow, slower, 3]);
    table.remove(slow);
    expect(table.get(3)).toBeUndefined();
    expect(ids(table)).toEqual([2, 1_000_004]);
  });

  it('loses none where many that wait and many that pass need the same places', () => {
    const table = new CallTable();
    const waiting: Call[] = [];
    let id = 0;
    for (let round = 0; round < 200; round++) {
      const stays = call(++id);
      table.add(stays);
      waiting.push(stays);
      pass(table, id + 1, 63);
      id += 63;
    }
    expect(table.size).toBe(200);
    expect(waiting.every((each) => table.get(each.id) === each)).toBe(true);
    expect(ids(table)).toEqual(waiting.map((each) => each.id));
    waiting.forEach((each) => table.remove(each));
    expect([table.size, ids(table)]).toEqual([0, []]);
  });

  it('serves the next ones behind a rush as before', () => {
    const table = new CallTable();
    const rush = Array.from({ length: 10_000 }, (_, i) => call(i + 1));
    rush.forEach((each) => table.add(each));
    rush.forEach((each) => table.remove(each));
    expect(table.size).toBe(0);
    pass(table, 10_001, 1000);
    const next = call(11_001);
    table.add(next);
    expect([table.get(11_001), ids(table)]).toEqual([next, [11_001]]);
  });
});
