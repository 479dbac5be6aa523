import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Turn } from '../../../../src/core/link/turn.js';

describe('Turn', () => {
  it('ends in one microtask for all who have something to send, in their order', async () => {
    const turn = new Turn();
    const ended: string[] = [];
    for (const name of ['a', 'b', 'c']) turn.add({ endTurn: () => ended.push(name) });
    expect(ended).toEqual([]);
    await Promise.resolve();
    expect(ended).toEqual(['a', 'b', 'c']);
    await Promise.resolve();
    expect(ended).toHaveLength(3);
  });

  it('begins anew with who comes while it ends', async () => {
    const turn = new Turn();
    const ended: string[] = [];
    turn.add({
      endTurn() {
        ended.push('first');
        turn.add({ endTurn: () => ended.push('second') });
      },
    });
    await Promise.resolve();
    expect(ended).toEqual(['first']);
    await Promise.resolve();
    expect(ended).toEqual(['first', 'second']);
  });

  describe('stamps what is done in it', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it('with the time of its end, and until then of its beginning', async () => {
      const turn = new Turn();
      const begin = performance.now();
      turn.add({ endTurn() {} });
      const { stamp } = turn;
      vi.advanceTimersByTime(10);
      turn.add({ endTurn() {} });
      expect(turn.stamp).toBe(stamp);
      expect(stamp.time).toBe(begin);
      await Promise.resolve();
      expect(stamp.time).toBe(begin + 10);
      vi.advanceTimersByTime(10);
      turn.add({ endTurn() {} });
      expect(turn.stamp).not.toBe(stamp);
      expect(turn.stamp.time).toBe(begin + 20);
      await Promise.resolve();
    });
  });
});
