import assert from 'node:assert';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as control from '../../../src/core/broker/control.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import { HANDLE, LISTEN } from '../../../src/core/directory/entry.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import type { Port } from '../../../src/core/port/port.js';
import * as wire from '../../../src/core/wire/frames.js';
import { rejection } from '../../contract/case.js';
import { TestMesh } from '../../contract/mesh.js';
import { ControlSide } from '../support/control-side.js';
import { FakePort } from '../support/fake-port.js';
import { hearing } from '../support/hearing.js';
import { controlPost, linkPost } from '../support/hostile.js';
import { peer } from '../../contract/link-side.js';
import { turn } from '../support/turn.js';

// M26 on ports in memory: a peer that speaks the wire by hand, and wrongly. A failure prints its seed, its path and the
// posts that are left after shrinking: `PORTMESH_SEED=… npx vitest run …` has it again. `PORTMESH_FUZZ=20` runs it 20 times as long.

const scale = Number(process.env['PORTMESH_FUZZ'] ?? 1);
const seed = process.env['PORTMESH_SEED'] === undefined ? {} : { seed: Number(process.env['PORTMESH_SEED']) };
const patience = 60_000 * scale;

/** Writes down what a port's owner throws; its members must not. */
function guarded(port: Port, thrown: unknown[]): Port {
  return hearing(port, (listener) => (data, ports) => {
    try {
      listener.message(data, ports);
    } catch (error) {
      thrown.push(error);
    }
  });
}

/** Everything a bus can be asked for. */
function serve(bus: Bus, problems: unknown[]): void {
  bus.handle('echo', (_, value) => value);
  bus.handle('slow', () => new Promise(() => {}));
  bus.handle('throws', (_, value) => {
    throw value;
  });
  bus.handle('constructor', async () => 'an ordinary name');
  bus.on('e', () => {});
  bus.on('loud', () => {
    throw new Error('of the listener');
  });
  bus.onError((error) => problems.push(error));
}

describe('a hostile peer on a link', () => {
  const numRuns = 240 * scale;

  it(
    'throws nothing, hangs nothing and leaves nothing, with 20,000 posts and more',
    { timeout: patience },
    async () => {
      const seen = { posts: 0, settled: 0, reported: 0, answers: 0 };
      await fc.assert(
        fc.asyncProperty(fc.array(linkPost, { maxLength: 300, size: 'max' }), async (posts) => {
          const thrown: unknown[] = [];
          const problems: unknown[] = [];
          const mesh = new TestMesh({
            make() {
              const [near, far] = createMemoryChannel().ports;
              return [guarded(near, thrown), guarded(far, thrown)];
            },
          });
          const [victim, friend] = [await mesh.join('victim'), await mesh.join('friend')];
          serve(victim, problems);
          serve(friend, problems);
          const raw = mesh.joinRaw('hostile');
          const seat = new ControlSide(raw.port);
          seat.post([control.CHANGES, 1, [HANDLE, 'ask', LISTEN, 'h']]);
          await turn();

          // The victim has opened a link to it: calls wait for its answer, and posts that went alone are unacknowledged.
          const hostile = victim.to({ id: raw.id }).with({ timeout: Infinity });
          const asked = Array.from({ length: 12 }, (_, i) =>
            hostile.request('ask', i % 3 === 0 ? new Map([[i, i]]) : i).catch(() => {}),
          );
          for (let i = 0; i < 4; i++) hostile.send('h', new Set([i]));
          assert.equal(await victim.to('friend').request('echo', 'before'), 'before');
          const port = seat.ports[0] as Port;
          const received: unknown[][] = [];
          port.start({ message: (data) => received.push(data as unknown[]), unreadable() {}, close() {} });
          await turn();

          for (const post of posts) port.post(post);
          seen.posts += posts.length;
          await turn();
          assert.deepEqual(thrown, []);

          // It is still answered, and all it was sent can be acknowledged.
          port.post([received.length, wire.REQUEST, 999_999, 'echo', 1, 'still here']);
          await turn();
          const answer = received.flat().findIndex((each, i, all) => each === 999_999 && all[i - 1] === wire.RESULT);
          assert.equal(received.flat()[answer + 1], 'still here');
          port.post([received.length]);
          await turn();
          assert.equal(hostile.pending, 0);
          const { serving, calls, links } = victim.load;
          assert.ok(serving <= posts.length * 4 && calls <= asked.length && links === 2);
          seen.settled += asked.length - calls;
          seen.answers += received.length;

          // The others don't notice.
          assert.equal(await friend.to('victim').request('echo', 'friend'), 'friend');
          assert.deepEqual(mesh.malformed, []);
          for (const error of problems) {
            const { code, message } = error as { code?: string; message: string };
            assert.ok(code === 'PROTOCOL' || message === 'of the listener', message);
          }
          seen.reported += problems.length;

          // And nothing of it is left, once it is gone.
          mesh.hub.remove(raw.id, 'evicted');
          await Promise.all(asked);
          assert.deepEqual(victim.load, { links: 1, calls: 0, serving: 0, parked: 0, signals: 0, references: 0 });
          assert.deepEqual(
            [...victim.peers].map(({ name }) => name),
            ['friend'],
          );
          assert.deepEqual(
            victim.peers.listening('e').map(({ name }) => name),
            ['friend'],
          );
          mesh.close();
          await turn();
          assert.deepEqual(thrown, []);
        }),
        { numRuns, ...seed },
      );
      expect(seen.posts).toBeGreaterThan(20_000 * scale);
      // It was no mere noise: calls were settled by it, requests answered, nonsense reported.
      expect(seen.settled).toBeGreaterThan(numRuns);
      expect(seen.answers).toBeGreaterThan(numRuns * 5);
      expect(seen.reported).toBeGreaterThan(numRuns);
      expect(({} as Record<string, unknown>)['a'], 'no prototype was polluted').toBeUndefined();
    },
  );
});

describe('a hostile peer on its control port', () => {
  const numRuns = 240 * scale;

  it('throws nothing, hangs nothing and leaves nothing, with thousands of posts', { timeout: patience }, async () => {
    const seen = { malformed: 0, links: 0, ports: 0 };
    const post = fc.tuple(controlPost(['p1', 'p2', 'hostile']), fc.constantFrom(0, 0, 1, 1, 2));
    await fc.assert(
      fc.asyncProperty(fc.array(post, { maxLength: 200, size: 'max' }), async (posts) => {
        const thrown: unknown[] = [];
        const problems: unknown[] = [];
        const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
        const [victim, friend] = [await mesh.join('victim'), await mesh.join('friend')];
        serve(victim, problems);
        serve(friend, problems);
        const port = new FakePort();
        mesh.hub.admit(peer('hostile', { id: 'hostile' }), port);
        await turn();

        for (const [data, count] of posts) {
          const channels = Array.from({ length: count }, () => {
            const [near, far] = createMemoryChannel().ports;
            const channel = { far: guarded(far, thrown), closed: false };
            near.start({ message() {}, unreadable() {}, close: () => (channel.closed = true) });
            return channel;
          });
          const before = mesh.malformed.length;
          port.deliverWith(
            structuredClone(data),
            channels.map(({ far }) => far),
          );
          const malformed = mesh.malformed.length - before;
          assert.ok(malformed <= 1, 'told once for a post');
          if (malformed === 0) continue;
          await Promise.resolve();
          for (const { closed } of channels) assert.ok(closed, 'a port beside nonsense is closed');
          seen.malformed++;
          seen.ports += count;
        }
        await turn();
        assert.deepEqual(thrown, []);

        // It is still answered, and everybody is there.
        port.deliver([[control.SYNC, 424_242]]);
        // Behind the changes that came before, of which many are told a little later.
        const synced = (each: unknown): boolean =>
          Array.isArray(each) && each[0] === control.SYNCED && each[1] === 424_242;
        await vi.waitFor(() => assert.ok(port.posts.flat().some(synced)), { timeout: 5000, interval: 1 });
        assert.equal(mesh.hub.size, 3);
        assert.ok(mesh.hub.state().links <= posts.length * 4);
        seen.links += mesh.hub.state().links;

        // The others find each other, and newcomers.
        assert.equal(await victim.to('friend').request('echo', 1), 1);
        assert.equal((await rejection(friend.request('nobody'))).code, 'NO_HANDLER');
        const late = await mesh.join('late');
        assert.equal(await late.to('victim').request('echo', 2), 2);
        assert.deepEqual([...late.peers].map(({ name }) => name).sort(), ['friend', 'hostile', 'victim']);

        mesh.hub.remove('hostile', 'evicted');
        await turn();
        assert.deepEqual(victim.load, { links: 2, calls: 0, serving: 0, parked: 0, signals: 0, references: 0 });
        assert.deepEqual(problems, []);
        mesh.close();
        await turn();
      }),
      { numRuns, ...seed },
    );
    expect(seen.malformed).toBeGreaterThan(numRuns * 10);
    expect(seen.ports).toBeGreaterThan(numRuns * 5);
    expect(seen.links).toBeGreaterThan(numRuns);
  });
});
