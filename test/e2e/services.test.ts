import { describe, expect, it } from 'vitest';
import type { Frame } from './support/frame.js';
import type { World } from './support/place.js';
import { usePlaces } from './support/set-up.js';

const places = usePlaces();

/** What the providers of these tests provide. */
function provideFiles({ bus, lab }: World): void {
  interface Files {
    wait(): Promise<void>;
    size(path: string): number;
    scan(onFound: (path: string) => Promise<number>): Promise<number>;
    fail(): never;
  }
  const files = lab.defineService<Files, { changed: [path: string] }>('files', { version: '1.0' });
  lab.provide(bus, files, {
    wait: () => new Promise(() => {}),
    size: (path) => path.length,
    scan: (onFound) => onFound('found'),
    fail() {
      throw new RangeError('no such thing');
    },
  });
}

/** A handle of it, as the world's `f`. */
function useFiles(world: World): void {
  const { lab, bus } = world;
  world['f'] = lab.consume(bus, lab.defineService('files', { version: '1.0' }), { timeout: 5000 });
}

type Files = {
  wait(): Promise<void>;
  size(path: string): Promise<number>;
  scan(onFound: (path: string) => unknown): Promise<number>;
  fail(): Promise<never>;
  $available: boolean;
  $on(event: string, listener: (...args: never[]) => unknown): unknown;
  $ready(): Promise<void>;
};

/** Two windows: one provides, and the other one has a handle. */
async function both(): Promise<[provider: Frame, user: Frame]> {
  const provider = await places.join('a', 'provider');
  const user = await places.join('b', 'user');
  await provider.run(provideFiles);
  await user.run(useFiles);
  return [provider, user];
}

describe('S3: a provider in a window', () => {
  it('reloads: pending calls reject once, with the reason; the same handle works again, and nothing is replayed', async () => {
    const [provider, user] = await both();
    await user.run(async (world) => {
      const f = world['f'] as Files;
      await f.$ready();
      const news: string[] = [];
      world['news'] = news;
      f.$on('$start', () => news.push('start'));
      f.$on('$stop', (_peer: never, reason: never) => news.push(`stop ${String(reason)}`));
      let settled = 0;
      world['pending'] = Promise.allSettled(
        Array.from({ length: 100 }, () =>
          f.wait().finally(() => {
            settled++;
            world['settled'] = settled;
          }),
        ),
      );
    });
    await provider.reloaded();
    const reasons = await user.run(async (world) =>
      ((await world['pending']) as PromiseRejectedResult[]).map(({ reason }) => `${reason.code} ${reason.reason}`),
    );
    expect(new Set(reasons)).toEqual(new Set(['PEER_GONE reloaded']));
    // A call that waits, and is answered by the next document.
    const early = user.run(async (world) => (world['f'] as Files).size('abc'));
    await provider.join('provider');
    await provider.run(provideFiles);
    expect(await early).toBe(3);
    const after = await user.run(async (world) => [world['settled'], world['news'], (world['f'] as Files).$available]);
    expect(after).toEqual([100, ['stop reloaded', 'start'], true]);
    expect(await provider.run(({ bus }) => bus.load.serving)).toBe(0);
  });

  it('crashes: 100 pending calls reject within 250 ms, later ones wait and then say that nobody is there', async () => {
    const [provider, user] = await both();
    await user.run(async (world) => {
      const f = world['f'] as Files;
      await f.$ready();
      world['pending'] = Promise.allSettled(Array.from({ length: 100 }, () => f.wait())).then((all) => ({
        at: Date.now(),
        codes: (all as PromiseRejectedResult[]).map(({ reason }) => `${reason.code} ${reason.reason}`),
      }));
    });
    const killed = Date.now();
    await provider.kill();
    const { at, codes } = await user.run(async (world) => (await world['pending']) as { at: number; codes: string[] });
    expect(new Set(codes)).toEqual(new Set(['PEER_GONE crashed']));
    expect(at - killed).toBeLessThan(250);
    const later = await user.run(async ({ lab, bus }) => {
      const f = lab.consume(bus, lab.defineService('files'), { timeout: 100 }) as unknown as Files;
      return f.size('x').catch((error) => [error.code, error.message.includes('files.size()')]);
    });
    expect(later).toEqual(['NO_SERVICE', true]);
  });
});

describe('S5: callbacks between main and a renderer', () => {
  it.each(['main', 'window'] as const)(
    '10,000 calls with fresh callbacks, provided by %s, leave nothing behind',
    async (where) => {
      await places.main.join();
      const window = await places.join('a', 'window');
      const [provider, user] = where === 'main' ? [places.main, window] : [window, places.main];
      await provider.run(provideFiles);
      await user.run(useFiles);
      const sum = await user.run(async (world) => {
        const f = world['f'] as Files;
        let total = 0;
        for (let i = 0; i < 10; i++) {
          const counts = Array.from({ length: 1000 }, (_, n) => f.scan((path) => path.length + n));
          for (const count of await Promise.all(counts)) total += count;
        }
        return total;
      });
      expect(sum).toBe(10 * ((999 * 1000) / 2 + 1000 * 'found'.length));
      const idle = { links: 1, calls: 0, serving: 0, parked: 0, signals: 0, references: 0 };
      expect(await user.run(({ bus }) => bus.load)).toEqual(idle);
      await expect.poll(() => provider.run(({ bus }) => bus.load)).toEqual(idle);
      expect((await places.lab.state()).references).toBe(0);
    },
  );

  it("are counted in the bridge's state while they are kept", async () => {
    await places.main.join();
    const window = await places.join('a', 'window');
    await window.run(({ bus, lab }) => {
      const keeper = lab.defineService<{ keep(f: () => void): void }>('keeper');
      lab.provide(bus, keeper, { keep: (f) => void lab.retain(f) });
    });
    await places.main.run(async ({ bus, lab }) => {
      const keeper = lab.consume(bus, lab.defineService<{ keep(f: () => void): void }>('keeper'));
      await keeper.keep(() => {});
    });
    expect((await places.lab.state()).references).toBe(1);
    await window.navigated(() => window.reload());
    await expect.poll(async () => (await places.lab.state()).references).toBe(0);
  });
});

describe('M23: what a method, or a callback, throws', () => {
  it.each([false, true])(
    'goes to another origin without stacks and paths, if the bridge redacts: %s',
    async (redactErrors) => {
      await places.lab.stop();
      await places.lab.start({ redactErrors });
      const [, user] = await both();
      const seen = await user.run(async (world) => {
        const error = await (world['f'] as Files).fail().then(undefined, (thrown: Error) => thrown);
        return [error instanceof RangeError, error.message, (error.stack ?? '').includes('app://a')];
      });
      expect(seen).toEqual([true, 'no such thing', !redactErrors]);
    },
  );
});

describe('S10: two frames of one process that use one service', () => {
  it('get their own answers, and their own callbacks are called', async () => {
    const provider = await places.join('b', 'provider');
    await provider.run(provideFiles);
    const page = await places.window('a', { webPreferences: { nodeIntegrationInSubFrames: true } });
    const answers = [];
    for (const name of ['one', 'two']) {
      const frame = await page.frame(name, { src: places.url('a') });
      await frame.join(name);
      await frame.run(useFiles);
      answers.push(
        frame.run(async (world) => {
          const f = world['f'] as Files;
          const own = world.bus.self.name === 'one' ? 1 : 2;
          return new Set(await Promise.all(Array.from({ length: 500 }, () => f.scan(() => own)))).size === 1 && own;
        }),
      );
    }
    expect(await Promise.all(answers)).toEqual([1, 2]);
  });
});
