import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { copyOf, release } from '../../../../src/node/socket/copies.js';
import { SocketPairs } from '../../../contract/socket-pairs.js';
import { Inbox, muxPair } from '../../support/mux-pair.js';
import { turn } from '../../support/turn.js';

const MiB = 1024 * 1024;

describe('memory for copies', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.runAllTimers(); // nothing is kept for the next one
    vi.useRealTimers();
  });

  const some = (bytes: number, value = 1): ArrayBuffer => new Uint8Array(bytes).fill(value).buffer;

  it('holds what was in the buffer, and no more', () => {
    const source = some(MiB, 5);
    const copy = copyOf(source);
    new Uint8Array(source).fill(9);
    expect([copy.length, copy.every((byte) => byte === 5)]).toEqual([MiB, true]);
    release(copy);
    const smaller = copyOf(some(MiB - 100_000, 6));
    expect([smaller.length, smaller.every((byte) => byte === 6)]).toEqual([MiB - 100_000, true]);
    expect(smaller.buffer).toBe(copy.buffer);
  });

  it('is used again when it has been given back, once, and not for what is much smaller, or larger', () => {
    const first = copyOf(some(MiB));
    expect(copyOf(some(MiB)).buffer).not.toBe(first.buffer);
    release(first);
    release(first);
    expect(copyOf(some(MiB / 4)).buffer).not.toBe(first.buffer);
    expect(copyOf(some(MiB * 2)).buffer).not.toBe(first.buffer);
    expect(copyOf(some(MiB)).buffer).toBe(first.buffer);
    expect(copyOf(some(MiB)).buffer).not.toBe(first.buffer);
  });

  it('of others is not taken', () => {
    const own = new Uint8Array(MiB);
    release(own);
    expect(copyOf(some(MiB)).buffer).not.toBe(own.buffer);
  });

  it('is kept up to 8 MiB, and only as long as somebody needs it', () => {
    const copies = Array.from({ length: 20 }, () => copyOf(some(MiB)));
    copies.forEach(release);
    const kept = (): number => {
      const memory = new Set(copies.map(({ buffer }) => buffer));
      const again = Array.from({ length: 20 }, () => copyOf(some(MiB)));
      again.forEach(release);
      return again.filter(({ buffer }) => memory.has(buffer)).length;
    };
    expect(kept()).toBe(8);
    vi.advanceTimersByTime(1100);
    expect(kept()).toBe(8);
    vi.advanceTimersByTime(2100);
    expect(kept()).toBe(0);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(3000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('on sockets', async () => {
  const pairs = await SocketPairs.open('unix');
  afterAll(() => pairs.close());

  it('what is sent again and again, and changed meanwhile, arrives as it was each time, however slowly it is read', async () => {
    const pair = muxPair(pairs);
    const there = new Inbox(pair.b.port);
    const bytes = new Uint8Array(300_000);
    const count = 100;
    for (let i = 0; i < count; i++) {
      bytes.fill(i);
      pair.a.port.post([i, bytes]);
      if (i % 7 === 0) pair.sockets[1].pause();
      if (i % 7 === 4) pair.sockets[1].resume();
      if (i % 3 === 0) await turn();
    }
    pair.sockets[1].resume();
    for (const [i, arrived] of ((await there.wait(count)) as [number, Uint8Array][]).entries()) {
      expect([arrived[0], arrived[1].length, arrived[1].every((byte) => byte === i)]).toEqual([i, 300_000, true]);
    }
    pair.a.close();
  });
});
