import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { electronEnd } from '../../../../src/core/port/message-port.js';
import { spy } from '../../support/spy.js';

function listener() {
  return { message: spy(), unreadable: spy(), close: spy() };
}

describe('createMemoryChannel', () => {
  it.each([-1, NaN, Infinity])('names a wrong latency: %d', (latency) => {
    expect(() => createMemoryChannel({ latency })).toThrow(/^createMemoryChannel: latency is/);
  });

  it('says of its ends what it is told to', () => {
    const { ports } = createMemoryChannel({ carries: electronEnd });
    expect(ports.map(({ carries }) => carries)).toEqual([electronEnd, electronEnd]);
  });

  it('hands over ports beside a message, and moves buffers', async () => {
    const [a, b] = createMemoryChannel().ports;
    const [, passed] = createMemoryChannel().ports;
    const there = listener();
    b.start(there);
    const bytes = Uint8Array.from([1, 2]);
    a.post([bytes], [bytes.buffer, passed]);
    expect(bytes.byteLength).toBe(0);
    await Promise.resolve();
    expect(there.message).toHaveBeenCalledExactlyOnceWith([Uint8Array.from([1, 2])], [passed]);
  });

  it('loses what is under way when it is severed, and tells both ends', async () => {
    const { ports, sever } = createMemoryChannel();
    const [here, there] = [listener(), listener()];
    ports[0].start(here);
    ports[1].start(there);
    ports[0].post(['lost']);
    sever();
    await Promise.resolve();
    expect([here.close.mock.calls.length, there.close.mock.calls.length]).toEqual([1, 1]);
    expect(there.message).not.toHaveBeenCalled();
    ports[0].post(['late']);
    sever();
    await Promise.resolve();
    expect(there.message).not.toHaveBeenCalled();
    expect(there.close).toHaveBeenCalledTimes(1);
  });
});

it('severed, a channel with a latency loses what is under way too', () => {
  vi.useFakeTimers();
  try {
    const { ports, sever } = createMemoryChannel({ latency: 100 });
    const there = listener();
    ports[1].start(there);
    ports[0].post(['lost']);
    sever();
    vi.advanceTimersByTime(1000);
    expect([there.message.mock.calls.length, there.close.mock.calls.length]).toEqual([0, 1]);
  } finally {
    vi.useRealTimers();
  }
});

describe('a latency', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('delays messages and the close alike, in order', () => {
    const [a, b] = createMemoryChannel({ latency: 100 }).ports;
    const there = listener();
    b.start(there);
    a.post([1]);
    vi.advanceTimersByTime(50);
    a.post([2]);
    a.close();
    vi.advanceTimersByTime(49);
    expect(there.message).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(there.message.mock.calls).toEqual([[[1], []]]);
    vi.advanceTimersByTime(49);
    expect([there.message.mock.calls.length, there.close.mock.calls.length]).toEqual([1, 0]);
    vi.advanceTimersByTime(1);
    expect([there.message.mock.calls.length, there.close.mock.calls.length]).toEqual([2, 1]);
  });
});
