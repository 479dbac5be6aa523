import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Turnstile } from '../../../src/main/turnstile.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (turnstile: Turnstile, who: string, times: number): number =>
  Array.from({ length: times }, () => turnstile.turn(who).bucket.take()).filter(Boolean).length;

it('lets each frame through twice as often as it may have seats, at once, and then 50 times a second', () => {
  const turnstile = new Turnstile(1000);
  expect([pass(turnstile, 'a', 3000), pass(turnstile, 'b', 3000)]).toEqual([2000, 2000]);
  vi.advanceTimersByTime(2000);
  expect(pass(turnstile, 'a', 3000)).toBe(100);
  expect(pass(new Turnstile(3), 'a', 3000), 'a thousand times at least').toBe(1000);
  expect(turnstile.rule).toBe('2000 at once, then 50 a second');
});

it('remembers no frame for longer than that says something', () => {
  const turnstile = new Turnstile(1000);
  for (let i = 0; i < 10_000; i++) {
    pass(turnstile, `${i}`, 1);
    vi.advanceTimersByTime(20);
  }
  expect(turnstile.size).toBeLessThanOrEqual(100);
  pass(turnstile, 'busy', 3000);
  for (let i = 0; i < 300; i++) pass(turnstile, `more ${i}`, 1);
  expect(pass(turnstile, 'busy', 1), 'one that has asked lately is known').toBe(0);
});
