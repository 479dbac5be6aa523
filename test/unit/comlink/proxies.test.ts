import { expose as exposeOn, proxy, releaseProxy, transferHandlers, wrap as wrapOn, type Remote } from 'comlink';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { expose, loadOf, wrap } from '../../../src/comlink/index.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { TestMesh } from '../../contract/mesh.js';

/** A remote's members are what the test says. */
type Any = any;

const service = {
  call: async (callback: Any, ...args: unknown[]) => callback(...args),
  counter() {
    let n = 0;
    return proxy({ next: () => ++n });
  },
  inside: async ({ callback }: Any) => callback(1),
};

let mesh: TestMesh;
let a: Bus;
let remote: Remote<typeof service>;
let stock: Remote<typeof service>;
let channel: MessageChannel;

beforeEach(async () => {
  mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  a = await mesh.join('a');
  expose(await mesh.join('b'), 'service', service);
  remote = await wrap<typeof service>(a, 'service', { wait: 1000 });
  channel = new MessageChannel();
  exposeOn(service, channel.port1 as never);
  stock = wrapOn<typeof service>(channel.port2 as never);
});
afterEach(() => {
  vi.unstubAllGlobals();
  channel.port1.close();
  mesh.close();
});

it("on a port that is not the mesh's, Comlink's proxies are as ever", async () => {
  expect(
    await stock.call(
      proxy((n: number) => n + 1),
      1,
    ),
  ).toBe(2);
  const counter = await (stock.counter() as Promise<Any>);
  expect([await counter.next(), await counter.next()]).toEqual([1, 2]);
  // A callback over one, that calls back over the other.
  expect(
    await stock.call(
      proxy((n: number) =>
        remote.call(
          proxy((m: number) => m * 2),
          n + 1,
        ),
      ),
      1,
    ),
  ).toBe(4);
});

it('callbacks over the mesh make no channel each', async () => {
  let made = 0;
  const Platform = MessageChannel;
  vi.stubGlobal(
    'MessageChannel',
    class extends Platform {
      constructor() {
        super();
        made++;
      }
    },
  );
  for (let i = 0; i < 100; i++) await remote.call(proxy(() => i));
  await Promise.all(Array.from({ length: 100 }, (_, i) => remote.call(proxy(() => i))));
  expect(made).toBeLessThan(3);
  // The next one to another port gets a channel that was not used.
  expect(
    await stock.call(
      proxy((n: number) => n + 1),
      1,
    ),
  ).toBe(2);
});

it('a transfer handler may build on the one of proxies, and wait before it posts', async () => {
  const handler = transferHandlers.get('proxy')!;
  transferHandlers.set('test:inside', {
    canHandle: (value: Any): value is Any => typeof value?.callback === 'function',
    serialize({ callback }: Any) {
      const [port, transferables] = handler.serialize(callback);
      return [{ port }, transferables];
    },
    deserialize: ({ port }: Any) => ({ callback: handler.deserialize(port) }),
  } as never);
  try {
    for (const each of [remote, stock]) expect(await each.inside({ callback: (n: number) => n + 1 })).toBe(2);
    // Made long before it is sent: it has been exposed on its channel meanwhile.
    const [port, transferables] = handler.serialize(((n: number) => n + 10) as never);
    await new Promise((resolve) => setImmediate(resolve));
    transferHandlers.set('test:late', {
      canHandle: (value: Any): value is Any => value === 'late',
      serialize: () => [port, transferables],
      deserialize: (received: Any) => handler.deserialize(received),
    } as never);
    expect(await remote.call('late', 1)).toBe(11);
  } finally {
    transferHandlers.delete('test:inside');
    transferHandlers.delete('test:late');
  }
});

it('a proxy that is called after the connection has ended leaves nothing of its callbacks', async () => {
  mesh.kill(a, 'evicted');
  await expect(remote.call(proxy(() => 1))).rejects.toMatchObject({ code: expect.any(String) as string });
  expect(loadOf(a)).toEqual({ connections: 0, endpoints: 0, calls: 0 });
  remote[releaseProxy]();
});
