import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTimer } from '../../../src/core/timer.js';
import { spy } from '../support/spy.js';

describe('startTimer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('calls once, when the time is over', () => {
    const action = spy();
    startTimer(100, action);
    vi.advanceTimersByTime(99);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(action).toHaveBeenCalledTimes(1);
  });

  it('calls never, once it is stopped', () => {
    const action = spy();
    startTimer(100, action).stop();
    vi.advanceTimersByTime(1000);
    expect(action).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('waits as long as a timer of the platform can, where it is told to wait longer', () => {
  vi.useFakeTimers();
  try {
    const action = spy();
    startTimer(1e12, action);
    startTimer(Infinity, action);
    vi.advanceTimersByTime(2 ** 31 - 2);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(action).toHaveBeenCalledTimes(2);
  } finally {
    vi.useRealTimers();
  }
});

it('does not keep a Node process alive', () => {
  const set = vi.spyOn(globalThis, 'setTimeout');
  const timer = startTimer(10_000, () => {});
  const handle = set.mock.results[0]?.value as NodeJS.Timeout;
  set.mockRestore();
  expect(handle.hasRef()).toBe(false);
  timer.stop();
});
