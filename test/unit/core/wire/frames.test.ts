import { describe, expect, it } from 'vitest';
import * as frames from '../../../../src/core/wire/frames.js';

describe('isName', () => {
  it.each(['a', ' ', '__proto__', 'x'.repeat(256), '\ud800'])('takes %j', (name) => {
    expect(frames.isName(name)).toBe(true);
  });

  it.each([['', 'x'.repeat(257), 5, null, undefined, ['a'], new String('a')]].flat())('refuses %j', (name) => {
    expect(frames.isName(name)).toBe(false);
  });
});

describe('isPeerName', () => {
  it.each(['a', ' ', 'Ærø', '東京', '__proto__', 'x'.repeat(256)])('takes %j', (name) => {
    expect(frames.isPeerName(name)).toBe(true);
  });

  it.each(['', 'x'.repeat(257), 5, undefined, 'a\nb', '\u001b[2J', '\0', 'a\u007f', '\u009b2J'])(
    'refuses %j',
    (name) => {
      expect(frames.isPeerName(name)).toBe(false);
    },
  );
});

describe('isCount', () => {
  it.each([0, -0, 1, Number.MAX_SAFE_INTEGER])('takes %d', (count) => {
    expect(frames.isCount(count)).toBe(true);
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53, '1', 1n, null, undefined, [1]])('refuses %s', (count) => {
    expect(frames.isCount(count)).toBe(false);
  });
});

it('every kind of frame has a number of its own', () => {
  const { WIRE_VERSION: _, MAX_NAME: _1, MAX_FIELDS: _2, ...others } = frames;
  const numbers = Object.values(others).filter((each) => typeof each === 'number');
  expect(numbers).toHaveLength(19);
  expect(new Set(numbers).size).toBe(19);
});
