import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { checkBroker } from '../../../../src/node/broker/options.js';

const given = { port: 0, secrets: { peer: 'a secret of 16 characters' } };

it('redactErrors is true or false, and false if it is not given', () => {
  expect(checkBroker(given).redactErrors).toBe(false);
  expect(() => checkBroker({ ...given, redactErrors: 'yes' })).toThrow(
    'createBroker({ redactErrors }): give true or false.',
  );
});

describe('the limits of createBroker()', () => {
  it('are as by default where they are not given', () => {
    expect(checkBroker(given).limits).toEqual(defaultLimits);
    const limits = { size: 65_536, depth: 32, seats: 1, names: undefined };
    expect(checkBroker({ ...given, limits }).limits).toEqual({ ...defaultLimits, size: 65_536, depth: 32, seats: 1 });
  });

  it.each([
    [{ size: 65_535 }, 'size is 65535. Give a whole number of 65536 or more.'],
    [{ depth: 31 }, 'depth is 31. Give a whole number of 32 or more.'],
    [{ seats: 0 }, 'seats is 0. Give a whole number of 1 or more.'],
    [{ seat: 1 }, "there is no 'seat', only channels, serving, links, seats, names, size, depth."],
  ])('are refused as %j', (limits, problem) => {
    expect(() => checkBroker({ ...given, limits })).toThrow(`createBroker({ limits }): ${problem}`);
  });
});

describe('numbers of createBroker()', () => {
  it('are as by default where they are not given, and may be without end', () => {
    expect(checkBroker(given)).toMatchObject({ authorizeTimeout: 8000, maxQueued: 16 * 1024 * 1024 });
    const endless = { authorizeTimeout: Infinity, maxQueued: Infinity };
    expect(checkBroker({ ...given, ...endless })).toMatchObject(endless);
  });

  it.each([
    [{ authorizeTimeout: 0 }, 'createBroker({ authorizeTimeout: 0 }): give milliseconds: 1 or more, or Infinity.'],
    [{ maxQueued: NaN }, 'createBroker({ maxQueued: NaN }): give bytes: 1 or more, or Infinity.'],
    [{ maxQueued: '1' }, "createBroker({ maxQueued: '1' }): give bytes: 1 or more, or Infinity."],
  ])('are refused as %j', (numbers, problem) => {
    expect(() => checkBroker({ ...given, ...numbers })).toThrow(problem);
  });
});
