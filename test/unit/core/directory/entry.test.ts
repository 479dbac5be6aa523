import { describe, expect, it } from 'vitest';
import { Channels, HANDLE, LISTEN, UNHANDLE, UNLISTEN } from '../../../../src/core/directory/entry.js';
import { spy } from '../../support/spy.js';

function look({ number, listens, handles }: Channels): unknown {
  return { number, listens: [...listens], handles: [...handles] };
}

describe('Channels', () => {
  it('apply numbered changes in order', () => {
    const channels = new Channels();
    expect(channels.apply(1, [LISTEN, 'a', HANDLE, 'a', LISTEN, 'b', UNLISTEN, 'a'])).toBe(true);
    expect(look(channels)).toEqual({ number: 4, listens: ['b'], handles: ['a'] });
    expect(channels.apply(5, [UNHANDLE, 'a'])).toBe(true);
    expect(look(channels)).toEqual({ number: 5, listens: ['b'], handles: [] });
  });

  it('apply a change once, however often it comes, and of a batch only what is new', () => {
    const channels = new Channels();
    const applied = spy();
    channels.apply(1, [LISTEN, 'a', LISTEN, 'b']);
    channels.apply(1, [LISTEN, 'a', LISTEN, 'b'], applied);
    channels.apply(3, [UNLISTEN, 'a']);
    channels.apply(1, [LISTEN, 'a'], applied);
    expect(applied).not.toHaveBeenCalled();
    channels.apply(2, [LISTEN, 'b', UNLISTEN, 'a', HANDLE, 'h'], applied);
    expect(applied.mock.calls).toEqual([[HANDLE, 'h']]);
    expect(look(channels)).toEqual({ number: 4, listens: ['b'], handles: ['h'] });
  });

  it('bear the number that their owner gave, where some before were missed', () => {
    const channels = new Channels();
    channels.apply(5, [LISTEN, 'a']);
    expect(channels.number).toBe(5);
    channels.apply(4, [LISTEN, 'b']);
    expect(look(channels)).toEqual({ number: 5, listens: ['a'], handles: [] });
  });

  it('tell only of what changes something, and count it all', () => {
    const channels = new Channels();
    const applied = spy();
    channels.apply(1, [UNLISTEN, 'a', LISTEN, 'b', LISTEN, 'b', UNHANDLE, 'c'], applied);
    expect(applied.mock.calls).toEqual([[LISTEN, 'b']]);
    expect(channels.number).toBe(4);
  });

  it.each<[string, unknown[]]>([
    ['half a change', [LISTEN]],
    ['a change and a half', [LISTEN, 'a', LISTEN]],
    ['a name that is none', [LISTEN, '']],
    ['a name that is too long', [LISTEN, 'x'.repeat(257)]],
    ['a name that is a number', [LISTEN, 5]],
    ['an unknown change', [9, 'a']],
    ['a change that is a text', ['1', 'a']],
    ['no change', [undefined, 'a']],
    ['holes', Array(2)],
  ])('refuse %s', (_, changes) => {
    const channels = new Channels();
    expect(channels.apply(1, changes)).toBe(false);
    expect(look(channels)).toEqual({ number: 0, listens: [], handles: [] });
  });

  it('apply what stands before a bad change, and nothing behind it', () => {
    const channels = new Channels();
    expect(channels.apply(1, [LISTEN, 'a', 9, 'b', LISTEN, 'c'])).toBe(false);
    expect(look(channels)).toEqual({ number: 1, listens: ['a'], handles: [] });
  });

  it('look also at what is not new', () => {
    const channels = new Channels();
    channels.apply(1, [LISTEN, 'a', LISTEN, 'b']);
    expect(channels.apply(1, [{ any: 'data' }, 'a'])).toBe(false);
    expect(channels.apply(1, [LISTEN, 5])).toBe(false);
    expect(channels.apply(1, [HANDLE, 'a'])).toBe(true);
    expect(look(channels)).toEqual({ number: 2, listens: ['a', 'b'], handles: [] });
  });

  it('take names that plain objects have already', () => {
    const channels = new Channels();
    expect(channels.apply(1, [LISTEN, '__proto__', HANDLE, 'constructor'])).toBe(true);
    expect(look(channels)).toEqual({ number: 2, listens: ['__proto__'], handles: ['constructor'] });
  });

  it('hold 10,000 of each kind', () => {
    const channels = new Channels();
    const changes = (change: number): unknown[] => Array.from({ length: 10_000 }, (_, i) => [change, `c${i}`]).flat();
    expect(channels.apply(1, changes(LISTEN))).toBe(true);
    expect(channels.apply(10_001, changes(HANDLE))).toBe(true);
    expect(channels.apply(channels.number + 1, [LISTEN, 'one more'])).toBe(false);
    expect(channels.apply(channels.number + 1, [HANDLE, 'one more'])).toBe(false);
    expect([channels.listens.size, channels.handles.size]).toEqual([10_000, 10_000]);
    expect(channels.apply(channels.number + 1, [LISTEN, 'c0']), 'one that is there already').toBe(true);
    expect(channels.apply(channels.number + 1, [UNLISTEN, 'c0', LISTEN, 'instead'])).toBe(true);
  });
});

describe('a whole state', () => {
  const MANY = Array.from({ length: 10_001 }, (_, i) => `c${i}`);

  it.each<[unknown, boolean]>([
    [[], true],
    [['a', '__proto__'], true],
    [MANY.slice(1), true],
    [MANY, false],
    [['a', ''], false],
    [['a', 5], false],
    [Array(3), false],
    [Object.assign(['a'], { length: 2 }), false],
    ['a', false],
    [{ length: 0 }, false],
    [undefined, false],
  ])('%# is checked', (names, expected) => {
    const channels = new Channels();
    expect(channels.replace(4, names, [])).toBe(expected);
    expect(channels.replace(4, [], names)).toBe(expected);
    expect(channels.number).toBe(expected ? 4 : 0);
  });

  it('counts only what is granted', () => {
    const channels = new Channels({ receive: ['doc:*'] });
    expect(channels.replace(1, ['doc:a', 'log'], ['log', 'doc:b'])).toBe(true);
    expect(look(channels)).toEqual({ number: 1, listens: ['doc:a'], handles: ['doc:b'] });
    expect(channels.apply(2, [LISTEN, 'log', LISTEN, 'doc:c'])).toBe(true);
    expect(look(channels)).toEqual({ number: 3, listens: ['doc:a', 'doc:c'], handles: ['doc:b'] });
  });
});
