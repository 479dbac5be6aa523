import { assert } from 'chai';
import { consume, defineService, provide } from '../../src/service/index.js';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { idle, withMesh } from './with-mesh.js';

interface Tape {
  play(): AsyncIterable<number>;
  album(): Promise<{ songs: AsyncIterable<number> }>;
  record(items: AsyncIterable<number>): Promise<number>;
  ok(): void;
}
const tape = defineService<Tape, { spun: [count: number] }>('tape');

/** What is told and streamed by a service that stops, and to one whose caller does not wait any more. */
export function stoppedContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind);

  /** A stream without an end, and what becomes of it. */
  const endless = () => {
    const [begun, ended] = [deferred(), deferred()];
    const items = (async function* () {
      begun.resolve();
      try {
        // Others shall have their turn, too.
        for (let i = 0; ; i++) yield await new Promise<number>((next) => setTimeout(next, 0, i));
      } finally {
        ended.resolve();
      }
    })();
    return { items, begun: begun.promise, ended: ended.promise };
  };
  const none = async function* (): AsyncGenerator<number> {};
  const takeAll = async (items: AsyncIterable<number>): Promise<never> => {
    for await (const _ of items);
    throw new Error('it ended as if that were all');
  };

  return cases({
    'S3: streams of a service that stops end with the error of its pending calls, and so do those not begun': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        const [played, uploaded] = [endless(), endless()];
        const untaken = deferred();
        const taken = deferred<Error>();
        const provided = provide(b, tape, {
          play: () => played.items,
          album: async () => ({ songs: new ReadableStream<number>({ cancel: () => untaken.resolve() }) }),
          record: async (items) => {
            await takeAll(items).catch(taken.resolve);
            return 0;
          },
          ok() {},
        });
        const f = consume(a, tape);
        const { songs } = await f.album();
        const playing = rejection(takeAll(f.play()));
        const recording = rejection(f.record(uploaded.items));
        await Promise.all([played.begun, uploaded.begun]);
        provided.stop();
        for (const failed of [playing, recording, rejection(takeAll(songs))]) {
          const { code, message } = await failed;
          assert.deepEqual([code, message], ['NO_SERVICE', 'tape: its provider, b, stopped it.']);
        }
        await Promise.all([played.ended, uploaded.ended, untaken.promise]);
        assert.equal(((await taken.promise) as { code?: string }).code, 'CLOSED');
        const again = provide(b, tape, { play: () => [1], album: () => ({ songs: none() }), record: () => 0, ok() {} });
        const playingAgain = f.play();
        provided.stop(); // it has nothing to do with those of the next one
        const got: number[] = [];
        for await (const each of playingAgain) got.push(each);
        assert.deepEqual(got, [1]);
        again.stop();
        for (const { load } of [a, b]) assert.deepEqual({ ...load, links: 0 }, { links: 0, ...idle });
      },
    ),
    'S5: what came with a call that its caller gave up is taken from no more, whatever the method does': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        const [taken, over] = [deferred<Error>(), deferred()];
        provide(b, tape, {
          play: () => [],
          album: () => ({ songs: none() }),
          record: async (items) => {
            await takeAll(items).catch(taken.resolve);
            await over.promise;
            return 0;
          },
          ok() {},
        });
        const f = consume(a, tape);
        const { items, begun, ended } = endless();
        const controller = new AbortController();
        const recording = f.$with({ signal: controller.signal }).record(items);
        await begun;
        controller.abort();
        assert.equal((await rejection(recording)).code, 'ABORTED');
        await ended;
        assert.equal(((await taken.promise) as { code?: string }).code, 'CLOSED');
        over.resolve();
        await f.ok();
        for (const { load } of [a, b]) assert.deepEqual({ ...load, links: 0 }, { links: 0, ...idle });
      },
    ),
    'S3: $stop, and a $start behind it, come behind all that was told before': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const implementation = { play: () => [], album: () => ({ songs: none() }), record: () => 0, ok() {} };
      const f = consume(a, tape);
      const first = provide(b, tape, implementation);
      await f.$ready();
      const got: unknown[] = [];
      const restarted = deferred();
      f.$on('$start', ({ name }) => {
        got.push('$start', name);
        restarted.resolve();
      });
      f.$on('$stop', ({ name }, reason) => got.push('$stop', name, reason));
      await f.$subscribe('spun', (count) => got.push(count));
      const many = 6000;
      for (let i = 0; i < many; i++) first.emit('spun', i);
      first.stop();
      provide(b, tape, implementation);
      await restarted.promise;
      assert.deepEqual(got.slice(many), ['$stop', 'b', undefined, '$start', 'b']);
      assert.equal(got[many - 1], many - 1);
    }),
  });
}
