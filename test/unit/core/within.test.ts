import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { within, type Patience } from '../../../src/core/within.js';
import { rejection } from '../../contract/case.js';
import { spy } from '../support/spy.js';

const call = "connect({ name: 'x' })";
const late = 'nobody came.';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A wait that the test settles itself. */
function wait(patience: Partial<Patience> = {}) {
  const onFailure = spy();
  const begin = spy<(resolve: (value: string) => void, reject: (error: unknown) => void) => void>();
  const promise = within<string>({ call, timeout: 100, ...patience }, () => late, begin, onFailure);
  promise.catch(() => {});
  const [resolve, reject] = begin.mock.calls[0] ?? [];
  return { promise, begin, onFailure, resolve, reject };
}

describe('within', () => {
  it('resolves with what comes in time; nothing fails afterwards', async () => {
    const { signal, ...controller } = abortable();
    const { promise, resolve, reject, onFailure } = wait({ signal });
    await vi.advanceTimersByTimeAsync(99);
    resolve?.('here');
    reject?.(new Error('too late'));
    controller.abort();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await promise).toBe('here');
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('rejects with TIMEOUT when the time is over, and takes nothing any more', async () => {
    const { promise, resolve, reject, onFailure } = wait();
    await vi.advanceTimersByTimeAsync(100);
    resolve?.('late');
    reject?.(new Error('late'));
    expect(await rejection(promise)).toMatchObject({ code: 'TIMEOUT', message: `${call}: ${late}` });
    expect(onFailure).toHaveBeenCalledOnce();
  });

  it('waits for ever, if it shall', async () => {
    const { promise, resolve } = wait({ timeout: Infinity });
    await vi.advanceTimersByTimeAsync(2 ** 32);
    resolve?.('at last');
    expect(await promise).toBe('at last');
  });

  it('rejects with ABORTED, and the reason, when the signal aborts; leaves no listener on it', async () => {
    const { signal, abort, listeners } = abortable();
    const { promise, onFailure } = wait({ signal });
    expect(listeners()).toBe(1);
    abort('enough');
    expect(await rejection(promise)).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(onFailure).toHaveBeenCalledOnce();
    expect(listeners()).toBe(0);
  });

  it('begins nothing if the signal has aborted before', async () => {
    const { promise, begin, onFailure } = wait({ signal: AbortSignal.abort('before') });
    expect(await rejection(promise)).toMatchObject({ code: 'ABORTED', cause: 'before' });
    expect(begin).not.toHaveBeenCalled();
    expect(onFailure).toHaveBeenCalledOnce();
  });

  it('rejects with what it is told, or what beginning throws', async () => {
    const told = wait();
    const error = new Error('refused');
    told.reject?.(error);
    expect(await rejection(told.promise)).toBe(error);
    expect(told.onFailure).toHaveBeenCalledOnce();

    const onFailure = spy();
    const thrown = within(
      { call, timeout: 100 },
      () => late,
      () => {
        throw error;
      },
      onFailure,
    );
    expect(await rejection(thrown)).toBe(error);
    expect(onFailure).toHaveBeenCalledOnce();
  });
});

/** A signal, and how many listen to it. */
function abortable() {
  const controller = new AbortController();
  const { signal } = controller;
  const add = vi.spyOn(signal, 'addEventListener');
  const remove = vi.spyOn(signal, 'removeEventListener');
  return {
    signal,
    abort: (reason?: unknown) => controller.abort(reason),
    listeners: () => add.mock.calls.length - remove.mock.calls.length,
  };
}
