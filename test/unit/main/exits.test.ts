import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Exits } from '../../../src/main/exits.js';

let app: EventEmitter;
let exits: Exits;
let found: [string, string][];

beforeEach(() => {
  vi.useFakeTimers();
  app = new EventEmitter();
  exits = new Exits(app as never);
  exits.watch();
  found = [];
});
afterEach(() => {
  exits.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const exit = (who: string, code: number): void => exits.find(code, (reason) => found.push([who, reason]));
const gone = (reason: string, exitCode: number, type = 'Utility'): unknown =>
  app.emit('child-process-gone', {}, { type, reason, exitCode });

describe('a utility process', () => {
  it.each([
    ['killed', 9, 9, 'killed'],
    ['killed', 0, 15, 'killed'],
    ['crashed', 6, 6, 'crashed'],
    ['crashed', 0, 11, 'crashed'],
    ['oom', 5, 5, 'crashed'],
    ['launch-failed', 1, 1, 'crashed'],
  ])('of which Electron says %s behind the exit with %d was so', (word, code, exitCode, reason) => {
    exit('a', code);
    gone(word, exitCode);
    expect(found).toEqual([['a', reason]]);
  });

  it.each([0, 1, 3, 6, 9])('of which it says nothing has exited, with %d', (code) => {
    exit('a', code);
    expect(found).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(found).toEqual([['a', 'exited']]);
  });

  it('exits in order where Electron says that', () => {
    exit('a', 1);
    gone('abnormal-exit', 1);
    vi.advanceTimersByTime(10);
    expect(found).toEqual([['a', 'exited']]);
  });

  it('gets its own word, where several end in one turn', () => {
    exit('a', 3);
    exit('b', 0);
    gone('killed', 15);
    exit('c', 6);
    gone('crashed', 6);
    gone('killed', 9);
    exit('d', 0);
    vi.advanceTimersByTime(10);
    expect(found).toEqual([
      ['a', 'exited'],
      ['b', 'killed'],
      ['c', 'crashed'],
      ['d', 'exited'],
    ]);
  });

  it('does not get that of a process that is not main’s child, nor of one that exited otherwise', () => {
    exit('a', 3);
    gone('killed', 9);
    gone('crashed', 3, 'GPU');
    vi.advanceTimersByTime(10);
    expect(found).toEqual([['a', 'exited']]);
  });
});

it('listens once, and no more when it is closed; whoever waits is told', () => {
  exits.watch();
  expect(app.listenerCount('child-process-gone')).toBe(1);
  exit('a', 0);
  exits.close();
  expect([app.eventNames(), found]).toEqual([[], [['a', 'exited']]]);
});
