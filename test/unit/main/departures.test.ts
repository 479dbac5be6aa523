import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { Departures } from '../../../src/main/departures.js';
import { spy } from '../support/spy.js';

let remove: Mock;
let departures: Departures;
let left: Set<string>;
beforeEach(() => {
  vi.useFakeTimers();
  remove = spy();
  left = new Set();
  departures = new Departures(remove, (peer) => !left.has(peer));
});
afterEach(() => {
  departures.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('when the port closes first', () => {
  it("Electron's word within 50 ms is the reason", () => {
    departures.closed('p', undefined, () => 'lost');
    vi.advanceTimersByTime(49);
    expect(remove).not.toHaveBeenCalled();
    departures.told('p', 'reloaded');
    expect(remove).toHaveBeenCalledExactlyOnceWith('p', 'reloaded');
    vi.advanceTimersByTime(5000);
    expect(remove).toHaveBeenCalledTimes(1);
  });

  it('without a word it is found out otherwise', () => {
    departures.closed('p', undefined, () => 'frame-removed');
    vi.advanceTimersByTime(50);
    expect(remove).toHaveBeenCalledExactlyOnceWith('p', 'frame-removed');
  });

  it('the word is heard before time is up, however long main was kept from its work', async () => {
    vi.useRealTimers();
    departures.closed('p', undefined, () => 'lost');
    const until = performance.now() + 200;
    while (performance.now() < until);
    // What has come meanwhile is heard behind the timers that are due.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    departures.told('p', 'reloaded');
    expect(remove).toHaveBeenCalledExactlyOnceWith('p', 'reloaded');
    vi.useFakeTimers();
  });

  it('a reason known already is told at once', () => {
    departures.closed('p', 'crashed', () => 'lost');
    expect(remove).toHaveBeenCalledExactlyOnceWith('p', 'crashed');
    expect(departures.size).toBe(0);
  });
});

describe('when Electron speaks first', () => {
  it('the port is waited for, as the last it had sent is under way', () => {
    departures.told('p', 'navigated');
    vi.advanceTimersByTime(900);
    expect(remove).not.toHaveBeenCalled();
    departures.closed('p', 'navigated', () => 'lost');
    expect(remove).toHaveBeenCalledExactlyOnceWith('p', 'navigated');
    vi.advanceTimersByTime(5000);
    expect(remove).toHaveBeenCalledTimes(1);
  });

  it('but for a second only', () => {
    departures.told('p', 'closed');
    vi.advanceTimersByTime(1000);
    expect(remove).toHaveBeenCalledExactlyOnceWith('p', 'closed');
  });
});

it('nothing is waited for when the process is dead', () => {
  departures.told('p', 'navigated');
  departures.dead('p', 'crashed');
  departures.dead('q', 'crashed');
  expect(remove.mock.calls).toEqual([
    ['p', 'crashed'],
    ['q', 'crashed'],
  ]);
  expect(departures.size).toBe(0);
});

it('a peer that left otherwise is forgotten', () => {
  departures.closed('p', undefined, () => 'lost');
  departures.told('q', 'closed');
  expect(departures.size).toBe(2);
  departures.forget('p');
  departures.forget('q');
  departures.forget('nobody');
  vi.advanceTimersByTime(5000);
  expect(remove).not.toHaveBeenCalled();
  expect(departures.size).toBe(0);
});

it('each peer has its own', () => {
  departures.closed('p', undefined, () => 'lost');
  vi.advanceTimersByTime(30);
  departures.closed('q', undefined, () => 'lost');
  departures.told('q', 'reloaded');
  vi.advanceTimersByTime(20);
  expect(remove.mock.calls).toEqual([
    ['q', 'reloaded'],
    ['p', 'lost'],
  ]);
});

it('closing it ends all waiting', () => {
  departures.closed('p', undefined, () => 'lost');
  departures.told('q', 'closed');
  departures.close();
  vi.advanceTimersByTime(5000);
  expect(remove).not.toHaveBeenCalled();
});

it('of a peer that has no seat any more nothing is found out', () => {
  left.add('p').add('q');
  departures.closed('p', undefined, () => 'lost');
  departures.told('q', 'closed');
  expect(departures.size).toBe(0);
  vi.advanceTimersByTime(5000);
  expect(remove).not.toHaveBeenCalled();
});

it('waits for as long as is said, where Electron is sure to tell', () => {
  departures.closed('p', undefined, () => 'lost', 150);
  vi.advanceTimersByTime(149);
  expect(remove).not.toHaveBeenCalled();
  departures.told('p', 'reloaded');
  expect(remove.mock.calls).toEqual([['p', 'reloaded']]);
});
