import type { World } from './place.js';

// What an application does with Comlink, whatever place it runs in: nothing in here knows which.

/** A remote's members are what the test says. */
type Any = any;

/** Exposes a kit that shows all that Comlink can. */
export async function offerKit(world: World): Promise<void> {
  const { bus, lab } = world;
  const { expose, stock } = lab.comlink;
  class Counter {
    n: number;
    constructor(n: number) {
      this.n = n;
    }
    add(by: number): number {
      return (this.n += by);
    }
  }
  const kit = {
    Counter,
    value: 1,
    name: () => bus.self.name,
    echo: (value: unknown) => value,
    counter: () => stock.proxy(new Counter(10)),
    bytes() {
      const bytes = new Uint8Array([4, 5, 6]);
      return stock.transfer(bytes, [bytes.buffer]);
    },
    async call(callback: Any, value: unknown) {
      const result: unknown = await callback(value);
      callback[stock.releaseProxy]();
      return result;
    },
    async deep(callback: Any) {
      const result: unknown = await callback(stock.proxy((n: number) => `${bus.self.name}: ${n}`));
      callback[stock.releaseProxy]();
      return result;
    },
    fail() {
      throw new RangeError('as it was');
    },
    hang: () => new Promise(() => {}),
  };
  expose(bus, 'kit', kit);
  // Of a class of the application, on both sides.
  stock.transferHandlers.set('test:point', {
    canHandle: (value: Any): value is object => value?.isPoint === true,
    serialize: ({ x, y }: Any) => [[x, y], []],
    deserialize: ([x, y]: Any) => ({ isPoint: true, x, y }),
  } as Any);
  await bus.subscribe('kit is there', () => {});
}

/** Uses the kits of `names`, in all ways; returns what was not as it should be. */
export async function useKits({ bus, lab }: World, names: readonly string[]): Promise<string[]> {
  const { loadOf, wrap, stock } = lab.comlink;
  const wrong: string[] = [];
  const expect = (to: string, what: string, got: unknown, expected: unknown): void => {
    if (JSON.stringify(got) !== JSON.stringify(expected)) wrong.push(`${to}: ${what}: ${JSON.stringify(got)}`);
  };
  const each = async (name: string): Promise<void> => {
    const kit = (await wrap(bus.to(name), 'kit', { wait: 5000, timeout: 5000 })) as Any;
    expect(name, 'call', await kit.name(), name);
    expect(name, 'property', await kit.value, 1);
    kit.value = 2;
    expect(name, 'property that was set', await kit.value, 2);
    kit.value = 1;
    const Counter = kit.Counter;
    const counter = await new Counter(5);
    expect(name, 'class', [await counter.add(1), await counter.n], [6, 6]);
    counter[stock.releaseProxy]();
    const made = await kit.counter();
    expect(name, 'proxy as a result', await made.add(1), 11);
    made[stock.releaseProxy]();
    expect(
      name,
      'callback',
      await kit.call(
        stock.proxy((n: number) => n + 1),
        1,
      ),
      2,
    );
    const deep = stock.proxy(async (back: Any) => {
      const result = [bus.self.name, await back(3)];
      back[stock.releaseProxy]();
      return result;
    });
    expect(name, 'callback in a callback', await kit.deep(deep), [bus.self.name, `${name}: 3`]);
    const bytes = new Uint8Array([1, 2, 3]);
    expect(name, 'moved', [...(await kit.echo(stock.transfer(bytes, [bytes.buffer])))], [1, 2, 3]);
    expect(name, 'left of it', bytes.byteLength, 0);
    expect(name, 'moved back', [...(await kit.bytes())], [4, 5, 6]);
    expect(name, 'transfer handler', await kit.echo({ isPoint: true, x: 1, y: 2, z: 3 }), {
      isPoint: true,
      x: 1,
      y: 2,
    });
    const port = await kit[stock.createEndpoint]();
    const other = stock.wrap(port) as Any;
    expect(name, 'endpoint', [port instanceof MessagePort, await other.name()], [true, name]);
    expect(
      name,
      'callback through an endpoint',
      await other.call(
        stock.proxy((n: number) => n + 1),
        1,
      ),
      2,
    );
    other[stock.releaseProxy]();
    const error = await kit.fail().catch((each: unknown) => each);
    expect(name, 'error', [error.name, error.message], ['RangeError', 'as it was']);
    const code = async (call: PromiseLike<unknown>): Promise<unknown> => {
      try {
        return await call;
      } catch (thrown) {
        return (thrown as Any).code;
      }
    };
    expect(name, 'way out', await code(kit.name.constructor('globalThis.polluted = 1')), 'NO_METHOD');
    expect(name, 'other way out', await code(kit.__proto__.polluted), 'NO_METHOD');
    expect(name, 'unsendable', await code(kit.echo(() => {})), 'NOT_CLONEABLE');
    expect(name, 'calls', loadOf(bus).calls, 0);
    kit[stock.releaseProxy]();
  };
  for (const name of names) {
    if (name === bus.self.name) continue;
    await each(name).catch((error: unknown) => wrong.push(`${name}: ${String(error)} ${(error as Error)?.stack}`));
  }
  if ('polluted' in globalThis) wrong.push('polluted');
  return wrong;
}

/** Resolves when nothing of Comlink's is held there. */
export async function untilFree({ bus, lab }: World): Promise<unknown> {
  const end = Date.now() + 10_000;
  while (lab.comlink.loadOf(bus).connections > 0 && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return lab.comlink.loadOf(bus);
}
