import { assert } from 'chai';
import type { Bus } from '../../src/core/bus/bus.js';
import { consume, defineService, provide } from '../../src/service/index.js';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { idle, withMesh } from './with-mesh.js';

interface Maker {
  /** What it returns is made by the test. */
  make(): Promise<unknown>;
  later(): Promise<unknown>;
  /** Calls it, and says what came of that. */
  use(callback: () => unknown): Promise<string>;
  ok(): void;
}
const makers = defineService<Maker>('makers');

/** What is passed by reference, of both kinds. */
const passed = (): object => ({ f: () => 1, deep: [{ g: () => 2 }], items: (async function* () {})() });

/** What a result holds by reference, and nobody takes. */
export function untakenContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind);

  /** Both sides, and what they hold when all that was said before has been heard. */
  const pair = async (a: Bus, b: Bus) => {
    const made = { by: (): unknown => undefined };
    const provided = provide(b, makers, {
      make: () => made.by(),
      later: async () => made.by(),
      use: async (callback: () => unknown) => {
        try {
          return String(await callback());
        } catch (error) {
          return (error as { code: string }).code;
        }
      },
      ok() {},
    });
    const f = consume(a, makers);
    const left = async (): Promise<object[]> => {
      await f.ok();
      return [a, b].map(({ load }) => ({ ...load, links: 0 }));
    };
    return { made, provided, f, left };
  };
  const nothing = [
    { links: 0, ...idle },
    { links: 0, ...idle },
  ];

  return cases({
    'S5: a result that can not be sent leaves nothing behind of what it holds by reference': inMesh(async (mesh) => {
      const { made, f, left } = await pair(await mesh.join('a'), await mesh.join('b'));
      made.by = () => ({ ...passed(), no: Symbol('no') });
      for (const method of ['make', 'later'] as const) {
        assert.equal((await rejection(f[method]())).code, 'NOT_CLONEABLE');
      }
      assert.equal(await f.use(() => made.by()), 'NOT_CLONEABLE');
      assert.equal(await f.use(async () => made.by()), 'NOT_CLONEABLE');
      assert.deepEqual(await left(), nothing);
    }),
    'S5: so does one whose caller gave up: before the answer, and while that is on its way': inMesh(async (mesh) => {
      const { made, f, left } = await pair(await mesh.join('a'), await mesh.join('b'));
      for (const method of ['make', 'later'] as const) {
        const controller = new AbortController();
        made.by = () => {
          controller.abort(); // what tells of it crosses the answer
          return passed();
        };
        const call = f.$with({ signal: controller.signal })[method]();
        assert.equal((await rejection(call)).code, 'ABORTED', method);
        assert.deepEqual(await left(), nothing, method);
      }
      const [called, answered] = [deferred(), deferred()];
      made.by = () => {
        called.resolve();
        return answered.promise.then(passed);
      };
      const controller = new AbortController();
      const aborted = f.$with({ signal: controller.signal }).make();
      const late = f.$with({ timeout: 20 }).make();
      await called.promise;
      controller.abort();
      assert.equal((await rejection(aborted)).code, 'ABORTED');
      assert.equal((await rejection(late)).code, 'TIMEOUT');
      await f.ok();
      answered.resolve();
      assert.deepEqual(await left(), nothing);
    }),
    'S5: so does one that comes when its service was stopped, or its caller is gone': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const { made, provided, f } = await pair(a, b);
      const [called, answered] = [deferred(), deferred()];
      made.by = () => {
        called.resolve();
        return answered.promise.then(passed);
      };
      const pending = f.make();
      await called.promise;
      provided.stop();
      assert.equal((await rejection(pending)).code, 'NO_SERVICE');
      const again = await pair(a, b);
      const [calledAgain, left] = [deferred(), deferred()];
      again.made.by = () => {
        calledAgain.resolve();
        return answered.promise.then(passed);
      };
      answered.resolve();
      assert.deepEqual(await again.left(), nothing);
      const lost = again.f.make();
      await calledAgain.promise;
      b.peers.on('leave', () => left.resolve());
      await a.close();
      assert.equal((await rejection(lost)).code, 'CLOSED');
      await left.promise;
      assert.equal(b.load.references, 0);
    }),
    'S5: what was given with one call stays when another one gives up': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const { made, f } = await pair(a, b);
      made.by = passed;
      const kept = (await f.make()) as { f(): Promise<number>; deep: [{ g(): Promise<number> }] };
      const controller = new AbortController();
      made.by = () => {
        controller.abort();
        return passed();
      };
      assert.equal((await rejection(f.$with({ signal: controller.signal }).make())).code, 'ABORTED');
      assert.deepEqual([await kept.f(), await kept.deep[0].g()], [1, 2]);
      assert.deepEqual([a.load.references, b.load.references], [3, 3]);
    }),
  });
}
