import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../../../src/core/bus/bus.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { rejection } from '../../../contract/case.js';
import { Child } from '../../support/child.js';
import { heapAfterCollection } from '../../support/garbage.js';
import { until } from '../../support/guests.js';
import { NodeMesh, news, secrets } from '../../support/node-mesh.js';

// Processes that are paused, or killed, in the middle of what they do.

const MIB = 1024 * 1024;
const idle = { calls: 0, serving: 0, parked: 0, signals: 0, references: 0 };

let mesh: NodeMesh;
beforeEach(() => void (mesh = new NodeMesh()));
afterEach(() => mesh.close());

/** A peer in a process of its own, which answers, and notes the numbers it gets. */
async function peer(name: string): Promise<Child> {
  const child = await Child.start();
  await child.run(
    async ({ portmesh, buses, noted }, { path, token, given }) => {
      const bus = await portmesh.connect({ broker: { path, token }, name: given });
      buses.push(bus);
      bus.handle('echo', (_: unknown, value: unknown) => value);
      bus.handle('never', () => new Promise(() => {}));
      bus.handle('noted', () => noted);
      await bus.subscribe('number', (_: unknown, number: number) => void noted.push(number));
    },
    { path: mesh.path, token: secrets.peer, given: name },
  );
  return child;
}

function brokerIn(child: Child): Promise<void> {
  return child.run(
    async (world, given) => {
      world.broker = await world.portmesh.createBroker(given);
    },
    { path: mesh.path, secrets },
  );
}

/** How calls came out: how many were answered, and how many rejected, by code. */
class Outcome {
  readonly #settled: Promise<string>[] = [];

  add(...calls: readonly Promise<unknown>[]): void {
    for (const call of calls) {
      this.#settled.push(
        call.then(
          () => 'ok',
          (error: unknown) => String((error as { code?: string }).code),
        ),
      );
    }
  }

  async counts(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const key of await Promise.all(this.#settled)) counts[key] = (counts[key] ?? 0) + 1;
    return counts;
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe('a paused peer', () => {
  it('holds up nobody else; what waits for it is bounded, and arrives, in order and once, when it goes on', async () => {
    const broker = await mesh.broker();
    const [child, other] = [await peer('b'), await mesh.join('other')];
    const a = await mesh.join('a', { flow: { limit: 20_000 } });
    other.handle('echo', (_, value) => value);
    const b = a.to('b');
    await b.request('echo', 1);
    const before = await heapAfterCollection();
    child.pause();
    const [silent, back] = [
      new Promise((resolve) => a.peers.once('unresponsive', resolve)),
      new Promise((resolve) => a.peers.once('responsive', resolve)),
    ];
    let sent = 0;
    const send = async (): Promise<never> => {
      for (; ; sent++) {
        b.send('number', sent, new Uint8Array(1000));
        if (sent % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    expect((await rejection(send())).code).toBe('LIMIT');
    expect(b.pending).toBeLessThan(30_000);
    const refused = await rejection(b.request('echo', 1));
    expect(refused.code).toBe('LIMIT');
    expect(await a.to('other').request('echo', 2)).toBe(2);
    await silent;
    for (let i = 0; i < 1000; i++) a.on(`channel ${i}`, () => {});
    await other.subscribe('e', () => {}); // waits a second for it, and no longer
    child.resume();
    await back;
    await a.drain();
    expect(b.pending).toBe(0);
    const noted = (await b.request('noted')) as number[];
    expect(noted).toEqual(upTo(sent));
    expect(a.load).toMatchObject(idle);
    await until(() => broker.state().sockets.queued === 0);
    a.removeAllListeners();
    expect((await heapAfterCollection()) - before).toBeLessThan(8 * MIB);
  }, 30_000);

  it('has calls that time out on their own time, and answers the others when it goes on', async () => {
    await mesh.broker();
    const child = await peer('b');
    const a = await mesh.join('a');
    await a.to('b').request('echo', 0);
    child.pause();
    const late = new Outcome();
    for (let i = 0; i < 200; i++) late.add(a.to('b').with({ timeout: 300 }).request('echo', i));
    const patient = upTo(200).map((i) => a.to('b').request('echo', i));
    expect(await late.counts()).toEqual({ TIMEOUT: 200 });
    child.resume();
    expect(await Promise.all(patient)).toEqual(upTo(200));
    expect(a.load).toMatchObject(idle);
  });

  it('loses its seat when too much waits for it at the broker, which says so; it takes its seat again when it goes on', async () => {
    const broker = await mesh.broker({ maxQueued: 256 * 1024 });
    const refused: [MeshError, string][] = [];
    broker.on('refused', (...args) => refused.push(args));
    const child = await peer('b');
    const [a, other] = [await mesh.join('a'), await mesh.join('other')];
    const { id } = a.peers.named('b')[0]!;
    child.pause();
    const left = news(other, 'leave', 'b');
    let announced = 0;
    let highest = 0;
    const gone = left.then(() => true);
    const noise = 'x'.repeat(200);
    while (!(await Promise.race([gone, new Promise((resolve) => setImmediate(resolve))]))) {
      a.on(`${noise}${++announced}`, () => {});
      a.removeAllListeners(`${noise}${announced}`);
      highest = Math.max(highest, broker.state().sockets.queued);
      if (announced > 100_000) throw new Error('it has not lost its seat');
    }
    expect(await left).toEqual([expect.objectContaining({ id }), 'lost']);
    expect(highest).toBeLessThan(512 * 1024);
    expect(refused.map(([{ code }, where]) => [code, where])).toEqual([['LIMIT', 'a peer']]);
    expect(refused[0]![0].message).toMatch(
      /^b \(.+\): \d+ bytes wait for it that it does not read, and 262144 may \(maxQueued\)/,
    );
    await until(() => broker.state().sockets.queued === 0);
    expect(broker.state()).toMatchObject({ refused: 1, peers: [{ name: 'a' }, { name: 'other' }] });
    const back = news(other, 'join', 'b');
    child.resume();
    expect(await back).toEqual([expect.objectContaining({ id })]);
    expect(await other.to('b').with({ wait: 1000 }).request('echo', 1)).toBe(1);
  }, 30_000);

  it('that was to be dialed is waited for; its link works when it goes on', async () => {
    await mesh.broker();
    const child = await peer('b');
    const a = await mesh.join('a');
    child.pause();
    const calls = upTo(100).map((i) => a.to('b').request('echo', i));
    const late = rejection(a.to('b').with({ timeout: 200 }).request('echo', 'late'));
    expect((await late).code).toBe('TIMEOUT');
    child.resume();
    expect(await Promise.all(calls)).toEqual(upTo(100));
  });
});

describe('a paused broker', () => {
  it('stops no link; who joins, or subscribes, waits, up to its time-out', async () => {
    const host = await Child.start();
    await brokerIn(host);
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, value) => value);
    expect(await a.with({ wait: 1000 }).request('echo', 1)).toBe(1);
    host.pause();
    expect(await Promise.all(upTo(100).map((i) => a.request('echo', i)))).toEqual(upTo(100));
    const joining = await rejection(mesh.join('late', { timeout: 200 }));
    expect(joining).toMatchObject({ code: 'TIMEOUT', message: expect.stringMatching(/ within \d+ ms/) });
    const subscribed = a.subscribe('e', () => {});
    const c = mesh.join('c');
    host.resume();
    await subscribed;
    await c;
    expect(a.state).toBe('open');
    expect((await host.run(({ broker }) => broker.peers.map(({ name }) => name))).sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('a broker that is killed', () => {
  it('in a burst: links lose nothing, what went through it rejects, all rejoin the next one under their ids', async () => {
    const first = await Child.start();
    await brokerIn(first);
    await peer('b');
    const a = await mesh.join('a');
    const others = await Promise.all(upTo(5).map((i) => mesh.join(`other ${i}`)));
    for (const other of others) other.handle('echo', (_, value) => value);
    const b = a.to('b');
    await b.request('echo', 0);
    const ids = (await first.run(({ broker }) => broker.peers.map(({ id }) => id))).sort();
    const leaves: string[] = [];
    a.peers.on('leave', ({ name }) => leaves.push(name));
    const stale = [a, ...others].map((bus) => news(bus, 'stale'));
    const fresh = [a, ...others].map((bus) => news(bus, 'fresh'));
    const [calls, brokered] = [new Outcome(), new Outcome()];
    const count = 3000;
    for (let i = 0; i < count; i++) {
      b.send('number', i);
      calls.add(b.request('echo', i));
      if (i % 10 === 0)
        brokered.add(
          others[i % 5]!.subscribe(`channel ${i}`, () => {}),
          others[i % 5]!.queryState(),
        );
      if (i === 1000) for (const other of others) brokered.add(other.to('b').request('echo', i));
      if (i === 1500) first.process.kill('SIGKILL');
      if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(stale);
    expect(await calls.counts()).toEqual({ ok: count });
    const { BRIDGE_GONE, ...rest } = await brokered.counts();
    expect(BRIDGE_GONE).toBeGreaterThan(0);
    expect(Object.keys(rest).filter((code) => code !== 'ok' && code !== 'PEER_GONE')).toEqual([]);
    expect(await b.request('noted')).toEqual(upTo(count));
    const second = await Child.start();
    await brokerIn(second); // its socket's file is still there
    await Promise.all(fresh);
    await until(() => [a, ...others].every(({ state }) => state === 'open'));
    while ((await second.run(({ broker }) => broker.peers.length)) < ids.length);
    expect((await second.run(({ broker }) => broker.peers.map(({ id }) => id))).sort()).toEqual(ids);
    // What it listens to and handles is the first thing that a peer says: it has its seat then already.
    const channels = (): Promise<number> => second.run(({ broker }) => Object.keys(broker.state().channels).length);
    while ((await channels()) < 300 + 4); // those of `on`, echo, never, noted, number
    expect(await channels()).toBe(300 + 4);
    expect(leaves).toEqual([]);
    for (const bus of [a, ...others]) {
      expect(await bus.to('b').request('echo', 'again')).toBe('again');
      expect(bus.load).toMatchObject(idle);
    }
  }, 20_000);
});

describe('a peer that is killed', () => {
  it('in a burst of both sides: what is pending rejects within 250 ms, leave is told once, nothing is left over', async () => {
    const broker = await mesh.broker();
    const a = await mesh.join('a');
    const witness = await mesh.join('witness');
    const before = await heapAfterCollection();
    for (let round = 0; round < 3; round++) {
      const child = await peer('b');
      const b = a.to('b');
      await b.request('echo', 0);
      await child.run(({ buses: [bus] }) => {
        const talk = (): void => {
          for (let i = 0; i < 100; i++) bus!.send('storm', i, new Uint8Array(2000));
          setImmediate(talk);
        };
        talk();
      });
      let heard = 0;
      a.on('storm', () => heard++);
      await until(() => heard > 2000);
      const leaves: unknown[] = [];
      const note = ({ name }: { name: string }, reason: string): void => void leaves.push([name, reason]);
      for (const bus of [a, witness]) bus.peers.on('leave', note);
      const calls = new Outcome();
      for (let i = 0; i < 100; i++) calls.add(b.request('never'));
      for (let i = 0; i < 1000; i++) b.send('number', i, new Uint8Array(5000));
      const dropped = new Promise((resolve) => a.onDropped(resolve));
      const left = [news(a, 'leave'), news(witness, 'leave')];
      const end = once(child.process, 'exit').then(() => performance.now());
      child.process.kill('SIGKILL');
      const settled = calls.counts().then((counts) => [counts, performance.now()] as const);
      const ended = await end;
      const [counts, at] = await settled;
      expect(counts).toEqual({ PEER_GONE: 100 });
      // From when the system says that it is gone: before, on a busy machine, it may still be dying.
      expect(at - ended).toBeLessThan(250);
      await Promise.all(left);
      await dropped;
      expect(leaves).toEqual([
        ['b', 'lost'],
        ['b', 'lost'],
      ]);
      expect((await rejection(b.request('echo', 1))).code).toBe('NO_PEER');
      for (const bus of [a, witness]) bus.peers.off('leave', note);
      a.removeAllListeners();
      expect([a.load, broker.state().peers.length]).toEqual([{ ...idle, links: 0 }, 2]);
    }
    expect((await heapAfterCollection()) - before).toBeLessThan(8 * MIB);
  }, 30_000);
});

describe('a slow reader', () => {
  it('of a stream: 20,000 items of 16 KiB, in order, in a bounded piece of memory at either end', async () => {
    await mesh.broker();
    const child = await peer('b');
    await child.run(({ buses: [bus], noted }) => {
      noted.push(0);
      bus!.handle('items', async function* () {
        for (let i = 0; i < 20_000; i++) {
          if (i % 500 === 0) {
            const { heapUsed, arrayBuffers } = process.memoryUsage();
            noted[0] = Math.max(noted[0] as number, heapUsed + arrayBuffers);
          }
          const item = new Uint8Array(16 * 1024).fill(i % 251);
          yield [i, item];
        }
      });
    });
    const a = await mesh.join('a');
    const start = await heapAfterCollection();
    let [next, most] = [0, 0];
    for await (const item of a.to('b').with({ wait: 1000 }).stream('items')) {
      const [number, bytes] = item as [number, Uint8Array];
      expect([number, bytes[0], bytes.length]).toEqual([next, next % 251, 16 * 1024]);
      next++;
      // As slow as the other one can be bored by, without a test of minutes.
      if (next % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      if (next % 2000 === 0) most = Math.max(most, (await heapAfterCollection()) - start);
    }
    expect(next).toBe(20_000);
    expect(most).toBeLessThan(16 * MIB);
    const [there] = await child.run(({ noted }) => noted as [number]);
    expect(there).toBeLessThan(128 * MIB);
    expect(a.load).toMatchObject(idle);
  }, 60_000);

  it('of events: drain() waits for it, memory is bounded, nothing is lost', async () => {
    await mesh.broker();
    const child = await peer('b');
    await child.run(({ buses: [bus] }) => {
      bus!.on('slow', () => {
        const end = performance.now() + 0.2;
        while (performance.now() < end);
      });
    });
    const a = await mesh.join('a', { flow: { limitBytes: 16 * MIB } });
    const b = a.to('b');
    await b.request('echo', 0);
    await a.subscribe('x', () => {});
    for (let i = 0; i < 5000; i++) {
      b.send('slow', i, new Uint8Array(2000));
      b.send('number', i);
      if (b.pending > 2000) await a.drain();
    }
    await a.drain();
    expect([b.pending, a.load.calls]).toEqual([0, 0]);
    expect(await b.request('noted')).toEqual(upTo(5000));
  }, 30_000);
});

describe('a process', () => {
  it('ends on its own when its bus was closed, on both sides at once and twice, and when the broker is gone', async () => {
    const broker = await mesh.broker();
    const child = await peer('b');
    const a: Bus = await mesh.join('a');
    await a.to('b').request('echo', 0);
    const left = news(a, 'leave');
    await Promise.all([
      // It may come before the end, or behind it.
      a
        .to('b')
        .request('echo', 1)
        .catch((error: unknown) => {
          if (!MeshError.is(error, 'PEER_GONE')) throw error;
        }),
      child.run(async ({ buses: [bus] }) => {
        await Promise.all([bus!.close(), bus!.close()]);
        await bus!.close();
      }),
    ]);
    expect(await left).toEqual([expect.objectContaining({ name: 'b' }), 'bye']);
    child.letGo();
    expect(await child.exited).toBe(0);
    const second = await peer('c');
    await a.to('c').request('echo', 0);
    await broker.close();
    await Promise.all([a.close(), second.run(({ buses: [bus] }) => bus!.close())]);
    second.letGo();
    expect(await second.exited).toBe(0);
  });
});
