import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NodePort } from '../../../../src/core/port/node-port.js';
import { spy } from '../../support/spy.js';

// What every port owes stands in test/contract. Here: what is of this kind only.

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.restoreAllMocks().useRealTimers());

/** A raw port whose `unref` is written down, and the timers that are set. */
function make() {
  const { port1: raw } = new MessageChannel();
  const unref = vi.spyOn(raw, 'unref');
  const timers = vi.spyOn(globalThis, 'setTimeout');
  return { raw, unref, timers };
}

const listener = { message: spy(), unreadable: spy(), close: spy() };

describe('NodePort', () => {
  it("wakes the event loop when it closes: in Electron's processes, where nothing else does, the far end would not hear of it", () => {
    const { raw, timers } = make();
    const port = new NodePort(raw as never);
    port.start(listener);
    expect(timers).not.toHaveBeenCalled();
    port.close();
    expect(timers.mock.calls).toEqual([[expect.any(Function), 0]]);
    vi.advanceTimersByTime(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(listener.close).not.toHaveBeenCalled();
  });

  it('keeps the thread alive only where it is asked to', () => {
    for (const keepsAlive of [false, true]) {
      const { raw, unref } = make();
      const port = new NodePort(raw as never, keepsAlive);
      port.start(listener);
      expect(unref).toHaveBeenCalledTimes(keepsAlive ? 0 : 1);
      port.close();
    }
  });
});
