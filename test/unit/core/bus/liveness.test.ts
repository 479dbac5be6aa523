import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Liveness } from '../../../../src/core/bus/liveness.js';
import type { Link } from '../../../../src/core/link/link.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a peer is not taken to hang while the broker is still to make the port to it', () => {
  const link = { owed: true, connected: false, heard: 0, silent: false, probe() {} };
  const told: unknown[] = [];
  const liveness = new Liveness({
    links: () => [link as unknown as Link],
    unresponsive: (each) => told.push(each),
  });
  liveness.watch();
  vi.advanceTimersByTime(10_000);
  expect(told).toEqual([]);
  link.connected = true;
  vi.advanceTimersByTime(2000);
  expect(told).toEqual([link]);
  liveness.stop();
});
