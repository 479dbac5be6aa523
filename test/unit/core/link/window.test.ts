import { describe, expect, it } from 'vitest';
import { EVENT } from '../../../../src/core/wire/frames.js';
import { Window, type Posted } from '../../../../src/core/link/window.js';

function post(id: number): Posted {
  return { frames: 1, events: 1, cost: 1, lone: { kind: EVENT, id, channel: 'c' } };
}

describe('Window', () => {
  it('knows each of many posts under way by its number, wherever the count stands', () => {
    const window = new Window(Infinity);
    let last = 0;
    for (const [more, less] of [
      [1000, 990],
      [5, 0],
      [4000, 1000],
      [20, 3035],
      [17, 17],
    ] as const) {
      for (let i = 0; i < more; i++) window.add(post(++last), false);
      expect(window.acknowledge(last - window.frames + less)).toBe(less);
    }
    expect([last, window.frames]).toEqual([5042, 0]);
    for (let i = 0; i < 40; i++) window.add(post(++last), false);
    window.acknowledge(last - 40);
    const told = Array.from({ length: 42 }, (_, i) => window.takeLone(last - 40 + i)?.id);
    expect(told).toEqual([undefined, ...Array.from({ length: 40 }, (_, i) => last - 39 + i), undefined]);
    expect(window.clear()).toBe(40);
    expect([window.frames, window.acknowledge(last), window.acknowledge(last - 1)]).toEqual([0, 0, -1]);
  });

  it('is open while less is under way than it is large, or once it is lifted', () => {
    const window = new Window(2);
    window.add(post(1), false);
    expect(window.open).toBe(true);
    window.add(post(2), false);
    expect(window.open).toBe(false);
    window.acknowledge(1);
    expect(window.open).toBe(true);
    window.add(post(3), false);
    expect(window.open).toBe(false);
    window.lift();
    expect(window.open).toBe(true);
  });

  it('takes only so many empty posts that nobody acknowledges, and goes on taking others', () => {
    const window = new Window(Infinity);
    const empty: Posted = { frames: 0, events: 0, cost: 0, lone: undefined };
    const fill = (most: number): number => {
      for (let added = 0; added < most; added++) {
        try {
          window.add(empty, false);
        } catch {
          return added;
        }
      }
      return most;
    };
    window.add({ ...post(1), frames: 100 }, false);
    expect(fill(100_000)).toBe(65_536);
    window.add(post(2), false);
    window.acknowledge(1);
    window.add(post(3), false);
    window.acknowledge(30_000);
    expect(fill(20_000)).toBe(20_000);
  });
});
