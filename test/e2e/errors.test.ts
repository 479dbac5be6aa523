import { beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { Lab } from './support/lab.js';
import { useLab } from './support/set-up.js';

const lab = useLab({ per: 'suite' });
let a: Page;

beforeAll(async () => {
  await lab.main(async (main) => {
    main.bus = await main.bridge.connect();
  });
  a = await lab.join('a');
  const b = await lab.join('b');
  for (const page of [a, b]) {
    await page.evaluate(() => {
      class NotFound extends Error {
        path = '';
      }
      window.lab.registerError(NotFound, 'NotFound');
      window['NotFound'] = NotFound;
    });
  }
  await b.evaluate(() => {
    const NotFound = window['NotFound'] as new (message: string) => Error;
    const thrown: Record<string, () => unknown> = {
      type: () => new TypeError('t'),
      range: () => Object.assign(new RangeError('r'), { code: 'E_RANGE', when: new Date(5) }),
      aggregate: () => new AggregateError([new TypeError('1'), 'two'], 'all'),
      abort: () => new DOMException('stopped', 'AbortError'),
      signal: () => AbortSignal.abort().reason,
      chain: () => new Error('outer', { cause: new TypeError('middle', { cause: { deep: [1] } }) }),
      registered: () => Object.assign(new NotFound('gone'), { path: '/x' }),
      uncloneable: () => Object.assign(new Error('with a function'), { code: 1, fn: () => {} }),
      undefined: () => undefined,
      zero: () => 0,
      text: () => 's',
      object: () => ({ plain: [1] }),
      function: () => () => {},
    };
    window.bus.handle('throw', (_: unknown, key: string) => {
      throw thrown[key]!();
    });
    window.bus.handle('reject', async (_: unknown, key: string) => {
      await Promise.resolve();
      throw thrown[key]!();
    });
  });
});

describe('M23: what a handler throws in another process', () => {
  const expected: Record<string, unknown> = {
    type: ['TypeError', 't'],
    range: ['RangeError', 'r', 'E_RANGE', 5],
    aggregate: ['AggregateError', 'all', ['TypeError', 'two']],
    abort: ['DOMException', 'stopped', 'AbortError'],
    signal: ['DOMException', 'AbortError'],
    chain: ['Error', 'outer', 'TypeError', 'middle', { deep: [1] }],
    registered: ['NotFound', 'gone', '/x', true],
    uncloneable: ['Error', 1, false],
    undefined: 'undefined',
    zero: 0,
    text: 's',
    object: { plain: [1] },
    function: 'NOT_CLONEABLE',
  };

  it.each(Object.keys(expected).flatMap((key) => [['throw', key] as const, ['reject', key] as const]))(
    '%s %s',
    async (how, key) => {
      const seen = await a.evaluate(
        async ([channel, which]) => {
          const error = (await window.bus
            .with({ wait: 5000 })
            .request(channel, which)
            .then(
              () => 'resolved',
              (thrown) => thrown,
            )) as Error & Record<string, unknown>;
          const kind = (value: unknown): string => (value as object).constructor.name;
          const show: Record<string, () => unknown> = {
            type: () => [kind(error), error.message],
            range: () => [kind(error), error.message, error['code'], (error['when'] as Date).getTime()],
            aggregate: () => [
              kind(error),
              error.message,
              [kind((error['errors'] as unknown[])[0]), (error['errors'] as unknown[])[1]],
            ],
            abort: () => [kind(error), error.message, error.name],
            signal: () => [kind(error), error.name],
            chain: () => {
              const middle = error.cause as Error;
              return [kind(error), error.message, kind(middle), middle.message, middle.cause];
            },
            registered: () => [
              kind(error),
              error.message,
              error['path'],
              error instanceof (window['NotFound'] as never),
            ],
            uncloneable: () => [kind(error), error['code'], 'fn' in error],
            undefined: () => typeof error,
            function: () => error['code'],
          };
          return (show[which] ?? (() => error))();
        },
        [how, key] as const,
      );
      expect(seen).toEqual(expected[key]);
    },
  );

  it('the stack has the caller’s own lines first, then the remote ones', async () => {
    const stack = await a.evaluate(async () => {
      async function theCaller(): Promise<void> {
        await window.bus.request('reject', 'type');
      }
      return theCaller().catch((error: Error) => error.stack as string);
    });
    expect(stack).toMatch(/^TypeError: t\n[^]*theCaller[^]*--- request\('reject'\) to b \(.*\), there ---\n +at /);
  });

  it('with redactErrors, no stack, path or URL for a window of another origin; all of it for main and the own origin', async () => {
    const redacting = await Lab.launch();
    try {
      await redacting.start({ redactErrors: true });
      await redacting.main(async (main) => {
        main.bus = await main.bridge.connect();
      });
      const [thrower, other, own] = [
        await redacting.join('a', 'thrower'),
        await redacting.join('b', 'other'),
        await redacting.join('a', 'own'),
      ];
      await thrower.evaluate(() => {
        window.bus.handle('read', () => {
          throw Object.assign(new RangeError("can't open '/home/ann/notes.txt' (app://a/lab.js:1:2)"), {
            code: 'ENOENT',
            path: '/home/ann/notes.txt',
            details: { path: '/home/ann' },
            cause: new TypeError('of C:\\Users\\ann\\x and file:///etc/x'),
          });
        });
      });
      const read = (page: Page) =>
        page.evaluate(() =>
          window.bus
            .with({ wait: 5000 })
            .request('read')
            .catch((error) => ({
              kind: error.constructor.name as string,
              code: error.code as string,
              text: JSON.stringify([error.message, error.path, error.details, error.cause.message, error.cause.stack]),
              // Below the line that says whose they are, the remote lines.
              remote: (error.stack as string).split('there ---')[1],
            })),
        ) as Promise<{ kind: string; code: string; text: string; remote: string }>;
      const stranger = await read(other);
      expect(stranger).toMatchObject({ kind: 'RangeError', code: 'ENOENT', remote: '\n' });
      expect(stranger.text).toContain("can't open '<path>' (<path>)");
      expect(stranger.text).toContain('of <path> and <path>');
      expect(stranger.text).not.toMatch(/ann|notes/);
      const friend = await read(own);
      expect(friend.text).toContain('/home/ann/notes.txt');
      expect(friend.remote).toContain(' at ');
      const inMain = await redacting.main((main) =>
        main.bus.request('read').catch((error: Error & { path: string }) => error.path),
      );
      expect(inMain).toBe('/home/ann/notes.txt');
      await redacting.stop();
    } finally {
      await redacting.close();
    }
  });

  it('to main, and from main', async () => {
    await lab.main((main) => {
      main.bus.handle('main:throw', () => {
        throw Object.assign(new RangeError('in main'), { code: 'E_MAIN' });
      });
    });
    expect(
      await a.evaluate(() =>
        window.bus
          .with({ wait: 5000 })
          .request('main:throw')
          .catch((error) => [error instanceof RangeError, error.code, error.message]),
      ),
    ).toEqual([true, 'E_MAIN', 'in main']);
    expect(
      await lab.main((main) =>
        main.bus
          .request('throw', 'range')
          .catch((error: Error & { code: string }) => [error.constructor.name, error.code]),
      ),
    ).toEqual(['RangeError', 'E_RANGE']);
  });
});
