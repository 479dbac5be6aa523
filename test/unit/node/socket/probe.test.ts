import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Probe, type Probed } from '../../../../src/node/socket/probe.js';

/** A connection on which something arrives when the test says so. */
class Line implements Probed {
  received = 0;
  readonly told: string[] = [];

  ask(): void {
    this.told.push('asked');
  }

  lost(): void {
    this.told.push('lost');
  }
}

describe('a probe', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const options = { interval: 1000, timeout: 400 };

  it('asks after the interval without a sign, once, and gives up after the time-out', () => {
    const line = new Line();
    const probe = new Probe(line, options);
    vi.advanceTimersByTime(950);
    expect(line.told).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(line.told).toEqual(['asked']);
    vi.advanceTimersByTime(300);
    expect(line.told).toEqual(['asked']);
    vi.advanceTimersByTime(200);
    expect(line.told).toEqual(['asked', 'lost']);
    vi.advanceTimersByTime(60_000);
    expect(line.told).toEqual(['asked', 'lost']);
    probe.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes anything that arrives for a sign', () => {
    const line = new Line();
    const probe = new Probe(line, options);
    for (let i = 0; i < 50; i++) {
      vi.advanceTimersByTime(900);
      line.received++;
    }
    expect(line.told).toEqual([]);
    vi.advanceTimersByTime(1200);
    line.received++;
    vi.advanceTimersByTime(1000);
    expect(line.told).toEqual(['asked']);
    probe.stop();
  });

  it('asks again after the next silence', () => {
    const line = new Line();
    const probe = new Probe(line, options);
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(1100);
      line.received++;
      vi.advanceTimersByTime(100);
    }
    expect(line.told).toEqual(['asked', 'asked', 'asked']);
    probe.stop();
  });

  it('does nothing any more once it is stopped', () => {
    const line = new Line();
    new Probe(line, options).stop();
    vi.advanceTimersByTime(60_000);
    expect([line.told, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('with a time-out longer than the interval, too', () => {
    const line = new Line();
    const probe = new Probe(line, { interval: 100, timeout: 4000 });
    vi.advanceTimersByTime(150);
    expect(line.told).toEqual(['asked']);
    vi.advanceTimersByTime(3800);
    expect(line.told).toEqual(['asked']);
    vi.advanceTimersByTime(300);
    expect(line.told).toEqual(['asked', 'lost']);
    probe.stop();
  });
});
