import { expect, it } from 'vitest';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import type { Port } from '../../../src/core/port/port.js';
import { ABORT, REQUEST } from '../../../src/core/wire/frames.js';
import { consume, defineService, provide, retain } from '../../../src/service/index.js';
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

it('what is retained when its caller has given up is over, and not held', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const given: (() => Promise<unknown>)[] = [];
  const [called, aborted] = [deferred(), deferred()];
  provide(b, makers, {
    make: async (what) => {
      called.resolve();
      await aborted.promise;
      given.push(retain(what as () => Promise<unknown>));
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
  expect([a.load.references, b.load.references]).toEqual([0, 0]);
  await expect(given[0]?.()).rejects.toMatchObject({ code: 'CLOSED' });
  mesh.close();
});
