import { beforeAll, describe, expect, it } from 'vitest';
import { Lab } from './support/lab.js';
import type { Place } from './support/place.js';
import { Places } from './support/places.js';
import { usePlaces } from './support/set-up.js';

const places = usePlaces({ per: 'suite' });
const { lab } = places;
const all = new Map<string, Place>();
let a: Place;

beforeAll(async () => {
  await lab.main(async (main) => {
    main.bus = await main.bridge.connect();
  });
  a = await places.join('a');
  for (const place of [a, await places.join('b'), await places.make('Node child', 'node')]) all.set(place.name, place);
  for (const place of all.values()) {
    await place.run((here) => {
      class NotFound extends Error {
        path = '';
      }
      here.lab.registerError(NotFound, 'NotFound');
      here['NotFound'] = NotFound;
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
      here.bus.handle('throw', (_: unknown, key: string) => {
        throw thrown[key]!();
      });
      here.bus.handle('reject', async (_: unknown, key: string) => {
        await Promise.resolve();
        throw thrown[key]!();
      });
    });
  }
}, 60_000);

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

  describe.each([
    ['b', 'a'],
    ['b', 'node'],
    ['node', 'a'],
  ])('in %s, at its caller in %s', (from, to) => {
    it.each(Object.keys(expected).flatMap((key) => [['throw', key] as const, ['reject', key] as const]))(
      '%s %s',
      async (how, key) => {
        const seen = await all.get(to)!.run(
          async (here, [name, channel, which]) => {
            const error = (await here.bus
              .to(name)
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
                error instanceof (here['NotFound'] as never),
              ],
              uncloneable: () => [kind(error), error['code'], 'fn' in error],
              undefined: () => typeof error,
              function: () => error['code'],
            };
            return (show[which] ?? (() => error))();
          },
          [from, how, key] as const,
        );
        expect(seen).toEqual(expected[key]);
      },
    );
  });

  it.each(['b', 'node'])(
    'the stack has the caller’s own lines first, then the remote ones, which are of %s',
    async (from) => {
      const stack = await a.run(({ bus }, name) => {
        async function theCaller(): Promise<void> {
          await bus.to(name).request('reject', 'type');
        }
        return theCaller().catch((error: Error) => error.stack as string);
      }, from);
      expect(stack).toMatch(
        new RegExp(`^TypeError: t\n[^]*theCaller[^]*--- request\\('reject'\\) to ${from} \\(.*\\), there ---\n +at `),
      );
    },
  );

  it('with redactErrors, no stack, path or URL for a window of another origin; all of it for main and the own origin', async () => {
    const redacting = await Lab.launch();
    const around = new Places(redacting, { redactErrors: true });
    try {
      await redacting.start({ redactErrors: true });
      await around.main.join();
      const [other, own] = [await around.join('b', 'other'), await around.join('a', 'own')];
      for (const thrower of [await around.join('a', 'thrower'), await around.make('Node child', 'node')]) {
        await thrower.run(({ bus }) => {
          bus.handle('read', () => {
            throw Object.assign(new RangeError("can't open '/home/ann/notes.txt' (app://a/lab.js:1:2)"), {
              code: 'ENOENT',
              path: '/home/ann/notes.txt',
              details: { path: '/home/ann' },
              cause: new TypeError('of C:\\Users\\ann\\x and file:///etc/x'),
            });
          });
        });
        const read = (place: Place) =>
          place.run(
            ({ bus }, name) =>
              bus
                .to(name)
                .with({ wait: 5000 })
                .request('read')
                .catch((error) => ({
                  kind: error.constructor.name as string,
                  code: error.code as string,
                  text: JSON.stringify([
                    error.message,
                    error.path,
                    error.details,
                    error.cause.message,
                    error.cause.stack,
                  ]),
                  // Below the line that says whose they are, the remote lines.
                  remote: (error.stack as string).split('there ---')[1],
                })),
            thrower.name,
          ) as Promise<{ kind: string; code: string; text: string; remote: string }>;
        const stranger = await read(other);
        expect(stranger).toMatchObject({ kind: 'RangeError', code: 'ENOENT', remote: '\n' });
        expect(stranger.text).toContain("can't open '<path>' (<path>)");
        expect(stranger.text).toContain('of <path> and <path>');
        expect(stranger.text).not.toMatch(/ann|notes/);
        // A Node peer is of no page's origin.
        for (const place of thrower.name === 'node' ? [around.main] : [around.main, own]) {
          const friend = await read(place);
          expect(friend.text).toContain('/home/ann/notes.txt');
          expect(friend.remote).toContain(' at ');
        }
      }
    } finally {
      await around.stop();
      await redacting.close();
    }
  });

  it('to main, and from main', async () => {
    await lab.main((main) => {
      main.bus.handle('main:throw', () => {
        throw Object.assign(new RangeError('in main'), { code: 'E_MAIN' });
      });
    });
    for (const caller of [a, all.get('node')!]) {
      expect(
        await caller.run(({ bus }) =>
          bus
            .with({ wait: 5000 })
            .request('main:throw')
            .catch((error) => [error instanceof RangeError, error.code, error.message]),
        ),
      ).toEqual([true, 'E_MAIN', 'in main']);
    }
    for (const name of ['b', 'node']) {
      expect(
        await lab.main(
          (main, to) =>
            main.bus
              .to(to)
              .with({ wait: 5000 })
              .request('throw', 'range')
              .catch((error: Error & { code: string }) => [error.constructor.name, error.code]),
          name,
        ),
      ).toEqual(['RangeError', 'E_RANGE']);
    }
  });
});
