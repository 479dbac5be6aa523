import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { Bus } from '../../../src/core/bus/bus.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { consume, defineService, provide, release, retain } from '../../../src/service/index.js';
import { deferred } from '../../contract/case.js';
import { TestMesh } from '../../contract/mesh.js';
import { countAlive } from '../support/garbage.js';
import { turn } from '../support/turn.js';

// What nobody waits for, or holds, any more.

let mesh: TestMesh;
let [p, u]: Bus[] = [];
let unhandled: unknown[];

beforeEach(async () => {
  mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  [p, u] = [await mesh.join('p'), await mesh.join('u')];
  unhandled = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
});
afterEach(() => mesh.close());

/** Node says behind all microtasks what nobody has caught. */
async function untold(): Promise<unknown[]> {
  await turn();
  await new Promise((resolve) => setImmediate(resolve));
  return unhandled;
}

it('a callback that is called too late, and not waited for, does no harm: its call is over, it was released, its owner is gone', async () => {
  const service = defineService<{ listen(listener: () => void): Promise<void> }>('s');
  const kept: (() => unknown)[] = [];
  let keep = false;
  provide(p!, service, { listen: async (listener) => void kept.push(keep ? retain(listener) : listener) });
  const f = consume(u!, service);
  await f.listen(() => {});
  keep = true;
  await f.listen(() => {});
  await f.listen(() => {});
  const [over, released, gone] = kept as [() => unknown, () => unknown, () => unknown];
  release(released);
  void over();
  void released();
  expect(await untold()).toEqual([]);
  await u!.close();
  await expect.poll(() => p!.peers.size).toBe(0);
  void gone();
  expect(await untold()).toEqual([]);
  await expect(gone()).rejects.toMatchObject({ code: 'CLOSED' });
});

it('an iterable of a result goes on while it is taken from, whoever else still has it', async () => {
  const numbers = async function* (): AsyncGenerator<number> {
    for (let i = 0; i < 10; i++) {
      yield i;
      await turn();
    }
  };
  const service = defineService<{ watch(): AsyncIterable<number> }>('s');
  provide(p!, service, { watch: numbers });
  const f = consume(u!, service);
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const begin = async (): Promise<AsyncIterator<number>> => {
    const made = (await (f.watch() as unknown as Promise<AsyncIterable<number>>))[Symbol.asyncIterator]();
    await countAlive([]);
    return made;
  };
  const iterator = await begin();
  const seen: number[] = [];
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    seen.push(next.value);
    await countAlive([]);
    await turn(); // what the collection leads to
  }
  expect(seen).toEqual(all);
});

it('an event that a schema refuses later is reported, and reaches no listener', async () => {
  const refuse = async (): Promise<{ issues: { message: string }[] }> => ({ issues: [{ message: 'no' }] });
  const changed = { '~standard': { version: 1 as const, vendor: 'x', validate: refuse } };
  const checked = defineService<{ m(): void }, { changed: [string] }>('s', { schema: { events: { changed } } });
  const provided = provide(p!, defineService<{ m(): void }, { changed: [string] }>('s'), { m() {} });
  const [got, errors]: unknown[][] = [[], []];
  u!.onError((error) => errors!.push((error as { code?: string }).code));
  await consume(u!, checked).$subscribe('changed', (each) => got!.push(each));
  provided.emit('changed', 'x');
  await expect.poll(() => errors).toEqual(['PROTOCOL']);
  expect([got, await untold()]).toEqual([[], []]);
  provided.stop();
  const late = provide(p!, checked, { m() {} });
  expect(() => late.emit('changed', 'x')).toThrow('its schema has to answer at once');
  expect(await untold()).toEqual([]);
});

it('a callback of a result that nobody holds while it runs answers all the same, and is released', async () => {
  const service = defineService<{ make(): Promise<() => Promise<number>> }>('s');
  const [called, answered] = [deferred(), deferred()];
  const make = async (): Promise<() => Promise<number>> => async () => {
    called.resolve();
    await answered.promise;
    return 7;
  };
  provide(p!, service, { make });
  const f = consume(u!, service);
  const use = async (): Promise<{ answer: Promise<number> }> => ({ answer: (await f.make())() });
  const { answer } = await use();
  await called.promise;
  await expect.poll(async () => (await countAlive([]), p!.load.references)).toBe(0);
  answered.resolve();
  expect(await answer).toBe(7);
  expect(u!.load).toMatchObject({ calls: 0, references: 0 });
});
