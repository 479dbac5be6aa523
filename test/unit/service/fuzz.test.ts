import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { consume, defineService, provide, retain } from '../../../src/service/index.js';
import { TestMesh } from '../../contract/mesh.js';

interface Files {
  size(path: string): number;
  keep(listener: () => void): void;
}
const files = defineService<Files, { changed: [path: string] }>('files', { version: '1.2' });

const id = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double(), fc.constant('x'), fc.constant(null));
const place = fc.oneof(
  fc.integer({ min: -1, max: 4 }).map(String),
  fc.constantFrom('a', 'length', '__proto__', 'size'),
);
const references = fc.oneof(
  fc.constant(undefined),
  fc.dictionary(place, id, { maxKeys: 3 }),
  fc.array(id, { maxLength: 4 }),
  fc.anything({ maxDepth: 1 }),
);
const method = fc.constantFrom('size', 'keep', '', 'size@1.2', 'constructor', '__proto__', '$status', 5, null);
const head = fc.oneof(method, id, fc.tuple(method, id));
const version = fc.constantFrom('1.2', '9.0', undefined, '', 'x', '1.2.3.4', 5, null, {});
const argument = fc.oneof(
  fc.anything({ withMap: true, withSet: true, withDate: true, withTypedArray: true, maxDepth: 2 }),
  fc.constant({ a: {} }),
);
const call = fc.record({
  channel: fc.constantFrom('service:files', 'service:', 'service:files/changed'),
  how: fc.constantFrom('request', 'stream', 'send'),
  toUser: fc.boolean(),
  args: fc.tuple(references, head, version, argument, argument),
});

it('M26: whatever a peer says by hand to a service and to references, all settles, nothing is left, and others are served', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [provider, user, hostile] = [await mesh.join('provider'), await mesh.join('user'), await mesh.join('hostile')];
  const kept = new Set<() => unknown>();
  provide(provider, files, {
    size: (given) => String(given).length,
    keep: (listener) => void (typeof listener === 'function' && kept.add(retain(listener))),
  });
  for (const bus of [provider, user]) bus.onError(() => {});
  const f = consume(user, files);
  const heard: string[] = [];
  await f.$subscribe('changed', (changed) => heard.push(changed));
  let called = 0;
  await f.keep(() => called++);
  hostile.handle('service:', () => 'not asked for');
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 20 }), async (calls) => {
      const settled = calls.map(async ({ channel, how, toUser, args }) => {
        const to = hostile.to(toUser ? user.self : provider.self);
        if (how === 'request') await to.request(channel, ...args);
        else if (how === 'stream') await to.stream(channel, ...args).return();
        else to.send(channel, ...args);
      });
      await Promise.allSettled(settled);
      expect(await f.size('four')).toBe(4);
    }),
    { numRuns: 1000 },
  );
  expect(heard).toEqual([]);
  // What the user passed is its own still: nobody else has called it, or let it go.
  expect(called).toBe(0);
  expect(({} as { a?: unknown }).a).toBeUndefined();
  await Promise.all([...kept].map((listener) => Promise.resolve(listener()).catch(() => {})));
  expect(called).toBe(1);
  expect(user.load.references).toBe(1);
  await hostile.close();
  await expect.poll(() => provider.load.references).toBe(1);
  expect(provider.load).toMatchObject({ calls: 0, serving: 0 });
  mesh.close();
}, 60_000);
