import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Bus } from '../../../../src/core/bus/bus.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { deferred, rejection } from '../../../contract/case.js';
import { FaultyNet } from '../../support/faulty-net.js';
import { heapAfterCollection } from '../../support/garbage.js';
import { until } from '../../support/guests.js';
import { NodeMesh } from '../../support/node-mesh.js';
import { assertProperty, scale } from '../../support/seeds.js';

// Connections that are cut at a random byte, between two peers and between a peer and its broker. Nothing hangs, nothing arrives
// twice or out of order, each call settles, and nothing is left over.

const net = vi.hoisted(() => ({
  faulty: undefined as FaultyNet | undefined,
  /** Called with each dial's number since it was set, from 1. */
  dialed: undefined as ((nth: number) => Promise<void> | void) | undefined,
  dials: 0,
}));
vi.mock('../../../../src/node/net/dial.js', async (original) => {
  const real = await original<typeof import('../../../../src/node/net/dial.js')>();
  const dial: typeof real.dial = async (address, patience) => {
    await net.dialed?.(++net.dials);
    return real.dial((await net.faulty?.through(address)) ?? address, patience);
  };
  return { ...real, dial };
});

let mesh: NodeMesh;
let faulty: FaultyNet;
beforeEach(() => {
  mesh = new NodeMesh();
  faulty = net.faulty = new FaultyNet();
});
afterEach(async () => {
  net.dialed = undefined;
  await mesh.close();
  await faulty.close();
});

const idle = { calls: 0, serving: 0, parked: 0, signals: 0, references: 0 };

/** A burst of one peer to another: events and requests, and what became of them. */
class Burst {
  readonly heard: number[] = [];
  readonly answers: Promise<unknown>[] = [];
  sent = 0;
  dropped = 0;
  readonly #from: Bus;
  readonly #to: Bus;

  constructor(from: Bus, to: Bus) {
    this.#from = from;
    this.#to = to;
    to.on('event', (event, number: number, load: Uint8Array) => {
      if (event.sender.id !== from.self.id) return;
      expect(load.every((byte) => byte === number % 251)).toBe(true);
      this.heard.push(number);
    });
    to.handle(`echo ${from.self.name}`, async (_, number: number, load: Uint8Array) => {
      await Promise.resolve();
      return [number, load];
    });
    from.onDropped(({ count }) => (this.dropped += count));
  }

  one(size: number, request: boolean): void {
    const number = ++this.sent;
    const load = new Uint8Array(size).fill(number % 251);
    this.#from.to(this.#to.self).send('event', number, load);
    if (!request) return;
    const answer = this.#from.to(this.#to.self).request(`echo ${this.#from.self.name}`, number, load);
    this.answers.push(
      answer.then(
        (got) => expect(got).toEqual([number, load]),
        (error: unknown) => expect(error).toMatchObject({ code: 'PEER_GONE', reason: 'lost' }),
      ),
    );
  }

  /** When all is over: in order, nothing twice, and what did not arrive was told. */
  async check(): Promise<void> {
    await Promise.all(this.answers);
    expect(this.heard.every((number, i) => i === 0 || number > this.heard[i - 1]!)).toBe(true);
    expect(this.heard.length + this.dropped).toBeGreaterThanOrEqual(this.sent);
  }
}

interface Plan {
  readonly after: number;
  readonly bursts: readonly (readonly { readonly size: number; readonly request: boolean; readonly back: boolean }[])[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  after: fc.oneof(fc.nat(2000), fc.nat(500_000)),
  bursts: fc.array(
    fc.array(fc.record({ size: fc.constantFrom(0, 10, 5000, 100_000), request: fc.boolean(), back: fc.boolean() }), {
      maxLength: 8,
    }),
    { minLength: 1, maxLength: 6 },
  ),
});

async function talk(there: Burst, back: Burst, bursts: Plan['bursts']): Promise<void> {
  for (const burst of bursts) {
    for (const each of burst) (each.back ? back : there).one(each.size, each.request);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A request that goes through, as soon as who lost a link has given it up: for a while it hopes for the broker's word on why. */
async function reach(from: Bus, to: Bus): Promise<void> {
  await until(() => from.peers.get(to.self.id) !== undefined);
  const end = performance.now() + 2000;
  for (;;) {
    try {
      return await from.to(to.self).with({ timeout: 5000 }).request('ping');
    } catch (error) {
      const { code, reason } = error as { code?: string; reason?: string };
      if (code !== 'PEER_GONE' || reason !== 'lost' || performance.now() > end) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

it(
  'a link that is cut in mid-frame: all settles, in order, once; the next call has a new one',
  async () => {
    const broker = await mesh.broker();
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    for (const bus of [a, b]) bus.handle('ping', () => 'pong');
    const [there, back] = [new Burst(a, b), new Burst(b, a)];
    await Promise.all([a.subscribe('event', () => {}), b.subscribe('event', () => {})]);
    const cut = async (how: Plan): Promise<void> => {
      await reach(a, b);
      const links = await faulty.besides(mesh.path);
      expect(links.length).toBeGreaterThan(0);
      for (const link of links) link.cutAfter(how.after);
      await talk(there, back, how.bursts);
      for (const link of links) link.cut();
      await Promise.all(links.map(({ over }) => over));
      await until(() => a.load.links === 0 && b.load.links === 0);
      await there.check();
      await back.check();
      expect([a.load, b.load]).toMatchObject([idle, idle]);
      there.heard.length = back.heard.length = there.sent = back.sent = there.dropped = back.dropped = 0;
      there.answers.length = back.answers.length = 0;
    };
    const large: Plan = { after: 1e6, bursts: Array(4).fill(Array(8).fill({ size: 1e5, request: true, back: true })) };
    for (let i = 0; i < 5; i++) await cut(large);
    const before = await heapAfterCollection();
    await assertProperty('cut links', fc.asyncProperty(plan, cut), { numRuns: 25 * scale });
    await cut(large);
    expect((await heapAfterCollection()) - before).toBeLessThan(4 * 1024 * 1024);
    await reach(a, b);
    const state = broker.state();
    expect(state.peers).toHaveLength(2);
    expect(state.malformed).toBe(0);
    expect(await faulty.besides(mesh.path)).toHaveLength(1);
  },
  120_000 * scale,
);

it('who alone has noticed that a link is cut links anew; the other one takes it, and lets go of the old one', async () => {
  await mesh.broker();
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  b.handle('ping', () => 'pong');
  b.handle('never', () => new Promise(() => {}));
  await until(() => a.peers.handling('never').length > 0);
  for (let i = 0; i < 3; i++) {
    const unanswered = rejection(a.request('never'));
    await until(() => b.load.serving === 1);
    const link = (await faulty.besides(mesh.path)).at(-1);
    link?.cutAfter(0, 'dialer');
    expect(await unanswered).toMatchObject({ code: 'PEER_GONE', reason: 'lost' });
    expect(await a.with({ timeout: 2000 }).request('ping')).toBe('pong');
    expect(b.load).toMatchObject({ ...idle, links: 1 });
  }
});

it('N8: a peer that loses its connection to the broker has left for the others within 250 ms; then it is back', async () => {
  await mesh.broker();
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  await until(() => a.peers.get(b.self.id) !== undefined);
  const left = new Promise<number>((resolve) => {
    a.peers.on('leave', ({ id }) => id === b.self.id && resolve(performance.now()));
  });
  const back = new Promise<void>((resolve) => {
    a.peers.on('join', ({ id }) => id === b.self.id && resolve());
  });
  const wires = await faulty.to(mesh.path);
  const start = performance.now();
  wires[1]?.cut();
  expect((await left) - start).toBeLessThan(250);
  await back;
});

it('a dial that fails does not end the link that the other peer has made meanwhile', async () => {
  await mesh.broker();
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const release = deferred();
  for (const bus of [a, b]) {
    bus.handle('ping', () => 'pong');
    bus.handle('slow', () => release.promise);
  }
  await until(() => a.peers.handling('slow').length + b.peers.handling('slow').length === 2);
  const fail = deferred();
  net.dials = 0;
  net.dialed = async (nth) => {
    if (nth > 1) return;
    await fail.promise;
    throw new MeshError('BRIDGE_GONE', 'as the test wants it');
  };
  const slow = [a.request('slow'), b.request('slow')];
  expect(await Promise.all([a.request('ping'), b.request('ping')])).toEqual(['pong', 'pong']);
  fail.resolve();
  expect(await a.request('ping')).toBe('pong');
  release.resolve();
  await Promise.all(slow);
  expect([a.load, b.load]).toMatchObject([
    { ...idle, links: 1 },
    { ...idle, links: 1 },
  ]);
});

interface Unrest {
  readonly cuts: readonly {
    readonly wire: number;
    readonly after: number;
    readonly half: 'dialer' | 'listener' | undefined;
  }[];
  readonly acts: readonly {
    readonly peer: number;
    readonly what: 'on' | 'handle' | 'call' | 'query';
    readonly channel: string;
  }[];
}

const unrest: fc.Arbitrary<Unrest> = fc.record({
  cuts: fc.array(
    fc.record({
      wire: fc.nat(2),
      after: fc.nat(1500),
      // A broker that alone believes in a connection is the peer's probe to find out, not one of milliseconds.
      half: fc.constantFrom('dialer' as const, undefined),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  acts: fc.array(
    fc.record({
      peer: fc.nat(2),
      what: fc.constantFrom('on', 'handle', 'call', 'query'),
      channel: fc.constantFrom('x', 'y', 'z'),
    }),
    { maxLength: 20 },
  ),
});

it(
  'control connections that are cut: all rejoin under their ids, with what they listen to and handle; all settles',
  async () => {
    const broker = await mesh.broker();
    const buses = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
    const ids = buses.map((bus) => bus.self.id);
    for (const bus of buses) bus.handle('ping', () => 'pong');
    const listens = buses.map(() => new Set<string>());
    const handles = buses.map(() => new Map<string, { dispose(): void }>());

    let fresh = 0;
    for (const bus of buses) bus.peers.on('fresh', () => fresh++);

    const act = ({ peer, what, channel }: Unrest['acts'][number]): Promise<unknown> | undefined => {
      const bus = buses[peer]!;
      switch (what) {
        case 'on':
          if (listens[peer]!.delete(channel)) bus.removeAllListeners(channel);
          else bus.on((listens[peer]!.add(channel), channel), () => {});
          return undefined;
        case 'handle':
          handles[peer]!.get(channel)?.dispose();
          if (!handles[peer]!.delete(channel))
            handles[peer]!.set(
              channel,
              bus.handle(channel, () => peer),
            );
          return undefined;
        case 'call':
          listens[peer]!.add(channel);
          return bus.subscribe(channel, () => {});
        case 'query':
          return bus.queryState();
      }
    };
    const channels = (): unknown => {
      const all: Record<string, { listens: string[]; handles: string[] }> = {};
      for (const [i, id] of ids.entries()) {
        for (const name of listens[i]!) (all[name] ??= { listens: [], handles: [] }).listens.push(id);
        for (const name of [...handles[i]!.keys(), 'ping'])
          (all[name] ??= { listens: [], handles: [] }).handles.push(id);
      }
      return sorted(all);
    };
    const sorted = (
      all: Record<string, { readonly listens: readonly string[]; readonly handles: readonly string[] }>,
    ): unknown =>
      Object.fromEntries(
        Object.entries(all)
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([name, each]) => [name, { listens: [...each.listens].sort(), handles: [...each.handles].sort() }]),
      );

    const disturb = async ({ cuts, acts }: Unrest): Promise<void> => {
      const wires = await faulty.to(mesh.path);
      expect(wires).toHaveLength(buses.length);
      const doomed = new Set(cuts.map(({ wire }) => wires[wire]!));
      const rejoined = fresh + doomed.size;
      for (const { wire, after, half } of cuts) wires[wire]!.cutAfter(after, half);
      const settled: Promise<unknown>[] = [];
      for (const each of acts) {
        const call = act(each);
        const mayBeGone = (error: unknown): void => {
          if ((error as { code?: string }).code !== 'BRIDGE_GONE') throw error;
        };
        if (call) settled.push(call.catch(mayBeGone));
        if (each.channel === 'z') await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(settled);
      // Those that have not come so far.
      for (const wire of doomed) wire.cut();
      await Promise.all([...doomed].map(({ over }) => over));
      await until(() => fresh === rejoined);
      expect(buses.map(({ state }) => state)).toEqual(['open', 'open', 'open']);
      await Promise.all(buses.map((bus) => bus.subscribe('settled', () => {})));
      for (const bus of buses) bus.removeAllListeners('settled');
      await Promise.all(buses.map((bus) => bus.queryState()));
      const state = broker.state();
      expect(sorted(state.channels)).toEqual(channels());
      expect(state.peers.map(({ id }) => id).sort()).toEqual([...ids].sort());
      for (const bus of buses) {
        const others = ids.filter((id) => id !== bus.self.id).sort();
        expect([...bus.peers].map(({ id }) => id).sort()).toEqual(others);
        expect(
          bus.peers
            .handling('ping')
            .map(({ id }) => id)
            .sort(),
        ).toEqual(others);
        for (const other of buses) if (other !== bus) await reach(bus, other);
        expect(bus.load).toMatchObject(idle);
      }
    };
    await assertProperty('cut control connections', fc.asyncProperty(unrest, disturb), { numRuns: 25 * scale });
    expect(broker.state()).toMatchObject({ malformed: 0, refused: 0, guests: 0 });
  },
  60_000 * scale,
);
