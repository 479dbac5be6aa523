import { assert } from 'chai';
import type { Bus } from '../../src/core/bus/bus.js';
import { transfer } from '../../src/core/wire/transfer.js';
import { MeshError } from '../../src/core/errors/mesh-error.js';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { idle, withMesh } from './with-mesh.js';

/** What a bus promises its application, over every kind of port. */
export function busContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind);
  return cases({
    'M6: an event reaches every subscriber once, nobody else, and never its sender': inMesh(async (mesh) => {
      const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => mesh.join(name)));
      const got: string[] = [];
      a!.on('e', () => got.push('a'));
      await b!.subscribe('e', (event, n) => got.push(`b:${n} from ${event.sender.name}`));
      c!.on('other', () => got.push('c'));
      a!.send('e', 1);
      await a!.drain();
      assert.deepEqual(got, ['b:1 from a']);
    }),
    'M6: order holds between two peers across send, to().send and request': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const got: unknown[] = [];
      b.handle('ask', (_, n) => void got.push(n));
      await b.subscribe('e', (_, n) => got.push(n));
      const asked: Promise<unknown>[] = [];
      for (let i = 0; i < 100; i += 4) {
        a.send('e', i);
        a.to('b').send('e', new Map([[i, i]]));
        asked.push(a.request('ask', i + 2));
        a.to({ id: b.self.id }).send('e', new Uint8Array(i));
      }
      await Promise.all(asked);
      await a.drain();
      const keys = got.map((each) =>
        each instanceof Map ? [...each.keys()][0] + 1 : each instanceof Uint8Array ? each.length + 3 : each,
      );
      assert.deepEqual(
        keys,
        Array.from({ length: 100 }, (_, i) => i),
      );
    }),
    'M6: many events of a turn reach several peers as they were, in order, also among what only one of them is asked':
      inMesh(async (mesh) => {
        const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
        const got: { b: unknown[]; c: unknown[] } = { b: [], c: [] };
        b.handle('ask', (_, n) => void got.b.push(n));
        await b.subscribe('e', (_, value) => got.b.push(value));
        await c.subscribe('e', (_, value) => got.c.push(value));
        const strange = [undefined, -0, NaN, 10n, new Date(0), { toJSON: 1 }, 'x\ud800', new Map([[1, new Set([2])]])];
        const sent: unknown[] = [];
        const burst = (...values: unknown[]): void => {
          for (const value of values) a.send('e', value);
          sent.push(...values);
        };
        const plain = Array.from({ length: 20 }, (_, n) => ({
          n,
          text: `"${n}"\u2028`,
          list: [n / 8, true, null, ''],
        }));
        burst(...plain);
        await a.drain();
        burst(...plain, ...strange, ...plain);
        await a.drain();
        const asked = plain.map((_, n) => {
          burst(n);
          return a.request('ask', `asked ${n}`);
        });
        await Promise.all([...asked, a.drain()]);
        assert.deepStrictEqual(got.c, sent);
        assert.deepStrictEqual(
          got.b,
          sent.flatMap((value, i) => (i < sent.length - 20 ? [value] : [value, `asked ${String(value)}`])),
        );
      }),
    'M7: who subscribes and then tells another over their link, gets what that one sends next': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const got: unknown[] = [];
      a.handle('hello', () => 1);
      await mesh.settled();
      await b.request('hello'); // they are linked now
      const answered = deferred();
      a.on('told', () => {
        a.send('news', 'yes');
        answered.resolve();
      });
      await new Promise((resolve) => {
        b.peers.on('change', resolve);
        a.on('another', () => {});
      });
      b.on('news', (_, what) => got.push(what));
      b.send('told');
      await answered.promise;
      await a.drain();
      assert.deepEqual(got, ['yes']);
    }),
    'M7: when subscribe() has resolved, what anybody sends arrives': inMesh(async (mesh) => {
      const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
      const got: unknown[] = [];
      await c.subscribe('e', (event) => got.push(event.sender.name));
      a.send('e');
      b.send('e');
      await Promise.all([a.drain(), b.drain()]);
      assert.sameMembers(got, ['a', 'b']);
    }),
    'M8: a send in the first turn after joining reaches whoever had subscribed before': inMesh(async (mesh) => {
      const a = await mesh.join('a');
      const got: unknown[] = [];
      a.on('e', (event) => got.push(event.sender.name));
      await a.subscribe('e2', () => {});
      const b = await mesh.join('b');
      b.send('e');
      await b.drain();
      assert.deepEqual(got, ['b']);
    }),
    'M9: a request that nobody handles rejects with NO_HANDLER': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      await mesh.settled();
      for (const caller of [a, a.to('b'), a.to(b.self)]) {
        const error = await rejection(caller.request('nobody'));
        assert.equal(error.code, 'NO_HANDLER');
        assert.include(error.message, "request('nobody')");
      }
      assert.deepInclude(a.load, idle);
    }),
    'M9: with wait, it is answered when a handler appears, with its arguments as they were': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const argument = { n: 1, more: new Map([[1, 2]]) };
      const asked = a.with({ wait: 5000 }).request('later', argument);
      argument.n = 2;
      await a
        .with({ wait: 0 })
        .request('never')
        .catch(() => {});
      b.handle('later', (_, given) => given);
      assert.deepEqual(await asked, { n: 1, more: new Map([[1, 2]]) });
      const none = await rejection(a.with({ wait: 10 }).request('none'));
      assert.equal(none.code, 'NO_HANDLER');
      assert.deepInclude(a.load, idle);
    }),
    'M9: of two handlers exactly one runs, and they take turns': inMesh(async (mesh) => {
      const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
      const ran: string[] = [];
      b.handle('ask', () => ran.push('b'));
      c.handle('ask', () => ran.push('c'));
      await mesh.settled();
      for (let i = 0; i < 6; i++) await a.request('ask');
      assert.lengthOf(ran, 6);
      assert.lengthOf(
        ran.filter((each) => each === 'b'),
        3,
      );
    }),
    'a handler that is there no longer passes the call on to the next': inMesh(async (mesh) => {
      const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
      const first = b.handle('ask', () => 'b');
      c.handle('ask', (_, ...args) => ['c', ...args]);
      await mesh.settled();
      await a.request('ask', 0); // round-robin: which one is next is known from here on
      const here = await a.request('ask', 0);
      if (here !== 'b') await a.request('ask', 0);
      const asked = [a.request('ask', 1, { x: 1 }), a.request('ask', 2, { x: 1 })];
      first.dispose();
      assert.deepEqual(await Promise.all(asked), [
        ['c', 1, { x: 1 }],
        ['c', 2, { x: 1 }],
      ]);
    }),
    'an unknown target is NO_PEER, one that has left PEER_GONE with the reason': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      assert.equal((await rejection(a.to('x').request('ask'))).code, 'NO_PEER');
      assert.throws(() => a.to('x').send('e'), MeshError, "send('e') to 'x'");
      const gone = new Promise((resolve) => a.peers.once('leave', resolve));
      const reason = mesh.kill(b, 'crashed');
      await gone;
      const error = await rejection(a.to(b.self).request('ask'));
      assert.equal(error.code, 'PEER_GONE');
      assert.equal(error.reason, reason);
    }),
    'M10: time-out: the right error, the handler is told, nothing is left over': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const aborted = deferred<unknown>();
      b.handle('slow', (event) => {
        event.signal.addEventListener('abort', () => aborted.resolve(event.signal.reason));
        return new Promise(() => {});
      });
      await mesh.settled();
      const error = await rejection(a.with({ timeout: 20 }).request('slow'));
      assert.equal(error.code, 'TIMEOUT');
      assert.include(error.message, 'after 20 ms');
      assert.instanceOf(await aborted.promise, MeshError);
      assert.deepInclude(a.load, idle);
      assert.deepInclude(b.load, idle);
    }),
    'M10: abort before, during and after': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const started = deferred();
      const aborted = deferred();
      b.handle('quick', () => 1);
      b.handle('slow', (event) => {
        event.signal.addEventListener('abort', () => aborted.resolve());
        started.resolve();
        return new Promise(() => {});
      });
      await mesh.settled();
      await a.request('quick');
      const before = new AbortController();
      before.abort('why');
      const early = await rejection(a.with({ signal: before.signal }).request('quick'));
      assert.equal(early.code, 'ABORTED');
      assert.equal(early.cause, 'why');
      const during = new AbortController();
      const asked = rejection(a.with({ signal: during.signal }).request('slow'));
      await started.promise;
      during.abort();
      assert.equal((await asked).code, 'ABORTED');
      await aborted.promise;
      const after = new AbortController();
      assert.equal(await a.with({ signal: after.signal }).request('quick'), 1);
      after.abort();
      const parked = new AbortController();
      const waiting = rejection(a.with({ signal: parked.signal, wait: Infinity }).request('none'));
      parked.abort();
      assert.equal((await waiting).code, 'ABORTED');
      assert.deepInclude(a.load, idle);
      assert.deepInclude(b.load, idle);
    }),
    'one signal for thousands of calls': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('quick', (_, n) => n);
      b.handle('slow', () => new Promise(() => {}));
      await mesh.settled();
      const { signal, abort } = (() => {
        const controller = new AbortController();
        return { signal: controller.signal, abort: () => controller.abort() };
      })();
      const caller = a.with({ signal });
      await Promise.all(Array.from({ length: 1000 }, (_, i) => caller.request('quick', i)));
      assert.equal(a.load.signals, 0);
      const slow = Array.from({ length: 1000 }, () => rejection(caller.request('slow')));
      assert.equal(a.load.signals, 1);
      abort();
      for (const error of await Promise.all(slow)) assert.equal(error.code, 'ABORTED');
      assert.deepInclude(a.load, idle);
    }),
    'M11: 100 pending calls reject with the reason when the peer is gone; leave is told once': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const leaves: unknown[] = [];
      a.peers.on('leave', (peer, reason) => leaves.push([peer.name, reason]));
      b.handle('slow', () => new Promise(() => {}));
      await mesh.settled();
      const asked = Array.from({ length: 100 }, () => rejection(a.request('slow')));
      const reason = mesh.kill(b, 'killed');
      for (const error of await Promise.all(asked)) {
        assert.equal(error.code, 'PEER_GONE');
        assert.equal(error.reason, reason);
      }
      assert.equal((await b.closed).reason, reason);
      assert.deepEqual(leaves, [['b', reason]]);
      assert.deepInclude(a.load, { ...idle, links: 0 });
    }),
    'M18: a view on a part of a buffer arrives with nothing of its neighbours': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('size', (_, view, nested) => [
        view.byteLength,
        view.buffer.byteLength,
        nested.list[0].buffer.byteLength,
        nested.map.get('k').buffer.byteLength,
      ]);
      await mesh.settled();
      const slab = new Uint8Array(8192).fill(7);
      const view = slab.subarray(10, 11);
      const nested = { list: [slab.subarray(0, 2)], map: new Map([['k', new DataView(slab.buffer, 4, 3)]]) };
      assert.deepEqual(await a.request('size', view, nested), [1, 1, 2, 3]);
    }),
    'M19: what can not be cloned rejects that call alone': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const got: unknown[] = [];
      await b.subscribe('e', (_, n) => got.push(n));
      b.handle('echo', (_, n) => n);
      const asked = [
        a.request('echo', 1),
        a.request('echo', () => {}),
        a.request('echo', Symbol('s')),
        a.request('echo', 4),
      ];
      a.send('e', 1);
      assert.throws(() => a.send('e', () => {}), MeshError, "send('e')");
      a.send('e', 2);
      const results = await Promise.allSettled(asked);
      assert.deepEqual(
        results.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.code)),
        [1, 'NOT_CLONEABLE', 'NOT_CLONEABLE', 4],
      );
      await a.drain();
      assert.deepEqual(got, [1, 2]);
      assert.deepInclude(a.load, idle);
    }),
    'M23: errors arrive as themselves': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const thrown: Record<string, unknown> = {
        type: new TypeError('t'),
        range: Object.assign(new RangeError('r'), { code: 'E_R', extra: { a: [1] } }),
        aggregate: new AggregateError([new TypeError('1'), 'two'], 'all', { cause: new Error('why') }),
        abort: new DOMException('stop', 'AbortError'),
        mesh: new MeshError('LIMIT', 'too many'),
        undefined: undefined,
        zero: 0,
        text: 's',
        plain: { a: 1 },
        nan: NaN,
      };
      b.handle('throw', (_, key) => {
        throw thrown[key];
      });
      await mesh.settled();
      for (const [key, value] of Object.entries(thrown)) {
        const outcome = await a.request('throw', key).then(
          () => 'resolved',
          (error: unknown) => ({ error }),
        );
        const { error } = outcome as { error: Error & Record<string, unknown> };
        if (!(value instanceof Error || value instanceof DOMException)) {
          assert.deepEqual(error, value as never);
          continue;
        }
        assert.equal(Object.getPrototypeOf(error), Object.getPrototypeOf(value), key);
        assert.equal(error.message, value.message);
        assert.equal(error.name, value.name);
        assert.include(error.stack, 'there ---');
      }
      const range = (await rejection(a.request('throw', 'range'))) as Error & Record<string, unknown>;
      assert.deepEqual([range.code, range['extra']], ['E_R', { a: [1] }]);
      const all = (await rejection(a.request('throw', 'aggregate'))) as unknown as AggregateError;
      assert.instanceOf(all.errors[0], TypeError);
      assert.equal(all.errors[1], 'two');
      assert.equal((all.cause as Error).message, 'why');
    }),
    "M23: the caller's own awaits stand above the remote stack": inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('throw', function remoteFunction() {
        throw new Error('there');
      });
      await mesh.settled();
      async function localFunction(): Promise<void> {
        await a.request('throw');
      }
      const { stack = '' } = await rejection(localFunction());
      assert.match(stack, /localFunction[^]*---[^]*remoteFunction/);
    }),
    'M27: close() twice, on each side, at once': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('slow', () => new Promise(() => {}));
      await mesh.settled();
      const asked = rejection(a.request('slow'));
      await Promise.all([a.close(), b.close(), a.close(), b.close()]);
      assert.equal((await asked).code, 'CLOSED');
      assert.deepEqual(await a.closed, { reason: 'bye', local: true, detail: '' });
      for (const bus of [a, b]) {
        assert.equal(bus.state, 'closed');
        assert.deepInclude(bus.load, { ...idle, links: 0 });
        assert.throws(() => bus.send('e'), MeshError, 'closed');
        assert.equal((await rejection(bus.request('x'))).code, 'CLOSED');
        assert.equal((await rejection(bus.drain())).code, 'CLOSED');
        assert.throws(() => bus.on('e', () => {}), MeshError);
      }
    }),
    'M28: arguments are captured at the call, and are nobody else’s': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const got: unknown[][] = [];
      await b.subscribe('e', (_, ...args) => got.push(args));
      const o = { n: 1, d: new Date(1) };
      a.send('e', o);
      o.n = 2;
      o.d.setTime(2);
      a.send('e', o, [o, o]);
      const big = { list: Array.from({ length: 500 }, (_, i) => ({ i })) };
      a.send('e', big);
      big.list.length = 0;
      const bytes = new Uint8Array([1, 2, 3]);
      a.send('e', bytes);
      a.send('e', transfer(bytes, [bytes.buffer]));
      await a.drain();
      assert.deepEqual(got[0], [{ n: 1, d: new Date(1) }]);
      assert.deepEqual(got[1]?.[0], { n: 2, d: new Date(2) });
      const [, twice] = got[1] as [unknown, [unknown, unknown]];
      assert.strictEqual(twice[0], twice[1], 'one object that occurs twice in a message is one there');
      assert.lengthOf((got[2]?.[0] as typeof big).list, 500);
      assert.deepEqual(got[3], [new Uint8Array([1, 2, 3])]);
      assert.deepEqual(got[4], got[3]);
      const buffers = [got[3], got[4]].map((args) => (args?.[0] as Uint8Array).buffer);
      assert.notStrictEqual(buffers[0], buffers[1]);
    }),
    'M30: a move needs exactly one receiver, and detaches nothing otherwise': inMesh(async (mesh) => {
      const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
      const bytes = new Uint8Array([1, 2, 3]);
      const move = (): void => a.send('e', transfer(bytes, [bytes.buffer]));
      assert.throws(move, MeshError, 'exactly one receiver');
      await b.subscribe('e', () => {});
      await c.subscribe('e', () => {});
      assert.throws(move, MeshError, '2 peers listen');
      assert.equal(bytes.byteLength, 3);
      const got: unknown[] = [];
      c.on('e', (_, value) => got.push(value));
      a.to('c').send('e', transfer(bytes, [bytes.buffer]));
      assert.equal(bytes.byteLength, 0, 'detached, whatever the transport did');
      await a.drain();
      assert.deepEqual(got, [new Uint8Array([1, 2, 3])]);
    }),
    'M31: both sides open a link at once, 200 times: one order in each direction': inMesh(async (mesh) => {
      for (let round = 0; round < 200; round++) {
        const [a, b] = await Promise.all([mesh.join('a'), mesh.join('b')]);
        const got: Record<string, unknown[]> = { a: [], b: [] };
        for (const bus of [a, b]) {
          const mine = got[bus.self.name] as unknown[];
          bus.on('e', (_, n) => mine.push(n));
          bus.handle('ask', (_, n) => mine.push(n) && n);
        }
        await Promise.all([a.subscribe('go', () => {}), b.subscribe('go', () => {})]);
        const asked: Promise<unknown>[] = [];
        for (const [from, to] of [
          [a, b],
          [b, a],
        ] as const) {
          from.send('e', 1);
          asked.push(from.to(to.self).request('ask', 2));
          from.to(to.self).send('e', 3);
        }
        assert.deepEqual(await Promise.all(asked), [2, 2]);
        await Promise.all([a.drain(), b.drain()]);
        assert.deepEqual(got, { a: [1, 2, 3], b: [1, 2, 3] });
        assert.deepEqual([a.load.links, b.load.links], [1, 1]);
        await a.close();
        await b.close();
      }
    }),
    'M32: two peers that call each other from their handlers both finish': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      a.handle('a', async (_, n) => (n === 0 ? 0 : 1 + (await a.request('b', n - 1))));
      b.handle('b', async (_, n) => (n === 0 ? 0 : 1 + (await b.request('a', n - 1))));
      assert.equal(await a.with({ wait: 1000 }).request('b', 500), 500);
      const many = Array.from({ length: 5000 }, () => a.request('b', 2));
      assert.deepEqual(new Set(await Promise.all(many)), new Set([2]));
    }),
    'M33: evicted: its closed and the others’ leave say so, its links are dead': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('slow', () => new Promise(() => {}));
      await mesh.settled();
      const asked = rejection(a.request('slow'));
      const left = new Promise((resolve) => a.peers.once('leave', (peer, reason) => resolve([peer.name, reason])));
      mesh.evict(b, 'misbehaved');
      assert.deepEqual(await b.closed, { reason: 'evicted', local: false, detail: 'misbehaved' });
      assert.deepEqual(await left, ['b', 'evicted']);
      assert.equal((await asked).reason, 'evicted');
      assert.equal(b.load.links + a.load.links, 0);
      assert.include((await rejection(b.request('x'))).message, 'misbehaved');
    }),
    'what the broker is asked for rejects with how the bus ended, and names the call': inMesh(async (mesh) => {
      const ended: [string, (bus: Bus) => void][] = [
        ['by its own close()', (bus) => void bus.close()],
        ['evicted: misbehaved', (bus) => mesh.evict(bus, 'misbehaved')],
      ];
      for (const [how, end] of ended) {
        const bus = await mesh.join('ends');
        const asked = [rejection(bus.subscribe('e', () => {})), rejection(bus.queryState())];
        end(bus);
        asked.push(rejection(bus.closed.then(() => bus.queryState())));
        const errors = await Promise.all(asked);
        assert.deepEqual(
          errors.map(({ code, message }) => [code, message.slice(0, message.indexOf(':')), message.includes(how)]),
          ["subscribe('e')", 'queryState()', 'queryState()'].map((call) => ['CLOSED', call, true]),
        );
      }
    }),
    'EventEmitter-like: once, prepend, off, counts; the last listener gone, nothing arrives': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const got: string[] = [];
      const second = (): void => void got.push('second');
      b.on('e', second)
        .prependListener('e', () => got.push('first'))
        .once('e', () => got.push('once'));
      await b.subscribe('e', () => got.push('last'));
      assert.equal(b.listenerCount('e'), 4);
      a.send('e');
      a.send('e');
      await a.drain();
      assert.deepEqual(got, ['first', 'second', 'once', 'last', 'first', 'second', 'last']);
      b.off('e', second);
      assert.equal(b.listenerCount('e'), 2);
      b.removeAllListeners('e');
      assert.deepEqual(b.eventNames(), []);
      b.once('f', () => got.push('f'));
      await mesh.settled();
      a.send('f');
      await a.drain();
      assert.deepEqual(a.peers.listening('f'), []);
      assert.deepEqual(a.peers.listening('e'), []);
    }),
    'a listener that throws goes to onError, not to the sender and not to the next listener': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const errors: unknown[] = [];
      const got: unknown[] = [];
      b.onError((error, context) => errors.push([(error as Error).message, context.channel, context.peer.name]));
      b.on('e', () => {
        throw new Error('one');
      });
      b.on('e', async () => {
        throw new Error('two');
      });
      await b.subscribe('e', () => got.push(1));
      a.send('e');
      await a.drain();
      await a.drain();
      assert.deepEqual(got, [1]);
      assert.deepEqual(errors, [
        ['one', 'e', 'a'],
        ['two', 'e', 'a'],
      ]);
    }),
    'what is lost with a peer is counted, reported to onDropped, and rejects drain()': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      await b.subscribe('e', () => {});
      const dropped = deferred<{ count: number; code: string }>();
      a.onDropped(({ count, error }) => dropped.resolve({ count, code: error.code }));
      mesh.kill(b, 'evicted');
      for (let i = 0; i < 3; i++) a.send('e', i);
      const drained = rejection(a.drain());
      assert.deepEqual(await dropped.promise, { count: 3, code: 'PEER_GONE' });
      assert.equal((await drained).code, 'PEER_GONE');
      await a.drain();
    }),
    'wrong arguments are named, with the fix': inMesh(async (mesh) => {
      const a = await mesh.join('a');
      const wrong: [() => unknown, string][] = [
        [() => a.to(undefined as never), 'to(target)'],
        [() => a.to(5 as never), 'to(target)'],
        [() => a.with({ timeout: -1 }), 'with({ timeout'],
        [() => a.with({ timeOut: 1 } as never), 'with({ timeOut })'],
        [() => a.with({ signal: {} as never }), 'with({ signal })'],
        [() => a.send('' as never), "send('')"],
        [() => a.on('e', undefined as never), "on('e')"],
        [() => a.handle('h', 5 as never), "handle('h')"],
        [() => a.onError(1 as never), 'onError'],
        [() => transfer(1, [1 as never]), 'transfer(value, list)'],
      ];
      for (const [call, text] of wrong) assert.throws(call, MeshError, text);
      a.handle('h', () => 1);
      assert.throws(() => a.handle('h', () => 2), MeshError, 'already');
    }),
    'peers come and go in the directory, and it is in step everywhere': inMesh(async (mesh) => {
      const a = await mesh.join('a');
      const news: unknown[] = [];
      a.peers.on('join', (peer) => news.push(['join', peer.name]));
      a.peers.on('leave', (peer, reason) => news.push(['leave', peer.name, reason]));
      const b = await mesh.join('b');
      b.handle('x', () => 1);
      await b.subscribe('e', () => {});
      assert.deepEqual(
        a.peers.handling('x').map(({ id }) => id),
        [b.self.id],
      );
      assert.deepEqual(
        a.peers.named('b').map(({ id }) => id),
        [b.self.id],
      );
      assert.equal(a.peers.get(b.self.id)?.name, 'b');
      assert.deepEqual(
        [...a.peers].map(({ name }) => name),
        ['b'],
      );
      const left = new Promise((resolve) => a.peers.once('leave', resolve));
      await b.close();
      await left;
      assert.deepEqual(news, [
        ['join', 'b'],
        ['leave', 'b', 'bye'],
      ]);
      assert.equal(a.peers.size, 0);
    }),
    'a peer that may not be linked to is hidden, and sounds like one that is not there': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a', { peers: ['c'] }), await mesh.join('b')];
      b.handle('x', () => 1);
      await mesh.settled();
      assert.equal(a.peers.size + b.peers.size, 0);
      assert.equal((await rejection(a.to('b').request('x'))).code, 'NO_PEER');
      assert.equal((await rejection(a.to({ id: b.self.id }).request('x'))).code, 'NO_PEER');
    }),
    ...(kind.rejoins
      ? {
          'the end of the broker is told, and ends nothing: who is linked talks on': inMesh(async (mesh) => {
            const [a, b] = [await mesh.join('a'), await mesh.join('b')];
            const answer = deferred();
            b.handle('slow', () => answer.promise.then(() => 'at last'));
            b.handle('echo', (_, value) => value);
            await mesh.settled();
            const asked = a.request('slow');
            const stale = new Promise((resolve) => a.peers.once('stale', resolve));
            assert.equal(await a.request('echo', 1), 1);
            await mesh.stop();
            await stale;
            assert.equal(a.state, 'rejoining');
            assert.equal(await a.request('echo', 2), 2);
            answer.resolve();
            assert.equal(await asked, 'at last');
          }),
        }
      : {
          'the end of the broker ends the bus with BRIDGE_GONE': inMesh(async (mesh) => {
            const [a, b] = [await mesh.join('a'), await mesh.join('b')];
            b.handle('slow', () => new Promise(() => {}));
            await mesh.settled();
            const asked = rejection(a.request('slow'));
            await mesh.stop();
            assert.equal((await asked).code, 'BRIDGE_GONE');
            assert.equal((await a.closed).reason, 'bridge-gone');
            assert.equal((await rejection(a.request('x'))).code, 'BRIDGE_GONE');
          }),
        }),
  });
}
