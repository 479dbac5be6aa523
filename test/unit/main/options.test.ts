import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/core/directory/limits.js';
import { MeshError } from '../../../src/core/errors/mesh-error.js';
import { checkOptions } from '../../../src/main/options.js';

describe('checkOptions', () => {
  it('fills in the defaults, and no option that was not given', () => {
    expect(checkOptions({})).toEqual({
      origins: [],
      authorizeTimeout: 8000,
      redactErrors: false,
      limits: defaultLimits,
    });
    const limits = { channels: 1, serving: 2, links: 5, seats: 3, names: 4, size: 65_536, depth: 32 };
    const deciding = { origins: ['app://a'], authorize: () => true, authorizeTimeout: Infinity };
    const given = { ...deciding, redactErrors: true, preload: '/app/own.cjs', limits };
    expect(checkOptions(given)).toEqual(given);
  });

  it.each([0, -1, NaN, '5', null])('refuses the authorizeTimeout %j', (authorizeTimeout) => {
    expect(() => checkOptions({ authorizeTimeout })).toThrow(
      /^createBridge\({ authorizeTimeout: .* }\): give milliseconds: 1 or more, or Infinity\.$/,
    );
  });

  it('keeps the default of each limit that is not given', () => {
    const { limits } = checkOptions({ limits: { seats: 5, names: undefined } });
    expect(limits).toEqual({ ...defaultLimits, seats: 5 });
  });

  it.each<[unknown, string]>([
    [{ seats: 0 }, 'seats is 0'],
    [{ names: -1 }, 'names is -1'],
    [{ channels: 1.5 }, 'channels is 1.5'],
    [{ serving: Infinity }, 'serving is Infinity'],
    [{ seats: '5' }, "seats is '5'. Give a whole number of 1 or more."],
    [{ size: 65_535 }, 'size is 65535. Give a whole number of 65536 or more.'],
    [{ depth: 31 }, 'depth is 31. Give a whole number of 32 or more.'],
    [{ depth: Infinity }, 'depth is Infinity'],
    [{ seat: 5 }, "there is no limit 'seat', only channels, serving, links, seats, names, size, depth"],
    [null, 'give an object'],
    [5, 'give an object'],
  ])('refuses the limits %j', (limits, problem) => {
    expect(() => checkOptions({ limits })).toThrow(`createBridge({ limits }): ${problem}`);
  });

  it.each(['app://editor', 'https://example.com', 'https://example.com:8443', 'http://localhost:80801', 'x-y.z+1://h'])(
    'takes the origin %s',
    (origin) => {
      expect(checkOptions({ origins: [origin] }).origins).toEqual([origin]);
    },
  );

  it.each([
    ['no scheme', 'editor'],
    ['a path', 'app://a/index.html'],
    ['a slash at the end', 'app://a/'],
    ['a query', 'app://a?x'],
    ['a hash', 'app://a#x'],
    ['blanks', 'app://a b'],
    ['a password', 'https://user:secret@example.com'],
    ['capital letters, which no browser writes', 'app://Editor'],
    ['a scheme in capital letters', 'APP://editor'],
    ['the port that goes without saying', 'https://example.com:443'],
    ['that of http', 'http://example.com:80'],
    ['no host, as all files have', 'file://'],
    ['an opaque one', 'null'],
    ['all', '*'],
    ['nothing', ''],
    ['no text', undefined],
  ])('refuses an origin with %s, and shows how one looks', (_, origin) => {
    expect(() => checkOptions({ origins: [origin] })).toThrow(/^createBridge\({ origins }\): .*\['app:\/\/editor'\]/);
  });

  it.each<[string, unknown]>([
    ['createBridge(options)', null],
    ['createBridge(options)', 'app://a'],
    ['createBridge({ origin })', { origin: ['app://a'] }],
    ['createBridge({ toString })', { toString: 1 }],
    ['createBridge({ origins })', { origins: 'app://a' }],
    ['createBridge({ authorize })', { authorize: true }],
    ['createBridge({ redactErrors })', { redactErrors: 'yes' }],
    ['createBridge({ preload })', { preload: 5 }],
  ])('names the wrong option: %s', (call, options) => {
    const check = (): unknown => checkOptions(options);
    expect(check).toThrow(MeshError);
    expect(check).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(`${call}: `) }),
    );
  });
});
