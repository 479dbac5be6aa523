import assert from 'node:assert';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../../../src/core/bus/clock.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A clock over a list of deadlines, which remembers when each was found to be over. */
function make(): { clock: Clock; deadlines: Set<number>; over: [number, number][]; sweeps: number[] } {
  const deadlines = new Set<number>();
  const over: [number, number][] = [];
  const sweeps: number[] = [];
  const clock = new Clock((now) => {
    sweeps.push(now);
    for (const deadline of deadlines) {
      if (deadline > now) continue;
      deadlines.delete(deadline);
      over.push([deadline, now]);
    }
    return Math.min(Infinity, ...deadlines);
  });
  return { clock, deadlines, over, sweeps };
}

describe('Clock', () => {
  it('runs one timer, for however many deadlines', () => {
    const { clock, deadlines, over } = make();
    for (let i = 0; i < 1000; i++) {
      const deadline = performance.now() + 1000 + i;
      deadlines.add(deadline);
      clock.watch(deadline);
    }
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(3000);
    expect(over).toHaveLength(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('arms no timer anew for a deadline behind the next one', () => {
    const { clock } = make();
    const set = vi.spyOn(globalThis, 'setTimeout');
    clock.watch(performance.now() + 100);
    for (let i = 0; i < 1000; i++) clock.watch(performance.now() + 100 + i);
    expect(set).toHaveBeenCalledTimes(1);
    clock.watch(performance.now() + 50);
    expect(set).toHaveBeenCalledTimes(2);
    set.mockRestore();
  });

  it('finds every deadline over: never early, and at most a grain late', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ after: fc.nat(200), wait: fc.oneof(fc.nat(2000), fc.double({ min: 0, max: 50, noNaN: true })) }),
          {
            minLength: 1,
            maxLength: 20,
          },
        ),
        (steps) => {
          const { clock, deadlines, over } = make();
          const all = new Set<number>();
          for (const { after, wait } of steps) {
            vi.advanceTimersByTime(after);
            const deadline = performance.now() + wait;
            all.add(deadline);
            deadlines.add(deadline);
            clock.watch(deadline);
          }
          vi.advanceTimersByTime(3000);
          assert.deepEqual(new Set(over.map(([deadline]) => deadline)), all);
          for (const [deadline, now] of over) {
            assert.ok(now >= deadline, `${now} is before ${deadline}`);
            assert.ok(now <= deadline + 6, `${now} is long after ${deadline}`);
          }
          assert.equal(vi.getTimerCount(), 0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds over what begins at the call, and seldom looks at the time for it', () => {
    const { clock, deadlines, over } = make();
    const time = vi.spyOn(performance, 'now');
    const epoch = Date.now() - performance.now();
    const all = new Set<number>();
    const begin = (ms: number): number => {
      const deadline = Date.now() - epoch + ms;
      deadlines.add(deadline);
      all.add(deadline);
      time.mockClear();
      clock.watchFor(ms);
      return time.mock.calls.length;
    };
    for (const ms of [1000, 500]) begin(ms);
    clock.watchFor(Infinity);
    let looks = 0;
    for (let i = 0; i < 10_000; i++) {
      vi.advanceTimersByTime(1);
      looks += begin(500) + begin(1000);
    }
    vi.advanceTimersByTime(3000);
    expect(looks, 'for 20,000 of them').toBeLessThan(100);
    expect(new Set(over.map(([deadline]) => deadline))).toEqual(all);
    for (const [deadline, now] of over) {
      expect(now).toBeGreaterThanOrEqual(deadline);
      expect(now).toBeLessThanOrEqual(deadline + 6);
    }
    time.mockRestore();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sweeps soon what was over before it was watched', () => {
    const { clock, deadlines, over } = make();
    const deadline = performance.now() - 1000;
    deadlines.add(deadline);
    clock.watch(deadline);
    vi.advanceTimersByTime(5);
    expect(over).toHaveLength(1);
  });

  it('waits for deadlines beyond what a timer of the platform can run', () => {
    const { clock, deadlines, over, sweeps } = make();
    const month = 30 * 24 * 3600 * 1000;
    const deadline = performance.now() + month;
    deadlines.add(deadline);
    clock.watch(deadline);
    vi.advanceTimersByTime(1000);
    expect(sweeps, 'a longer timer would fire at once').toEqual([]);
    vi.advanceTimersByTime(month);
    expect(over.map(([each]) => each)).toEqual([deadline]);
    expect(sweeps.length).toBeLessThan(4);
  });

  it('needs no timer for a deadline that never comes', () => {
    const { clock } = make();
    clock.watch(Infinity);
    expect(vi.getTimerCount()).toBe(0);
    clock.watch(Number.MAX_VALUE);
    expect(vi.getTimerCount()).toBe(1);
    clock.stop();
  });

  it('is silent once it is stopped, and can be used again', () => {
    const { clock, deadlines, over } = make();
    deadlines.add(performance.now() + 10);
    clock.watch(performance.now() + 10);
    clock.stop();
    clock.stop();
    vi.advanceTimersByTime(100);
    expect(over).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    clock.watch(performance.now() + 10);
    vi.advanceTimersByTime(20);
    expect(over).toHaveLength(1);
  });

  it('may be given a new deadline by its own sweep', () => {
    const seen: number[] = [];
    const clock = new Clock((now) => {
      seen.push(now);
      if (seen.length === 1) clock.watch(now + 100);
      return Infinity;
    });
    clock.watch(performance.now() + 10);
    vi.advanceTimersByTime(500);
    expect(seen).toHaveLength(2);
    expect(seen[1]! - seen[0]!).toBeGreaterThanOrEqual(100);
  });
});
