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

  describe('that is held', () => {
    /** Microtasks until it has ended; `step` is called in each. */
    async function hops(turn: Turn, step: (hop: number) => void = () => {}): Promise<number> {
      let ended = false;
      turn.add({ endTurn: () => (ended = true) });
      let hop = 0;
      while (!ended) {
        step(++hop);
        await Promise.resolve();
      }
      return hop;
    }

    it('ends eight microtasks later, and the next one in time again', async () => {
      const turn = new Turn();
      turn.hold(); // of no turn: nothing to hold
      expect(await hops(turn)).toBe(1);
      expect(await hops(turn, (hop) => hop === 1 && turn.hold())).toBe(9);
      expect(await hops(turn)).toBe(1);
    });

    it('goes on while more comes', async () => {
      const turn = new Turn();
      expect(await hops(turn, (hop) => hop <= 50 && hop % 5 === 1 && turn.hold())).toBe(54);
    });

    it('gathers what an async generator yields without waiting, in one turn', async () => {
      const turn = new Turn();
      let turns = 0;
      async function* produce(): AsyncGenerator<number> {
        for (let i = 0; i < 200; i++) yield i;
      }
      let due = false;
      const sender = { endTurn: (): unknown => ((due = false), turns++) };
      vi.useFakeTimers(); // the clock stands
      try {
        for await (const _ of produce()) {
          if (!due) turn.add(sender);
          due = true;
          turn.hold();
        }
      } finally {
        vi.useRealTimers();
      }
      await new Promise((resolve) => setImmediate(resolve));
      expect(turns).toBe(1);
    });

    it('ends nevertheless: after so many microtasks, or a millisecond', async () => {
      const turn = new Turn();
      vi.useFakeTimers();
      try {
        expect(await hops(turn, () => turn.hold())).toBe(1025);
        expect(await hops(turn, () => (turn.hold(), vi.advanceTimersByTime(0.5)))).toBe(4);
      } finally {
        vi.useRealTimers();
      }
    });
  });

  describe('stamps what is done in it', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it('with the time of its end, which nobody knows before', async () => {
      const turn = new Turn();
      const begin = performance.now();
      turn.add({ endTurn() {} });
      const { stamp } = turn;
      vi.advanceTimersByTime(10);
      turn.add({ endTurn() {} });
      expect(turn.stamp).toBe(stamp);
      expect(stamp.time).toBe(Infinity);
      await Promise.resolve();
      expect(stamp.time).toBe(begin + 10);
      vi.advanceTimersByTime(10);
      turn.add({ endTurn() {} });
      expect(turn.stamp).not.toBe(stamp);
      await Promise.resolve();
      expect(stamp.time).toBe(begin + 10);
    });

    it('with one look at the clock, and none where nothing is stamped', async () => {
      const turn = new Turn();
      const clock = vi.spyOn(performance, 'now');
      const looks = async (stamps: number): Promise<number> => {
        clock.mockClear();
        turn.add({ endTurn() {} });
        for (let i = 0; i < stamps; i++) expect(turn.stamp.time).toBe(Infinity);
        await Promise.resolve();
        return clock.mock.calls.length;
      };
      expect([await looks(0), await looks(1), await looks(1000), await looks(0)]).toEqual([0, 1, 1, 0]);
      clock.mockRestore();
    });
  });
});
