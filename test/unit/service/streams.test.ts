import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../../src/core/bus/bus.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { consume, currentCall, defineService, provide, release, retain } from '../../../src/service/index.js';
import { deferred } from '../../contract/case.js';
import { TestMesh } from '../../contract/mesh.js';
import { idle } from '../../contract/with-mesh.js';

let mesh: TestMesh;
let user: Bus;
let provider: Bus;
beforeEach(async () => {
  mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  [user, provider] = [await mesh.join('user'), await mesh.join('provider')];
});
afterEach(() => mesh.close());

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('what a method gives as a stream', () => {
  interface Streams {
    list(): AsyncIterable<number>;
    set(): AsyncIterable<number>;
    generator(): AsyncIterable<number>;
    later(): AsyncIterable<number>;
  }
  const streams = defineService<Streams>('streams');

  it('may be there as a whole, or a generator that is not asynchronous', async () => {
    const ended: string[] = [];
    provide(provider, streams, {
      list: () => [1, 2],
      set: () => new Set([1, 2]),
      *generator() {
        try {
          yield 1;
          yield 2;
        } finally {
          ended.push('generator');
        }
      },
      later: async () => [1, 2],
    });
    const s = consume(user, streams);
    for (const method of ['list', 'set', 'generator', 'later'] as const) expect(await all(s[method]())).toEqual([1, 2]);
    for (const method of ['list', 'generator'] as const) {
      for await (const item of s[method]()) if (item === 1) break;
    }
    expect(ended).toEqual(['generator', 'generator']);
    expect(provider.load).toMatchObject(idle);
  });
});

describe('a stream in a result that nobody takes from is let go where it is', () => {
  interface Opener {
    open(): Promise<AsyncIterable<number>>;
    later(): Promise<{ nested: AsyncIterable<number> }>;
  }
  const opener = defineService<Opener>('opener');
  let cancelled = deferred();
  let asked = deferred();
  let answer = deferred();
  const opened = () => new ReadableStream<number>({ cancel: () => cancelled.resolve() }, { highWaterMark: 0 });
  const provideIt = () =>
    provide(provider, opener, {
      open: opened,
      async later() {
        asked.resolve();
        await answer.promise;
        return { nested: opened() };
      },
    });
  beforeEach(() => ([cancelled, asked, answer] = [deferred(), deferred(), deferred()]));

  it('when its user releases it', async () => {
    provideIt();
    release(await consume(user, opener).open());
    await cancelled.promise;
    expect(provider.load.references).toBe(0);
  });

  it('when its user has left', async () => {
    provideIt();
    await consume(user, opener).open();
    await user.close();
    await cancelled.promise;
  });

  it('when its caller has given up before', async () => {
    provideIt();
    const controller = new AbortController();
    const call = consume(user, opener).$with({ signal: controller.signal }).later();
    await asked.promise;
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
    await mesh.settled();
    answer.resolve();
    await cancelled.promise;
    expect(provider.load).toMatchObject(idle);
  });

  it('when its signal aborts before anything is taken', async () => {
    provideIt();
    const controller = new AbortController();
    const items = await consume(user, opener).$with({ signal: controller.signal }).open();
    controller.abort();
    await expect(all(items)).rejects.toMatchObject({ code: 'ABORTED' });
    await cancelled.promise;
    await mesh.settled();
    expect(user.load).toMatchObject(idle);
    expect(provider.load).toMatchObject(idle);
  });

  it('when the service was stopped before', async () => {
    const provided = provideIt();
    const call = consume(user, opener).later();
    await asked.promise;
    provided.stop();
    await expect(call).rejects.toMatchObject({ code: 'NO_SERVICE' });
    answer.resolve();
    await cancelled.promise;
    expect(provider.load).toMatchObject(idle);
  });

  it('and is not, when it is taken from', async () => {
    const s = defineService<{ items(): AsyncIterable<number> }>('items');
    provide(provider, s, { items: () => new ReadableStream({ start: (c) => (c.enqueue(1), c.close()) }) });
    expect(await all(consume(user, s).items())).toEqual([1]);
  });
});

describe('taking from a stream of a service', () => {
  interface Ticks {
    forEver(): AsyncIterable<number>;
    later(items: AsyncIterable<number>): void;
    sum(items: AsyncIterable<number>): Promise<number>;
    count(): number;
  }
  const ticks = defineService<Ticks>('ticks');

  it("ends with its call's signal, and says which method's it was", async () => {
    const ended = deferred();
    provide(provider, ticks, {
      async *forEver() {
        try {
          for (let i = 0; i < 20_000; i++) yield i;
        } finally {
          ended.resolve();
        }
      },
      later() {},
      sum: async () => 0,
      count: () => 0,
    });
    const controller = new AbortController();
    const taking = (async () => {
      for await (const i of consume(user, ticks).$with({ signal: controller.signal }).forEver()) {
        if (i === 5000) controller.abort();
      }
    })();
    await expect(taking).rejects.toMatchObject({
      code: 'ABORTED',
      message: expect.stringContaining('ticks.forEver()'),
    });
    await ended.promise;
    expect(user.load).toMatchObject(idle);
  });

  it('of an argument rejects when its call is over: its end would be taken for that of all items', async () => {
    const taken = deferred<number[]>();
    const failed = deferred<unknown>();
    provide(provider, ticks, {
      async *forEver() {},
      later(items) {
        const got: number[] = [];
        (async () => {
          for await (const item of items) got.push(item);
          taken.resolve(got);
        })().catch(failed.resolve);
      },
      sum: async () => 0,
      count: () => 0,
    });
    const source = (async function* () {
      for (let i = 0; i < 20_000; i++) yield i;
    })();
    await consume(user, ticks).later(source);
    const error = await Promise.race([failed.promise, taken.promise]);
    expect(error).toMatchObject({ code: 'CLOSED', message: expect.stringContaining('ticks.later()') });
    await mesh.settled();
    expect(user.load).toMatchObject(idle);
    expect(provider.load).toMatchObject(idle);
  });

  it('ends, without a failure, where it is released meanwhile', async () => {
    const begun = deferred();
    const got: number[] = [];
    let items: AsyncIterable<number> | undefined;
    const taken = deferred();
    provide(provider, ticks, {
      async *forEver() {},
      later(given) {
        items = retain(given);
        (async () => {
          for await (const item of given) {
            got.push(item);
            begun.resolve();
          }
        })().then(() => taken.resolve(), taken.reject);
      },
      sum: async () => 0,
      count: () => 0,
    });
    await consume(user, ticks).later(
      (async function* () {
        yield 1;
        await new Promise(() => {});
      })(),
    );
    await begun.promise;
    release(items as object);
    await taken.promise;
    expect(got).toEqual([1]);
  });
});

it('a method hears that its service was stopped: nobody waits for it any more', async () => {
  const slow = defineService<{ wait(): Promise<void> }>('slow');
  const heard = deferred<unknown>();
  const provided = provide(provider, slow, {
    wait() {
      const { signal } = currentCall();
      signal.addEventListener('abort', () => heard.resolve(signal.reason));
      queueMicrotask(() => provided.stop());
      return new Promise<void>(() => {});
    },
  });
  await expect(consume(user, slow).wait()).rejects.toMatchObject({ code: 'NO_SERVICE' });
  expect(await heard.promise).toMatchObject({ code: 'NO_SERVICE' });
});
