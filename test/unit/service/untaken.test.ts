import { PassThrough, Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import type { Port } from '../../../src/core/port/port.js';
import { ABORT, REQUEST } from '../../../src/core/wire/frames.js';
import { consume, defineService, provide, release, retain } from '../../../src/service/index.js';
import { deferred } from '../../contract/case.js';
import { TestMesh } from '../../contract/mesh.js';
import { afraid } from '../support/afraid.js';

// What a result holds by reference, where its caller turns out not to have got it.

const makers = defineService<{ make(what?: unknown): Promise<unknown>; ok(): void }>('makers');

it('S5: a result that can not be read at its caller leaves nothing behind of what it holds by reference', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports, adopt: (raw) => afraid(raw as Port) });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  provide(b, makers, { make: (what) => [new Set([what]), () => 1], ok() {} });
  const f = consume(a, makers);
  await f.make('fine');
  expect(b.load.references).toBe(1);
  await expect(f.make('poison')).rejects.toMatchObject({ code: 'NOT_CLONEABLE' });
  expect(b.load.references).toBe(1);
  mesh.close();
});

it('M26: a peer that by hand gives up calls of any number takes back what it was given, and nothing of others', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  provide(b, makers, { make: () => [() => 1, { f: () => 2 }], ok() {} });
  const [kept] = (await consume(a, makers).make()) as [() => Promise<number>];
  const hand = await mesh.joinByHand('hand');
  const link = await hand.link(b.self.id);
  link.start({ message() {}, unreadable() {}, close() {} });
  link.post([0, REQUEST, 7, 'service:makers', 3, undefined, 'make', undefined]);
  await expect.poll(() => b.load.references).toBe(4);
  const odd: unknown[] = ['7', 7n, null, undefined, {}, [7], { toString: 7, valueOf: 7 }, NaN, -7, 1, 2];
  link.post([0, ...odd.flatMap((id) => [ABORT, id])]);
  link.post([0, REQUEST, 8, 'service:makers', 3, undefined, 'make', undefined]);
  await expect.poll(() => b.load.references).toBe(6);
  link.post([0, ABORT, 7, ABORT, 7, ABORT, 8]);
  await expect.poll(() => b.load.references).toBe(2);
  expect(await kept()).toBe(1);
  mesh.close();
});

it('what came with a call is over when its caller has given up, and can not be retained any more', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const given: (() => Promise<unknown>)[] = [];
  const errors: unknown[] = [];
  const [called, aborted] = [deferred(), deferred()];
  provide(b, makers, {
    make: async (what) => {
      called.resolve();
      await aborted.promise;
      given.push(what as () => Promise<unknown>);
      try {
        retain(what as object);
      } catch (error) {
        errors.push(error);
      }
    },
    ok() {},
  });
  const f = consume(a, makers);
  const controller = new AbortController();
  const call = f.$with({ signal: controller.signal }).make(() => 1);
  await called.promise;
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
  aborted.resolve();
  await expect.poll(() => given.length).toBe(1);
  await f.ok();
  expect(errors).toMatchObject([{ code: 'CLOSED' }]);
  expect([a.load.references, b.load.references]).toEqual([0, 0]);
  await expect(given[0]?.()).rejects.toMatchObject({ code: 'CLOSED' });
  mesh.close();
});

it('what a call returns to take items from, and nobody does, is ended: released, given up, or left with the connection', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const answer = deferred();
  const sources: PassThrough[] = [];
  const source = (): PassThrough => (sources.push(new PassThrough()), sources.at(-1)!);
  const stopped = deferred();
  provide(b, makers, {
    make: (what) =>
      what === 'late'
        ? answer.promise.then(source)
        : what === 'web'
          ? new ReadableStream({ cancel: () => stopped.resolve() })
          : source(),
    ok() {},
  });
  const f = consume(a, makers);
  release((await f.make()) as object);
  await f.ok();
  expect(sources[0]!.destroyed).toBe(true);
  release((await f.make('web')) as object);
  await stopped.promise;
  const controller = new AbortController();
  const call = f.$with({ signal: controller.signal }).make('late');
  await f.ok();
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
  answer.resolve();
  await expect.poll(() => sources[1]?.destroyed).toBe(true);
  // What is taken from ends with whoever takes from it, and no sooner.
  const taken = (await f.make()) as AsyncIterable<unknown>;
  sources[2]!.write('x');
  for await (const item of taken) {
    expect([item, sources[2]!.destroyed]).toEqual([new Uint8Array([120]), false]);
    break;
  }
  await f.make();
  await a.close();
  await expect.poll(() => [sources[2]!.destroyed, sources[3]!.destroyed]).toEqual([true, true]);
  expect(b.load.references).toBe(0);
  mesh.close();
});

it('a stream of Node’s that breaks before anybody takes from it breaks nothing else, returned or given', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const broken = (): Readable =>
    new Readable({ construct: (done) => setImmediate(done, new RangeError('no such file')), read() {} });
  provide(b, makers, {
    async make(what) {
      if (!what) return broken();
      await new Promise((resolve) => setTimeout(resolve, 10));
      for await (const _ of what as AsyncIterable<unknown>);
      return undefined;
    },
    ok() {},
  });
  const f = consume(a, makers);
  const returned = (await f.make()) as AsyncIterable<unknown>;
  await new Promise((resolve) => setTimeout(resolve, 10)); // an error that nobody listens to fails the whole run
  await expect(returned[Symbol.asyncIterator]().next()).rejects.toThrow('no such file');
  await expect(f.make(broken())).rejects.toThrow('no such file');
  mesh.close();
});
