import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Outbox } from '../../../../src/core/link/outbox.js';
import { Turn } from '../../../../src/core/link/turn.js';
import type { Lone } from '../../../../src/core/link/window.js';
import { ECHO, EVENT, REQUEST } from '../../../../src/core/wire/frames.js';
import { whenDrained } from '../../../contract/when-drained.js';
import { FakePort } from '../../support/fake-port.js';
import { countAlive } from '../../support/garbage.js';
import { spy } from '../../support/spy.js';
import { turn } from '../../support/turn.js';

const lone: Lone = { kind: EVENT, id: 0, channel: 'c' };

function make(): { outbox: Outbox; port: FakePort } {
  const port = new FakePort();
  const options = { turn: new Turn(), onFailure() {}, onUnpostable() {} };
  return { outbox: new Outbox({ port, ...options }), port };
}

/** Hands over events, each a frame of three places. */
function event(outbox: Outbox, ...values: unknown[]): void {
  for (const value of values) outbox.frame(1).push(EVENT, value, 0);
}

describe('batching', () => {
  it('posts the frames of a turn at once, when it ends', async () => {
    const { outbox, port } = make();
    event(outbox, 'a');
    event(outbox, 'b', 'c');
    expect(port.posts).toEqual([]);
    await Promise.resolve();
    expect(port.posts).toEqual([[0, EVENT, 'a', 0, EVENT, 'b', 0, EVENT, 'c', 0]]);
    event(outbox, 'd');
    await Promise.resolve();
    expect(port.posts[1]).toEqual([0, EVENT, 'd', 0]);
  });

  it('schedules one flush a turn, and none where nothing is left for it', async () => {
    const ofBus = new Turn();
    const schedule = vi.spyOn(ofBus, 'add');
    const port = new FakePort();
    const outbox = new Outbox({ port, turn: ofBus, onFailure() {}, onUnpostable() {} });
    event(outbox, 'a', 'b', 'c');
    outbox.flush();
    event(outbox, 'd');
    expect(schedule).toHaveBeenCalledTimes(1);
    await turn();
    expect(port.posts).toHaveLength(2);
    event(outbox, 'e');
    expect(schedule).toHaveBeenCalledTimes(2);
  });

  it('puts 512 frames into a post at most, and starts the first at once', async () => {
    const { outbox, port } = make();
    for (let i = 0; i < 1100; i++) event(outbox, i);
    expect(port.posts.map((post) => (post.length - 1) / 3)).toEqual([512, 512]);
    await turn();
    expect(port.posts.map((post) => (post.length - 1) / 3)).toEqual([512, 512, 76]);
    expect(port.posts.flatMap((post) => post.filter((_, i) => i % 3 === 2))).toEqual([...Array(1100).keys()]);
  });

  it('says of what was gathered that nothing occurs twice in it, not of what goes alone, nor of what has waited alone', async () => {
    const port = new FakePort();
    const outbox = new Outbox({ turn: new Turn(), onFailure() {}, onUnpostable() {} });
    event(outbox, 'waits');
    const twice = {};
    outbox.postAlone([EVENT, twice, twice], [], lone, 1);
    outbox.attach(port);
    event(outbox, 'a');
    outbox.postAlone([EVENT, twice, twice], [], lone, 1);
    event(outbox, 'b');
    await turn();
    outbox.unreadable();
    expect(port.posts.map((post) => typeof post[2])).toEqual([
      'string',
      'object',
      'string',
      'object',
      'string',
      'number',
    ]);
    expect(port.trees).toEqual([true, false, true, false, true, true]);
  });

  it('posts one frame alone at once, behind what was gathered', async () => {
    const { outbox, port } = make();
    event(outbox, 'a');
    const buffer = new ArrayBuffer(4);
    outbox.postAlone([EVENT, 'alone', 1, buffer], [buffer], lone, 1);
    event(outbox, 'b');
    expect(port.posts.map((post) => post[2])).toEqual(['a', 'alone']);
    expect(port.transfers).toEqual([undefined, [buffer]]);
    await turn();
    expect(port.posts.map((post) => post[2])).toEqual(['a', 'alone', 'b']);
    expect(outbox.pending).toBe(3);
  });

  it('sends nothing, and counts nothing, of what could not be posted', async () => {
    const { outbox, port } = make();
    event(outbox, 'before');
    const post = (): void => outbox.postAlone([EVENT, () => {}, 0], [], lone, 1);
    expect(post).toThrow(expect.objectContaining({ code: 'NOT_CLONEABLE' }));
    event(outbox, 'after');
    await turn();
    expect(port.posts.map((each) => each[2])).toEqual(['before', 'after']);
    expect(outbox.pending).toBe(2);
    expect(outbox.takeLone(2), 'the failed post took no number').toBeUndefined();
    expect(outbox.acknowledge(2)).toBe(true);
    expect(outbox.pending).toBe(0);
    expect(outbox.acknowledge(3)).toBe(false);
  });
});

describe('numbering', () => {
  it('heads each post with how many posts of the other side have been dispatched', async () => {
    const { outbox, port } = make();
    event(outbox, 'a');
    await turn();
    outbox.dispatched(1, false);
    outbox.dispatched(3, false);
    event(outbox, 'b');
    // Counted when it leaves, not when it was begun.
    outbox.dispatched(1, false);
    await turn();
    expect(port.posts.map(([head]) => head)).toEqual([0, 3]);
    outbox.close(undefined);
  });

  it('knows what each unacknowledged post held that went alone, and tells it once', async () => {
    const { outbox } = make();
    const second: Lone = { kind: REQUEST, id: 7, channel: 'r' };
    outbox.postAlone([EVENT, 'c', 0], [], lone, 1);
    event(outbox, 'batched');
    outbox.postAlone([REQUEST, 7, 'r', 0], [], second);
    const told = (): unknown[] => [0, 1, 2, 3, 4, -1, 0.5].map((post) => outbox.takeLone(post));
    expect(told()).toEqual([undefined, lone, undefined, second, undefined, undefined, undefined]);
    expect(told()).toEqual(Array(7).fill(undefined));
    expect(outbox.pending, 'it is still under way').toBe(3);
  });

  it('goes on counting where posts were acknowledged', () => {
    const { outbox } = make();
    for (let id = 1; id <= 4; id++) outbox.postAlone([REQUEST, id, 'r', 0], [], { kind: REQUEST, id, channel: 'r' });
    outbox.acknowledge(2);
    expect([3, 4, 5].map((post) => outbox.takeLone(post)?.id)).toEqual([3, 4, undefined]);
  });
});

describe('pending', () => {
  it('counts frames, from the hand-over until the other side has dispatched their post', async () => {
    const { outbox } = make();
    event(outbox, 'a', 'b');
    expect(outbox.pending).toBe(2);
    outbox.postAlone([EVENT, 'c', 0], [], lone, 1);
    event(outbox, 'd');
    expect(outbox.pending).toBe(4);
    await turn();
    expect(outbox.acknowledge(1)).toBe(true);
    expect(outbox.pending).toBe(2);
    expect(outbox.acknowledge(1), 'the same again tells nothing new').toBe(true);
    expect(outbox.pending).toBe(2);
    expect(outbox.acknowledge(3)).toBe(true);
    expect(outbox.pending).toBe(0);
  });

  it('refuses an acknowledgement of what was never sent, and one that goes back', async () => {
    const { outbox } = make();
    event(outbox, 'a');
    outbox.flush();
    event(outbox, 'b');
    outbox.flush();
    expect(outbox.acknowledge(3)).toBe(false);
    expect(outbox.pending).toBe(2);
    expect(outbox.acknowledge(2)).toBe(true);
    expect(outbox.acknowledge(1)).toBe(false);
    expect(outbox.pending).toBe(0);
  });
});

describe('acknowledging', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('rides on what is posted anyway: nothing else is sent then', async () => {
    const { outbox, port } = make();
    outbox.dispatched(10, false);
    event(outbox, 'a');
    await vi.advanceTimersByTimeAsync(1000);
    expect(port.posts).toEqual([[1, EVENT, 'a', 0]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('comes of itself after 50 ms, once', () => {
    const { outbox, port } = make();
    outbox.dispatched(1, false);
    outbox.dispatched(1, false);
    vi.advanceTimersByTime(49);
    expect(port.posts).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(port.posts).toEqual([[2]]);
    vi.advanceTimersByTime(10_000);
    expect(port.posts).toHaveLength(1);
    outbox.dispatched(1, false);
    vi.advanceTimersByTime(50);
    expect(port.posts).toEqual([[2], [3]]);
  });

  it('comes at once after 256 frames', () => {
    const { outbox, port } = make();
    for (let i = 0; i < 255; i++) outbox.dispatched(1, false);
    expect(port.posts).toEqual([]);
    outbox.dispatched(1, false);
    expect(port.posts).toEqual([[256]]);
    outbox.dispatched(512, false);
    expect(port.posts).toEqual([[256], [257]]);
    vi.advanceTimersByTime(10_000);
    expect(port.posts).toHaveLength(2);
  });

  it('comes at once where the other side asks for it, with what has been gathered', () => {
    const { outbox, port } = make();
    event(outbox, 'a');
    outbox.dispatched(1, true);
    expect(port.posts).toEqual([[1, EVENT, 'a', 0]]);
  });

  it('an acknowledgement alone is not acknowledged, else two sides never come to rest', () => {
    const [a, b] = [make(), make()];
    a.outbox.dispatched(0, false);
    b.outbox.dispatched(1, true);
    a.outbox.acknowledge(1);
    vi.advanceTimersByTime(10_000);
    expect(a.port.posts).toEqual([]);
    expect(b.port.posts).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('drain', () => {
  it('is done at once where nothing is pending, and posts nothing for it', async () => {
    const { outbox, port } = make();
    await whenDrained(outbox);
    expect(port.posts).toEqual([]);
  });

  it('asks for an acknowledgement, and waits for that of all that was handed over before', async () => {
    const { outbox, port } = make();
    const done: string[] = [];
    event(outbox, 'a');
    const first = whenDrained(outbox).then(() => done.push('first'));
    expect(port.posts).toEqual([[0, EVENT, 'a', 0, ECHO]]);
    event(outbox, 'b');
    const second = whenDrained(outbox).then(() => done.push('second'));
    await turn();
    expect(done).toEqual([]);
    outbox.acknowledge(1);
    await first;
    expect(done).toEqual(['first']);
    outbox.acknowledge(2);
    await second;
    expect(outbox.pending).toBe(0);
  });

  it('asks once, however often it is called, until more is handed over', async () => {
    const { outbox, port } = make();
    event(outbox, 'a');
    const done: number[] = [];
    for (let i = 0; i < 1000; i++) outbox.drain(() => done.push(i));
    expect(outbox.pending).toBe(2);
    expect(port.posts).toHaveLength(1);
    event(outbox, 'b');
    outbox.drain(() => done.push(1000));
    expect(outbox.pending).toBe(4);
    outbox.acknowledge(1);
    expect(done).toHaveLength(1000);
    outbox.acknowledge(2);
    expect(done).toHaveLength(1001);
  });

  it('who no longer waits is not told, and not kept', async () => {
    const { outbox } = make();
    event(outbox, 'a');
    const told = spy();
    const alive = Array.from({ length: 100 }, () => {
      const drained = (): void => told();
      outbox.drain(drained)();
      return new WeakRef<object>(drained);
    });
    expect(await countAlive(alive)).toBe(0);
    outbox.drain(() => told('other'));
    outbox.acknowledge(1);
    expect(told).toHaveBeenCalledExactlyOnceWith('other');
  });

  it('rejects with the cause if the link ends first', async () => {
    const { outbox } = make();
    event(outbox, 'a');
    const drained = Promise.allSettled([whenDrained(outbox), whenDrained(outbox)]);
    const cause = new Error('gone');
    outbox.close(cause);
    expect(await drained).toEqual([
      { status: 'rejected', reason: cause },
      { status: 'rejected', reason: cause },
    ]);
  });
});

describe('closing', () => {
  it('counts the events that may not have arrived: gathered, and posted but not acknowledged', async () => {
    const { outbox } = make();
    event(outbox, 'acknowledged', 'this too');
    await turn();
    event(outbox, 'posted');
    outbox.frame().push(REQUEST, 1, 'no event', 0);
    await turn();
    outbox.postAlone([EVENT, 'alone', 0], [], lone, 1);
    event(outbox, 'gathered', 'gathered too');
    outbox.acknowledge(1);
    expect(outbox.close(undefined)).toBe(4);
    expect(outbox.close(undefined), 'told once').toBe(0);
    expect(outbox.pending).toBe(0);
  });

  it('sends nothing any more: neither what was gathered, nor an acknowledgement', async () => {
    vi.useFakeTimers();
    try {
      const { outbox, port } = make();
      outbox.dispatched(1, false);
      event(outbox, 'late');
      outbox.close(undefined);
      outbox.dispatched(500, true);
      await vi.advanceTimersByTimeAsync(1000);
      expect(port.posts).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('100,000 posts, acknowledged as they go', () => {
  it.each([0, 10])('leave nothing of what was acknowledged, with %d always under way', async (lag) => {
    const { outbox, port } = make();
    port.recording = false;
    const held: WeakRef<object>[] = [];
    for (let i = 1; i <= 100_000; i++) {
      const what: Lone = { kind: EVENT, id: 0, channel: 'c' };
      if (i % 10 === 0) held.push(new WeakRef(what));
      outbox.postAlone([EVENT, 'c', 0], [], what, 1);
      if (i > lag && !outbox.acknowledge(i - lag)) throw new Error('not acknowledged');
    }
    expect(outbox.pending).toBe(lag);
    // Bookkeeping is cut now and then, not at every post.
    expect(await countAlive(held)).toBeLessThanOrEqual(110);
    expect(outbox.close(undefined)).toBe(lag);
  });

  it('and the last one is known by its number', () => {
    const { outbox, port } = make();
    port.recording = false;
    for (let i = 1; i <= 5000; i++) {
      outbox.postAlone([EVENT, 'c', 0], [], { kind: EVENT, id: 0, channel: `c${i}` }, 1);
      if (i > 3) outbox.acknowledge(i - 3);
    }
    expect([4998, 4999, 5000].map((post) => outbox.takeLone(post)?.channel)).toEqual(['c4998', 'c4999', 'c5000']);
  });
});

describe('a port that throws what it must not', () => {
  it('ends its own link only: the others of the turn are flushed', async () => {
    const turn = new Turn();
    let failures = 0;
    const broken = new FakePort();
    broken.post = () => {
      throw new Error('not a contract of mine');
    };
    const good = new FakePort();
    const first = new Outbox({ port: broken, turn, onFailure: () => failures++, onUnpostable() {} });
    const second = new Outbox({ port: good, turn, onFailure() {}, onUnpostable() {} });
    event(first, 'a');
    event(second, 'b');
    await Promise.resolve();
    expect([failures, good.posts.length]).toEqual([1, 1]);
  });
});
