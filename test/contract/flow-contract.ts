import { assert } from 'chai';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { idle, withMesh } from './with-mesh.js';

/** What flow control and liveness promise, over every kind of port. */
export function flowContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind);
  return cases({
    'M22: what a slow receiver has not dispatched is pending, and drain() waits for it': inMesh(async (mesh) => {
      const a = await mesh.join('a');
      const slow = await mesh.joinHanging('slow', ['e']);
      for (let i = 0; i < 10_000; i++) a.send('e', i);
      assert.equal(a.to('slow').pending, 10_000);
      let drained = false;
      const draining = a.drain().then(() => (drained = true));
      let posts = 0;
      await slow.wake((_, port) => port.post([++posts]));
      await draining;
      assert.isTrue(drained);
      assert.equal(a.pending, 0);
    }),
    'M22: to one peer, drain() waits for that one; who waits too long hears for whom, and can give up': inMesh(
      async (mesh) => {
        const a = await mesh.join('a');
        const b = await mesh.join('b');
        const slow = await mesh.joinHanging('slow', ['e']);
        const got: unknown[] = [];
        await b.subscribe('e', (_, n) => got.push(n));
        await mesh.settled();
        for (let i = 0; i < 1000; i++) a.send('e', i);
        await a.to('b').drain();
        assert.lengthOf(got, 1000);
        assert.equal(a.to('b').pending, 0);
        await a.to('nobody').drain();
        const late = await rejection(a.with({ timeout: 20 }).drain());
        assert.equal(late.code, 'TIMEOUT');
        assert.match(late.message, /^drain\(\): after 20 ms, .*: slow \(100\d\)\./);
        const { pending } = a.to('slow');
        for (let i = 0; i < 10; i++) {
          const controller = new AbortController();
          const aborted = rejection(a.to('slow').with({ signal: controller.signal }).drain());
          controller.abort();
          assert.equal((await aborted).code, 'ABORTED');
        }
        assert.equal(a.to('slow').pending, pending, 'to wait again is nothing more to wait for');
        let posts = 0;
        await slow.wake((_, port) => port.post([++posts]));
        await a.to('slow').drain();
        assert.equal(a.pending, 0);
      },
    ),
    'M22: to one peer, drain() rejects with what was lost for that one': inMesh(async (mesh) => {
      const a = await mesh.join('a', undefined, { highWater: 10, limit: 100 });
      const b = await mesh.join('b');
      const slow = await mesh.joinHanging('slow', ['e']);
      await b.subscribe('e', () => {});
      await mesh.settled();
      for (let i = 0; i < 1000; i++) {
        a.send('e', i);
        if (i % 50 === 0) await a.to('b').drain();
      }
      assert.equal((await rejection(a.to('slow').drain())).code, 'LIMIT');
      assert.equal((await rejection(a.to('slow').with({ timeout: 20 }).drain())).code, 'TIMEOUT');
      (await slow.wake(() => {})).close();
    }),
    'M22: beyond the high-water mark messages wait at the sender, as they were at the call': inMesh(async (mesh) => {
      const a = await mesh.join('a', undefined, { highWater: 100 });
      const slow = await mesh.joinHanging('slow', ['e']);
      const argument = new Map([['n', 0]]);
      for (let i = 0; i < 5000; i++) {
        argument.set('n', i);
        a.send('e', argument);
      }
      argument.set('n', -1);
      const seen: number[] = [];
      const underWay = deferred<number>();
      let posts = 0;
      const port = await slow.wake((data, self) => {
        posts++;
        for (const each of data as unknown[]) if (each instanceof Map) seen.push(each.get('n') as number);
        if (posts === 100) setTimeout(() => underWay.resolve(posts), 20);
        if (posts > 100) self.post([posts]);
      });
      assert.isAtMost(await underWay.promise, 101, 'no more than the window, until something is acknowledged');
      port.post([posts]);
      await a.drain();
      assert.deepEqual(
        seen,
        Array.from({ length: 5000 }, (_, i) => i),
      );
    }),
    'M22: beyond the limit, events and requests are refused with LIMIT; the others get theirs': inMesh(async (mesh) => {
      const a = await mesh.join('a', undefined, { highWater: 10, limit: 1000 });
      const b = await mesh.join('b');
      const slow = await mesh.joinHanging('slow', ['e']);
      const got: unknown[] = [];
      b.handle('turn', () => {});
      await b.subscribe('e', (_, n) => got.push(n));
      const dropped: string[] = [];
      a.onDropped(({ peer, count, error }) => dropped.push(`${peer.name} ${count} ${error.code}`));
      for (let i = 0; i < 30; i++) {
        for (let n = 0; n < 100; n++) a.send('e', n);
        await a.to('b').request('turn');
      }
      assert.lengthOf(got, 3000);
      assert.isAbove(dropped.length, 1400);
      assert.equal(dropped[0], 'slow 1 LIMIT');
      const before = a.to('slow').pending;
      assert.throws(() => a.to('slow').send('e', 1), /LIMIT|limit/);
      assert.equal(a.to('slow').pending, before);
      assert.equal((await rejection(a.drain())).code, 'LIMIT');
      (await slow.wake(() => {})).close();
    }),
    "M22: with overflow: 'buffer' nothing is refused": inMesh(async (mesh) => {
      const a = await mesh.join('a', undefined, { highWater: 10, limit: 100, overflow: 'buffer' });
      const slow = await mesh.joinHanging('slow', ['e']);
      for (let i = 0; i < 5000; i++) a.send('e', i);
      assert.equal(a.pending, 5000);
      (await slow.wake(() => {})).close();
    }),
    'M32: two peers that call each other from their handlers, beyond the window, both finish': inMesh(async (mesh) => {
      const flow = { highWater: 50 };
      const [a, b] = [await mesh.join('a', undefined, flow), await mesh.join('b', undefined, flow)];
      a.handle('down', (_, n: number) => (n === 0 ? 0 : a.request('up', n - 1)));
      b.handle('up', (_, n: number) => (n === 0 ? 0 : b.request('down', n - 1)));
      await mesh.settled();
      const all = Array.from({ length: 500 }, () => [a.request('up', 6), b.request('down', 6)]).flat();
      assert.ok((await Promise.all(all)).every((each) => each === 0));
      assert.deepInclude(a.load, idle);
      assert.deepInclude(b.load, idle);
    }),
  });
}
