import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Chair } from '../../../../src/core/broker/chair.js';
import { Confirmations } from '../../../../src/core/broker/confirmations.js';
import * as control from '../../../../src/core/broker/control.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function chair(): Chair & { readonly posts: unknown[] } {
  const posts: unknown[] = [];
  return { hangs: false, outbox: { post: (message: unknown) => posts.push(message) }, posts } as never;
}

it('is done when each has answered, in whatever order; at once for nobody', () => {
  const confirmations = new Confirmations();
  const [a, b] = [chair(), chair()];
  const done: number[] = [];
  confirmations.ask([], () => done.push(0));
  confirmations.ask([a, b], () => done.push(1));
  confirmations.ask([b], () => done.push(2));
  expect([done, a.posts, b.posts]).toEqual([
    [0],
    [[control.ASK, 1]],
    [
      [control.ASK, 1],
      [control.ASK, 2],
    ],
  ]);
  confirmations.told(2, a); // it was not asked that
  confirmations.told(2, b);
  confirmations.told(1, b);
  confirmations.told(1, b);
  expect(done).toEqual([0, 2]);
  confirmations.told(1, a);
  expect([done, vi.getTimerCount()]).toEqual([[0, 2, 1], 0]);
});

it('does not wait for who hangs, or leaves', () => {
  const confirmations = new Confirmations();
  const [a, b, c] = [chair(), chair(), chair()];
  const done: number[] = [];
  confirmations.ask([a, b, c], () => done.push(1));
  confirmations.told(1, a);
  confirmations.left(b);
  vi.advanceTimersByTime(999);
  expect(done).toEqual([]);
  vi.advanceTimersByTime(1);
  expect([done, a.hangs, b.hangs, c.hangs]).toEqual([[1], false, false, true]);
  confirmations.ask([c], () => done.push(2)); // it is not asked again before it has said something
  expect([done, c.posts.length]).toEqual([[1, 2], 1]);
});

it('close() forgets all', () => {
  const confirmations = new Confirmations();
  const [a, done] = [chair(), vi.fn<() => void>()];
  confirmations.ask([a], done);
  confirmations.close();
  vi.advanceTimersByTime(60_000);
  confirmations.told(1, a);
  expect([done.mock.calls, vi.getTimerCount()]).toEqual([[], 0]);
});
