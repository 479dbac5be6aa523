import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pace } from '../../../../src/core/broker/pace.js';

let taken: number[];
let pace: Pace;
const step = (n: number): boolean => pace.step(() => void taken.push(n));

beforeEach(() => {
  vi.useFakeTimers();
  taken = [];
  pace = new Pace({ atOnce: 3, perSecond: 10, waiting: 4 });
});
afterEach(() => {
  pace.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

it('takes steps at once, those beyond later, in order, and refuses what is too much', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8].map(step)).toEqual([true, true, true, true, true, true, true, false]);
  expect(taken).toEqual([1, 2, 3]);
  vi.advanceTimersByTime(100);
  expect(taken).toEqual([1, 2, 3, 4]);
  expect(step(9), 'there is room again').toBe(true);
  vi.advanceTimersByTime(1000);
  expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7, 9]);
  expect(vi.getTimerCount()).toBe(0);
});

it('takes a step that a step asks for behind those that wait', () => {
  pace.step(() => {
    taken.push(1);
    step(3);
  });
  step(2);
  expect(taken).toEqual([1, 3, 2]);
  for (const n of [4, 5]) step(n);
  pace.step(() => step(7));
  vi.advanceTimersByTime(2000);
  expect(taken).toEqual([1, 3, 2, 4, 5, 7]);
});

it('stopped, takes none of those that wait', () => {
  for (const n of [1, 2, 3, 4, 5]) step(n);
  pace.stop();
  vi.advanceTimersByTime(2000);
  expect(taken).toEqual([1, 2, 3]);
});

it('tells those that wait when it stops, and not those that it has refused', () => {
  const pace = new Pace({ atOnce: 1, perSecond: 1, waiting: 2 });
  const told: string[] = [];
  const step = (name: string): boolean => pace.step(() => told.push(`${name} taken`), () => told.push(`${name} forgotten`)); // prettier-ignore
  expect(['a', 'b', 'c', 'd'].map(step)).toEqual([true, true, true, false]);
  pace.stop();
  expect(told).toEqual(['a taken', 'b forgotten', 'c forgotten']);
});
