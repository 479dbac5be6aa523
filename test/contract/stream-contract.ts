import { assert } from 'chai';
import type { MeshError } from '../../src/core/errors/mesh-error.js';
import type { MeshPort } from '../../src/core/port/mesh-port.js';
import { transfer } from '../../src/core/wire/transfer.js';
import { ITEM, REQUEST, RESULT, STARTED, STREAM } from '../../src/core/wire/frames.js';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { idle, withMesh } from './with-mesh.js';

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** What streams promise, over every kind of port. */
export function streamContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind);
  return cases({
    'M21: items arrive in order, and then the end': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('count', async function* (_, to: number) {
        for (let i = 0; i < to; i++) yield i % 7 === 0 ? new Map([[i, i]]) : i;
      });
      await mesh.settled();
      const items = await collect(a.stream('count', 5000));
      assert.lengthOf(items, 5000);
      assert.deepEqual(items[7], new Map([[7, 7]]));
      assert.ok(items.every((item, i) => i % 7 === 0 || item === i));
      assert.deepEqual(await collect(a.to('b').stream('count', 0)), []);
      await a.drain();
      assert.deepInclude(a.load, idle);
      assert.deepInclude(b.load, idle);
    }),
    'M21: a slow consumer holds its producer back': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      let made = 0;
      b.handle('blocks', async function* () {
        while (made < 20_000) {
          made++;
          yield new Uint8Array(16 * 1024);
        }
      });
      await mesh.settled();
      const stream = a.stream('blocks');
      for (let taken = 1; taken <= 500; taken++) {
        await stream.next();
        assert.isBelow(made - taken, 300, '4 MiB of 16 KiB each, and what is under way');
      }
      await stream.return();
      await a.drain();
      assert.isBelow(made, 900);
      assert.deepInclude(b.load, idle);
    }),
    "M21: break runs the producer's finally, and aborts its signal": inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const ended = deferred<unknown>();
      b.handle('forever', async function* (event) {
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          ended.resolve([event.signal.aborted, (event.signal.reason as MeshError).code]);
        }
      });
      await mesh.settled();
      for await (const item of a.stream('forever')) if (item === 10) break;
      assert.deepEqual(await ended.promise, [true, 'ABORTED']);
      await a.drain();
      assert.deepInclude(a.load, idle);
      assert.deepInclude(b.load, idle);
    }),
    'M21: a producer that waits is ended too': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const ended = deferred();
      b.handle('wait', async function* (event) {
        try {
          yield 1;
          await new Promise((resolve) => event.signal.addEventListener('abort', resolve));
        } finally {
          ended.resolve();
        }
      });
      await mesh.settled();
      const stream = a.stream('wait');
      assert.deepEqual(await stream.next(), { done: false, value: 1 });
      await stream.return();
      await ended.promise;
      assert.deepEqual(await stream.next(), { done: true, value: undefined });
    }),
    'M21: what the producer throws reaches the consumer, once, behind the last item': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('fails', async function* () {
        yield 1;
        yield 2;
        throw new RangeError('no more');
      });
      b.handle('fails at once', () => {
        throw new TypeError('never');
      });
      await mesh.settled();
      const stream = a.stream('fails');
      assert.equal((await stream.next()).value, 1);
      assert.equal((await stream.next()).value, 2);
      const error = await rejection(stream.next());
      assert.instanceOf(error, RangeError);
      assert.equal(error.message, 'no more');
      assert.deepEqual(await stream.next(), { done: true, value: undefined });
      assert.instanceOf(await rejection(a.stream('fails at once').next()), TypeError);
    }),
    "M21: the producer's end reaches the consumer, behind what had arrived": inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('some', async function* () {
        yield 1;
        await new Promise(() => {});
      });
      await mesh.settled();
      const stream = a.stream('some');
      assert.equal((await stream.next()).value, 1);
      const next = rejection(stream.next());
      const reason = mesh.kill(b, 'crashed');
      const error = await next;
      assert.equal(error.code, 'PEER_GONE');
      assert.equal(error.reason, reason);
      assert.include(error.message, "stream('some')");
    }),
    "the consumer's end stops the producer": inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const ended = deferred<string>();
      b.handle('forever', async function* (event) {
        try {
          for (;;) yield 1;
        } finally {
          ended.resolve((event.signal.reason as MeshError).code);
        }
      });
      await mesh.settled();
      await a.stream('forever').next();
      await a.close();
      assert.equal(await ended.promise, 'PEER_GONE');
      assert.deepInclude(b.load, idle);
    }),
    'a handler may return an iterable, a ReadableStream, or a promise of one': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('list', () => [1, 2, 3]);
      b.handle('readable', async () => {
        let n = 0;
        return new ReadableStream({ pull: (to) => (n < 3 ? to.enqueue(++n) : to.close()) });
      });
      await mesh.settled();
      assert.deepEqual(await collect(a.stream('list')), [1, 2, 3]);
      assert.deepEqual(await collect(a.stream('readable')), [1, 2, 3]);
    }),
    'a ReadableStream that a handler returned is cancelled when its consumer ends': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const cancelled = deferred();
      b.handle(
        'readable',
        () => new ReadableStream({ pull: (to) => to.enqueue(1), cancel: () => cancelled.resolve() }),
      );
      await mesh.settled();
      for await (const item of a.stream('readable')) if (item === 1) break;
      await cancelled.promise;
    }),
    'a ReadableStream that gives nothing is cancelled at once when its consumer ends, or its call': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        let cancelled = deferred();
        b.handle('idle', (_, first: readonly number[]) => {
          return new ReadableStream({
            start: (to) => first.forEach((item) => to.enqueue(item)),
            cancel: () => cancelled.resolve(),
          });
        });
        await mesh.settled();
        for await (const item of a.stream('idle', [1])) if (item === 1) break;
        await cancelled.promise;
        cancelled = deferred();
        await a.stream('idle', []).return(); // in the turn of the call: its handler is called, nothing is taken
        await cancelled.promise;
        await a.drain();
        assert.deepInclude(b.load, idle);
      },
    ),
    'readable() offers a stream as a ReadableStream, and cancelling it ends the producer': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const ended = deferred();
      b.handle('count', async function* (_, to: number) {
        try {
          for (let i = 0; i < to; i++) yield i;
        } finally {
          ended.resolve();
        }
      });
      await mesh.settled();
      const reader = a.stream('count', 3).readable().getReader();
      const got: unknown[] = [];
      for (let each = await reader.read(); !each.done; each = await reader.read()) got.push(each.value);
      assert.deepEqual(got, [0, 1, 2]);
      const other = a.stream('count', Infinity).readable().getReader();
      await other.read();
      await other.cancel();
      await ended.promise;
    }),
    'a stream that nobody handles rejects with NO_HANDLER; with wait, it waits for a handler': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      assert.equal((await rejection(a.stream('nothing').next())).code, 'NO_HANDLER');
      const waiting = collect(a.with({ wait: 5000 }).stream('later', 2));
      await a
        .with({ wait: 0 })
        .request('x')
        .catch(() => {});
      b.handle('later', (_, n: number) => Array.from({ length: n }, () => 'x'));
      assert.deepEqual(await waiting, ['x', 'x']);
    }),
    'a request to a stream, and a stream of a request, say what to call instead': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('stream', async function* () {
        yield 1;
      });
      b.handle('request', () => 42);
      await mesh.settled();
      const error = await rejection(a.request('stream'));
      assert.equal(error.code, 'INVALID_ARGUMENT');
      assert.include(error.message, "stream('stream', ...)");
      const other = await rejection(a.stream('request').next());
      assert.equal(other.code, 'INVALID_ARGUMENT');
      assert.match(
        other.message,
        /^stream\('request'\): its handler returned no stream\. .*request\('request', \.\.\.\)/,
      );
    }),
    'the time-out of a stream is for its beginning; one that was given is for each item': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const stopped = deferred();
      b.handle('never begins', () => new Promise<never[]>(() => {}));
      b.handle('stalls', async function* (event) {
        event.signal.addEventListener('abort', () => stopped.resolve());
        yield 1;
        await new Promise(() => {});
      });
      await mesh.settled();
      assert.equal((await rejection(a.with({ timeout: 20 }).stream('never begins').next())).code, 'TIMEOUT');
      const stalling = a.with({ timeout: 500 }).stream('stalls');
      assert.equal((await stalling.next()).value, 1);
      assert.equal((await rejection(stalling.next())).code, 'TIMEOUT');
      await stopped.promise;
      assert.deepInclude(a.load, idle);
    }),
    'a signal ends a stream on both sides': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const stopped = deferred();
      b.handle('forever', async function* (event) {
        event.signal.addEventListener('abort', () => stopped.resolve());
        for (;;) yield 1;
      });
      const controller = new AbortController();
      await mesh.settled();
      const stream = a.with({ signal: controller.signal }).stream('forever');
      await stream.next();
      controller.abort(new Error('enough'));
      await stopped.promise;
      const error = await rejection(collect(stream));
      assert.equal(error.code, 'ABORTED');
      await a.drain();
      assert.deepInclude(a.load, idle);
      assert.deepInclude(b.load, idle);
    }),
    'an item that can not be sent ends the stream, and the generator': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const ended = deferred();
      b.handle('bad', async function* () {
        try {
          yield 1;
          yield () => {};
          yield 2;
        } finally {
          ended.resolve();
        }
      });
      await mesh.settled();
      const stream = a.stream('bad');
      assert.equal((await stream.next()).value, 1);
      assert.equal((await rejection(stream.next())).code, 'NOT_CLONEABLE');
      await ended.promise;
      assert.deepInclude(b.load, idle);
    }),
    'a producer that sends more than it was granted, whatever it says of its items, is cut off, and reported': inMesh(
      async (mesh) => {
        const a = await mesh.join('a');
        const reports: string[] = [];
        a.onError((error, { peer }) => reports.push(`${(error as MeshError).code} ${peer.name}`));
        const floods: Record<string, (id: number) => unknown[]> = {
          'costs nothing': (id) => Array.from({ length: 5000 }, () => [ITEM, id, 0, 'x']).flat(),
          'costs much': (id) => Array.from({ length: 3 }, () => [ITEM, id, 600, 'x']).flat(),
          'costs little': (id) => Array.from({ length: 3 }, () => [ITEM, id, 1, new Uint8Array(100_000)]).flat(),
        };
        for (const [i, flood] of Object.values(floods).entries()) {
          const raw = await mesh.joinHanging(`raw${i}`, ['flood']);
          const stream = a.to(`raw${i}`).stream('flood');
          const other = a.to(`raw${i}`).request('flood');
          await raw.wake((data, port) => {
            const post = data as unknown[];
            const at = post.indexOf(STREAM, 1);
            if (at < 0) return;
            const [id, request] = [post[at + 1] as number, post[post.indexOf(REQUEST, 1) + 1]];
            port.post([1, STARTED, id, ...flood(id), RESULT, request, 'lives on']);
          });
          assert.equal(await other, 'lives on');
          let taken = 0;
          const error = await rejection(
            (async () => {
              for await (const item of stream) taken += item === 'x' ? 1 : 100_000;
            })(),
          );
          assert.equal(error.code, 'PROTOCOL');
          assert.include(error.message, `stream('flood') to raw${i}`);
          assert.isAtMost(taken, 1024);
          assert.deepEqual(reports.splice(0), [`PROTOCOL raw${i}`]);
        }
        assert.deepInclude(a.load, idle);
      },
    ),
    ...(!kind.mixed && {
      'ports in items that nobody took are closed, those of the others are not': inMesh(async (mesh) => {
        const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
        const closed: Promise<unknown>[] = [];
        const sent = deferred();
        c.onPort('keep', (_, port) => {
          closed.push(new Promise((resolve) => (port.onclose = resolve)));
          port.onmessage = ({ data }) => port.postMessage(data);
        });
        b.handle('ports', async function* () {
          for (let i = 0; i < 3; i++) {
            const port = await b.openPort('keep');
            yield transfer({ deep: [new Map([[i, port]])] }, [port]);
          }
          sent.resolve();
          await new Promise(() => {});
        });
        await mesh.settled();
        const stream = a.stream<'ports'>('ports');
        const { value } = (await stream.next()) as { value: { deep: [Map<number, MeshPort>] } };
        const taken = value.deep[0].get(0) as MeshPort;
        while (a.pending + b.pending > 0 || closed.length < 3) await b.drain();
        await b
          .to('a')
          .request('turn')
          .catch(() => {});
        await stream.return();
        await Promise.all(closed.slice(1));
        const answer = new Promise((resolve) => (taken.onmessage = ({ data }) => resolve(data)));
        taken.postMessage('still open');
        assert.equal(await answer, 'still open');
        taken.close();
      }),
    }),
    'several next() at once are answered in order': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('two', () => [1, 2]);
      await mesh.settled();
      const stream = a.stream('two');
      const got = await Promise.all([stream.next(), stream.next(), stream.next(), stream.next()]);
      assert.deepEqual(
        got.map(({ value }) => value),
        [1, 2, undefined, undefined],
      );
    }),
    'a hundred streams at a time share a link': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('count', async function* (_, from: number) {
        for (let i = from; i < from + 50; i++) yield i;
      });
      await mesh.settled();
      const all = await Promise.all(Array.from({ length: 100 }, (_, i) => collect(a.stream('count', i))));
      all.forEach((items, from) =>
        assert.deepEqual(
          items,
          Array.from({ length: 50 }, (_, i) => from + i),
        ),
      );
      await a.drain();
      assert.deepInclude(a.load, idle);
      assert.deepInclude(b.load, idle);
    }),
  });
}
