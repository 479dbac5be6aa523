import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Liveness } from '../../../../src/core/bus/liveness.js';
import type { Link } from '../../../../src/core/link/link.js';
import type { Peer } from '../../../../src/core/directory/peer.js';
import { deferred } from '../../../contract/case.js';
import { peer } from '../../../contract/link-side.js';
import { spy } from '../../support/spy.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A link that owes something, and a broker that answers when the test says so. */
function make(state: { connected?: boolean; opened?: boolean; heard?: number; peer?: Peer } = {}) {
  const link = {
    peer: peer('far'),
    owed: true,
    connected: true,
    opened: true,
    heard: 0,
    silent: false,
    probe: spy(),
    ...state,
  };
  const told: unknown[] = [];
  const broker = deferred();
  broker.promise.catch(() => {});
  const sync = spy(() => broker.promise);
  const liveness = new Liveness({
    sync,
    links: () => [link as unknown as Link],
    unresponsive: (each) => told.push(each),
  });
  liveness.watch();
  return { link, told, broker, sync, liveness };
}

describe('Liveness', () => {
  it('a peer is not taken to hang while the broker is still to make the port to it', async () => {
    const { link, told, broker, liveness, sync } = make({ connected: false });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sync).not.toHaveBeenCalled();
    link.connected = true;
    broker.resolve();
    await vi.advanceTimersByTimeAsync(2000);
    expect(told).toEqual([link]);
    liveness.stop();
  });

  it('nor while the broker is still to bring it the port: it is asked, once', async () => {
    const { link, told, broker, liveness, sync } = make();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([]);
    expect(sync).toHaveBeenCalledTimes(1);
    expect(link.probe).not.toHaveBeenCalled();
    broker.resolve();
    await vi.advanceTimersByTimeAsync(1000);
    expect(told, 'it has that long to answer').toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual([link]);
    expect(link.probe).toHaveBeenCalledTimes(1);
    liveness.stop();
  });

  it('a broker that is free costs a peer that hangs no time', async () => {
    const { link, told, broker, liveness } = make();
    broker.resolve();
    await vi.advanceTimersByTimeAsync(2000);
    expect(told).toEqual([link]);
    liveness.stop();
  });

  it.each([
    ['has been heard from', { heard: 1 }],
    ['opened the link itself', { opened: false }],
    ['is main, where the broker is', { peer: peer('main', { type: 'main' }) }],
  ])('one that %s is taken to hang whatever the broker does', async (_, state) => {
    const { link, told, liveness, sync } = make(state);
    await vi.advanceTimersByTimeAsync(2000);
    expect(told).toEqual([link]);
    expect(sync).not.toHaveBeenCalled();
    liveness.stop();
  });

  it('a broker that can not say is asked again, until the end of the bus', async () => {
    const { told, broker, liveness, sync } = make();
    broker.reject(new Error('gone'));
    await vi.advanceTimersByTimeAsync(1500);
    expect(sync).toHaveBeenCalledTimes(3);
    sync.mockResolvedValueOnce();
    await vi.advanceTimersByTimeAsync(2000);
    expect(told).toHaveLength(1);
    liveness.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(sync).toHaveBeenCalledTimes(4);
  });

  describe('in a hidden window, whose timers come once a second', () => {
    beforeEach(() => {
      const { setTimeout } = globalThis;
      const toSecond = (ms = 0): number => 1000 * Math.ceil((performance.now() + ms) / 1000) - performance.now();
      vi.spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void, ms?: number) =>
        setTimeout(act, toSecond(ms))) as typeof setTimeout);
    });
    afterEach(() => void vi.restoreAllMocks());

    it('a peer that hangs is noticed', async () => {
      const { link, told, liveness } = make({ heard: 1 });
      await vi.advanceTimersByTimeAsync(5000);
      expect(told).toEqual([link]);
      expect(link.probe).toHaveBeenCalledTimes(1);
      liveness.stop();
    });

    it('one that is heard from is not taken to hang', async () => {
      const { link, told, liveness } = make({ heard: 1 });
      for (let i = 0; i < 20; i++) {
        await vi.advanceTimersByTimeAsync(1500);
        link.heard++;
      }
      expect(told).toEqual([]);
      liveness.stop();
    });
  });

  it('one look that comes late says nothing: this process was held up', async () => {
    const { told, link, liveness } = make({ heard: 1 });
    const { setTimeout } = globalThis;
    vi.spyOn(globalThis, 'setTimeout')
      .mockImplementationOnce(((act: () => void) => setTimeout(act, 9000)) as typeof setTimeout)
      .mockName('late');
    await vi.advanceTimersByTimeAsync(500); // the first look arms the one that is late
    await vi.advanceTimersByTimeAsync(9000 + 500);
    expect(link.probe).toHaveBeenCalledTimes(1); // of the one behind it
    await vi.advanceTimersByTimeAsync(500);
    expect(told).toEqual([]);
    liveness.stop();
    vi.restoreAllMocks();
  });
});
