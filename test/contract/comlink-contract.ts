import { assert } from 'chai';
import { createEndpoint, finalizer, proxy, releaseProxy, transfer, transferHandlers, wrap as stockWrap } from 'comlink';
import { expose, loadOf, wrap } from '../../src/comlink/index.js';
import type { Bus } from '../../src/core/bus/bus.js';
import { MeshError } from '../../src/core/errors/mesh-error.js';
import type { MeshPort } from '../../src/core/port/mesh-port.js';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { withMesh } from './with-mesh.js';

/** What an application may expose. */
class Scene {
  counter: number;
  readonly nested = { list: [1, 2, 3], deep: { name: 'deep' } };
  finalized = 0;
  readonly never = deferred();
  readonly started = deferred();

  constructor(counter = 0) {
    this.counter = counter;
  }

  add(by: number): number {
    return (this.counter += by);
  }

  echo(value: unknown): unknown {
    return value;
  }

  fail(): never {
    throw Object.assign(new TypeError('not so'), { code: 'E_NOT' });
  }

  hang(): Promise<void> {
    this.started.resolve();
    return this.never.promise;
  }

  uncloneable(): unknown {
    return { inside: () => {} };
  }

  async callback(call: (value: unknown) => unknown, value: unknown): Promise<unknown> {
    return [await call(value)];
  }

  deep(call: (value: unknown) => unknown): unknown {
    return call(proxy(async (inner: (n: number) => unknown) => [await inner(1)]));
  }

  child(): Scene {
    return proxy(new Scene(100));
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length).fill(7);
    return transfer(bytes, [bytes.buffer]);
  }

  pass(given: { port: MeshPort }): unknown {
    return transfer({ passed: given.port }, [given.port as Any]);
  }

  /** Calls back once. */
  async once(call: Any): Promise<unknown> {
    const result: unknown = await call();
    call[releaseProxy]();
    return result;
  }

  /** What its caller's callback gives away. */
  async attack(call: Any): Promise<unknown> {
    const ways = [() => call.constructor.constructor('globalThis.polluted = 1'), () => call.__proto__.polluted];
    return Promise.all(ways.map(async (way) => (await rejection(way())).code));
  }

  [finalizer](): void {
    this.finalized++;
  }
}

/** A remote's members are what the test says. */
type Any = any;

const nothing = { connections: 0, endpoints: 0, calls: 0 };

/** Nobody is told of what a release leaves: it is looked at again and again. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 4000; !holds() && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.isTrue(holds(), String(holds));
}

/** When they hold nothing any more. */
async function untilNothing(...buses: Bus[]): Promise<void> {
  await until(() => buses.every((bus) => loadOf(bus).connections === 0));
  for (const bus of buses) assert.deepEqual(loadOf(bus), nothing);
}

/** What Comlink promises, and what it lacks, over every kind of port. */
export function comlinkContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind);
  /** A scene that b exposes, wrapped by a. */
  const withScene = (
    run: (at: {
      a: Bus;
      b: Bus;
      scene: Scene;
      remote: Any;
      mesh: Parameters<Parameters<typeof inMesh>[0]>[0];
    }) => Promise<void>,
  ): (() => Promise<void>) =>
    inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const errors: unknown[] = [];
      for (const bus of [a, b]) bus.onError((error) => errors.push(error));
      const scene = new Scene();
      const exposed = expose(b, 'scene', scene);
      const remote = await wrap<Scene>(a, 'scene', { wait: 20_000 });
      await run({ a, b, scene, remote, mesh });
      exposed.dispose();
      await untilNothing(a, b);
      assert.deepEqual(errors, []);
    });

  return cases({
    'S8: properties, calls, results, and what is thrown': withScene(async ({ scene, remote }) => {
      assert.equal(await remote.add(2), 2);
      assert.equal(await remote.counter, 2);
      remote.counter = 5;
      assert.equal(await remote.add(1), 6);
      assert.deepEqual(await remote.nested, scene.nested);
      assert.deepEqual(await remote.nested.list.slice(1), [2, 3]);
      assert.equal(await remote.nested.deep.name, 'deep');
      assert.equal(await remote.add.call({ counter: 1 }, 1), 2);
      assert.equal(await remote.add.bind({})(1), 7);
      const error = await rejection(remote.fail());
      assert.deepInclude({ name: error.name, message: error.message }, { name: 'TypeError', message: 'not so' });
      assert.isUndefined(await remote.echo(undefined));
      assert.deepEqual(await remote.echo(new Map([[1, new Date(5)]])), new Map([[1, new Date(5)]]));
      assert.deepEqual(await remote.echo({ type: 'HANDLER', name: 'proxy', value: [] }), {
        type: 'HANDLER',
        name: 'proxy',
        value: [],
      });
    }),
    'S8: functions and classes; what is constructed is a proxy': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      expose(b, 'class', Scene);
      expose(b, 'function', (n: number) => n + 1);
      const Remote = (await wrap<typeof Scene>(a, 'class', { wait: 20_000 })) as Any;
      const made = await new Remote(3);
      assert.equal(await made.add(1), 4);
      assert.equal(await made.counter, 4);
      const add = (await wrap(a, 'function', { wait: 20_000 })) as Any;
      assert.equal(await add(2), 3);
      assert.equal(loadOf(a).connections, 2);
      made[releaseProxy]();
      Remote[releaseProxy]();
      add[releaseProxy]();
      await untilNothing(a, b);
    }),
    'S8: callbacks, both ways, in each other': withScene(async ({ remote }) => {
      assert.deepEqual(
        await remote.callback(
          proxy((n: number) => n * 2),
          21,
        ),
        [42],
      );
      // A callback that gets a callback, which gets one.
      const deep = proxy(async (call: Any) => [await call(proxy((n: number) => n + 1))]);
      assert.deepEqual(await remote.deep(deep), [[2]]);
      const failing = proxy(() => {
        throw new RangeError('here');
      });
      assert.equal((await rejection(remote.callback(failing, 1))).message, 'here');
    }),
    'S8: a result that is a proxy, and one that is passed back': withScene(async ({ remote }) => {
      const child = await remote.child();
      assert.equal(await child.add(1), 101);
      // The other side gets a proxy of our proxy.
      assert.deepEqual(await remote.callback(child.echo, 2), [2]);
      const grandchild = await child.child();
      assert.equal(await grandchild.counter, 100);
    }),
    'S8: buffers move, both ways': withScene(async ({ remote }) => {
      const bytes = new Uint8Array([1, 2, 3]);
      const back = (await remote.echo(transfer(bytes, [bytes.buffer]))) as Uint8Array;
      assert.equal(bytes.byteLength, 0);
      assert.deepEqual([...back], [1, 2, 3]);
      assert.deepEqual([...(await remote.bytes(3))], [7, 7, 7]);
    }),
    'S8: ports of the mesh move': withScene(async ({ a, b, remote }) => {
      b.onPort('echo', (_, port) => (port.onmessage = ({ data }) => port.postMessage(data)));
      await b.subscribe('x', () => {});
      const port = await a.openPort('echo');
      const { passed } = (await remote.pass(transfer({ port }, [port as Any]))) as { passed: MeshPort };
      const answer = new Promise((resolve) => (passed.onmessage = ({ data }) => resolve(data)));
      passed.postMessage('through');
      assert.equal(await answer, 'through');
      passed.close();
    }),
    'S8: transfer handlers of the application, with ports of their own': withScene(async ({ remote }) => {
      transferHandlers.set('test:date', {
        canHandle: (value: unknown): value is Date => value instanceof Date,
        serialize: (value: Date) => [value.getTime(), []],
        deserialize: (time: number) => ({ time }) as never,
      } as never);
      transferHandlers.set('test:function', {
        canHandle: (value: unknown): value is () => unknown => typeof value === 'function',
        serialize(value: (n: number) => unknown) {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => port1.postMessage(value(data as number));
          (port1 as { unref?(): void }).unref?.();
          return [{ port: port2 }, [port2]];
        },
        deserialize: ({ port }: { port: MessagePort }) =>
          ((n: number) =>
            new Promise((resolve) => {
              port.onmessage = ({ data }) => {
                resolve(data);
                port.close();
              };
              port.postMessage(n);
            })) as never,
      } as never);
      try {
        assert.deepEqual(await remote.echo(new Date(7)), { time: 7 });
        assert.deepEqual(await remote.callback((n: number) => n + 1, 1), [2]);
      } finally {
        transferHandlers.delete('test:date');
        transferHandlers.delete('test:function');
      }
    }),
    'S8: createEndpoint gives a port of the platform, to be used elsewhere': withScene(async ({ a, remote }) => {
      const port = (await remote[createEndpoint]()) as MessagePort;
      assert.instanceOf(port, MessagePort);
      const other = stockWrap<Scene>(port as never) as Any;
      assert.equal(await other.add(1), 1);
      assert.deepEqual(
        await other.callback(
          proxy((n: number) => n + 1),
          1,
        ),
        [2],
      );
      const child = await other.child();
      assert.equal(await child.counter, 100);
      assert.equal((await rejection(other.constructor.name)).name, 'MeshError');
      assert.equal((await rejection(child.constructor.name)).name, 'MeshError');
      const before = loadOf(a).endpoints;
      other[releaseProxy]();
      await until(() => loadOf(a).endpoints < before);
    }),
    'S8: releaseProxy ends the connection, and the finalizer runs': withScene(async ({ a, b, scene, remote }) => {
      await remote.add(1);
      remote[releaseProxy]();
      await untilNothing(a, b);
      assert.equal(scene.finalized, 1);
      assert.throws(() => remote.add(1), /released/);
    }),
    'a release waits for the calls under way': withScene(async ({ a, b, scene, remote }) => {
      const { add } = remote;
      const hanging = remote.hang();
      await scene.started.promise;
      remote[releaseProxy]();
      assert.equal((await rejection(add(1))).code, 'CLOSED');
      assert.equal(loadOf(a).calls, 1);
      scene.never.resolve();
      await hanging;
      await untilNothing(a, b);
    }),
    'what came from an object lives on when that is released': withScene(async ({ a, b, remote }) => {
      const child = await remote.child();
      remote[releaseProxy]();
      assert.equal(await child.add(1), 101);
      assert.equal(await child.add(1), 102);
      child[releaseProxy]();
      await untilNothing(a, b);
    }),
    'S9: the peer dies with calls pending, and calls are made later: all reject, with the reason': withScene(
      async ({ a, b, scene, remote, mesh }) => {
        const child = await remote.child();
        const pending = [remote.hang(), child.hang(), remote.never.promise.then(() => {})];
        const rejections = Promise.all(pending.map(rejection));
        await scene.started.promise;
        await b.close();
        mesh.kill(b, 'crashed');
        for (const error of await rejections) {
          assert.isTrue(MeshError.is(error, 'PEER_GONE'), String(error));
          assert.include(error.message, ' to b (');
        }
        assert.include((await rejections)[0]!.message, 'scene.hang() to b (');
        const later = await rejection(remote.add(1));
        assert.equal(later.code, 'PEER_GONE');
        assert.include(later.message, 'scene.add()');
        assert.equal((await rejection(child.add(1))).code, 'PEER_GONE');
        await untilNothing(a);
      },
    ),
    'S9: the peer is shown out: what it wrapped is over, on both sides': withScene(
      async ({ a, b, scene, remote, mesh }) => {
        const pending = rejection(remote.hang());
        await scene.started.promise;
        mesh.kill(b, 'evicted');
        assert.deepInclude(await pending, { code: 'PEER_GONE', reason: 'evicted' });
        await untilNothing(a, b);
        assert.equal(scene.finalized, 1);
      },
    ),
    'S9: the object is no longer exposed: CLOSED, and nobody wraps it again': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const scene = new Scene();
      const exposed = expose(b, 'scene', scene);
      const remote = (await wrap<Scene>(a, 'scene', { wait: 20_000 })) as Any;
      const pending = rejection(remote.hang());
      await scene.started.promise;
      exposed.dispose();
      exposed.dispose();
      const error = await pending;
      assert.equal(error.code, 'CLOSED');
      assert.include(error.message, 'no longer exposed');
      assert.equal((await rejection(remote.add(1))).code, 'CLOSED');
      await a.request('x').catch(() => {});
      const nobody = await rejection(wrap(a, 'scene'));
      assert.equal(nobody.code, 'NO_HANDLER');
      assert.include(nobody.message, "expose(bus, 'scene', object)");
      await untilNothing(a, b);
      assert.equal(scene.finalized, 1);
    }),
    'S9: the own bus is closed: all rejects': withScene(async ({ a, b, scene, remote }) => {
      const pending = rejection(remote.hang());
      await scene.started.promise;
      await a.close();
      assert.equal((await pending).code, 'CLOSED');
      assert.equal((await rejection(remote.add(1))).code, 'CLOSED');
      await untilNothing(a, b);
    }),
    'S9: what can not be sent rejects that one call': withScene(async ({ remote }) => {
      const [good, bad, also] = [remote.add(1), rejection(remote.echo(() => {})), remote.add(1)];
      assert.isTrue(MeshError.is(await bad, 'NOT_CLONEABLE'), String(await bad));
      assert.include((await bad).message, 'scene.echo()');
      assert.deepEqual(await Promise.all([good, also]), [1, 2]);
      assert.equal((await rejection(remote.uncloneable())).message, 'Unserializable return value');
      const used = proxy(() => {});
      assert.equal((await rejection(remote.callback(used, () => {}))).code, 'NOT_CLONEABLE');
    }),
    'S9: names that lead out of the object are refused, at every depth, and in callbacks': withScene(
      async ({ remote }) => {
        const child = await remote.child();
        const ways: (() => Promise<unknown>)[] = [
          () => remote.constructor.constructor('globalThis.polluted = 1'),
          () => remote.constructor('x'),
          () => remote.constructor.name,
          () => new remote.constructor(),
          () => remote.add.constructor('globalThis.polluted = 1'),
          () => remote.nested.list.constructor.prototype,
          () => remote.prototype,
          () => remote.__proto__.polluted,
          () => remote.nested.__proto__.polluted,
          () =>
            remote.__defineGetter__(
              'polluted',
              proxy(() => 1),
            ),
          () => remote.__lookupGetter__('__proto__'),
          () => child.constructor.constructor('globalThis.polluted = 1'),
        ];
        for (const way of ways) {
          const outcome = await way().then(
            (value) => ({ value }),
            (error) => error,
          );
          assert.equal(outcome.code, 'NO_METHOD', String(way));
        }
        // From the other side, in a callback: it is this side's filter then.
        assert.deepEqual(await remote.attack(proxy(() => {})), ['NO_METHOD', 'NO_METHOD']);
        assert.isUndefined(({} as Any).polluted);
        assert.isUndefined((globalThis as Any).polluted);
      },
    ),
    'S10: two that wrap the same object: no cross-talk': inMesh(async (mesh) => {
      const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
      const turns = deferred();
      let waiting = 0;
      expose(c, 'object', {
        async whoami(name: string, n: number) {
          if (++waiting === 200) turns.resolve();
          await turns.promise;
          return [name, n];
        },
      });
      const remotes = await Promise.all([a, b].map((bus) => wrap<Any>(bus, 'object', { wait: 20_000 })));
      const answers = await Promise.all(
        remotes.map((remote, i) => Promise.all(Array.from({ length: 100 }, (_, n) => (remote as Any).whoami(i, n)))),
      );
      assert.deepEqual(
        answers,
        [0, 1].map((i) => Array.from({ length: 100 }, (_, n) => [i, n])),
      );
      (remotes[0] as Any)[releaseProxy]();
      assert.deepEqual(await (remotes[1] as Any).whoami('b', 1), ['b', 1]);
      (remotes[1] as Any)[releaseProxy]();
      await untilNothing(a, b, c);
    }),
    'one of several is chosen': inMesh(async (mesh) => {
      const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
      for (const bus of [b, c]) expose(bus, 'name', { name: bus.self.name });
      for (const bus of [b, c]) {
        const remote = (await wrap(a.to(bus.self), 'name', { wait: 20_000 })) as Any;
        assert.equal(await remote.name, bus.self.name);
        remote[releaseProxy]();
      }
      await untilNothing(a, b, c);
    }),
    'calls with fresh callbacks leave nothing behind': withScene(async ({ a, b, remote }) => {
      await remote.add(1);
      for (let round = 0; round < 10; round++) {
        const calls = Array.from({ length: kind.slow ? 1000 : 100 }, (_, n) => remote.once(proxy(() => n)));
        assert.deepEqual(await Promise.all(calls), [...calls.keys()]);
      }
      await remote.add(1);
      const one = { connections: 1, endpoints: 1, calls: 0 };
      assert.deepEqual([loadOf(a), loadOf(b)], [one, one]);
    }),
  });
}
