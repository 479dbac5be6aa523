import { expect } from 'vitest';
import type { MeshPort } from '../../../src/core/index.js';
import type { Place } from './place.js';
import type { Places } from './places.js';

// What is under way between two peers when one of them ends, and what becomes of it.

/** A call that is rejected later than that, in ms, hangs for those who wait. */
const SOON_MS = 250;

/**
 * Whoever is not told why within 235 ms is told that the peer is lost. Where main told it so many ms later, a machine that is busy may
 * have taken the rest.
 */
const TOLD_LATE_MS = 150;

/** What one peer saw of the end of others. */
interface Seen {
  /** Every different way in which the 100 calls, the stream and the port ended. */
  readonly ends: string[];
  /** `Date.now()` of the last of the calls. */
  readonly at: number;
  /** What a call made after the leave was told fails with, and after how many ms. */
  readonly later: [string, number];
  readonly leaves: [name: string, reason: string][];
  /** Calls, streams, links held still. */
  readonly load: Record<string, number>;
}

/** Lets the peer take calls that it never answers. */
function neverAnswer(place: Place): Promise<void> {
  return place.run(async ({ bus }) => {
    bus.handle('never', () => new Promise(() => {}));
    bus.handle('items', async function* () {
      yield 1;
      await new Promise(() => {});
    });
    bus.onPort('port', (_, port: MeshPort) => {
      port.onmessage = ({ data }) => port.postMessage(data);
    });
    await bus.subscribe('unused', () => {});
  });
}

/** Notes every leave that is told there, in `world.leaves`. */
function observe(place: Place): Promise<void> {
  return place.run((world) => {
    const leaves: unknown[] = [];
    world['leaves'] = leaves;
    world.bus.peers.on('leave', (peer, reason) => leaves.push([peer.name, reason]));
  });
}

/** Resolves when 100 calls, a stream and a port of `name` are under way. */
function pend(place: Place, name: string): Promise<void> {
  return place.run(async (world, callee) => {
    const { bus } = world;
    while (bus.peers.named(callee).length === 0) await new Promise((resolve) => bus.peers.once('join', resolve));
    const to = bus.to(callee).with({ wait: 5000 });
    const told = (kind: string) => (error: { code: string; reason: string }) => `${kind} ${error.code} ${error.reason}`;
    const port: MeshPort = await to.openPort('port');
    const ping = (): Promise<string> =>
      new Promise((resolve) => {
        port.onmessage = () => resolve('port open');
        port.addEventListener('close', () => resolve('port closed'));
        port.postMessage('ping');
      });
    if ((await ping()) !== 'port open') throw new Error('the port does not work');
    const closed = new Promise<string>((resolve) => port.addEventListener('close', () => resolve('port closed')));
    const items = to.stream('items');
    await items.next();
    const calls = Array.from({ length: 100 }, () => to.request('never').then(() => 'answered', told('call')));
    const item = items.next().then(() => 'item', told('stream'));
    world['ended'] = Promise.all(calls).then(async (ends) => {
      const at = Date.now();
      const rest = await Promise.all([item, closed]);
      return { ends: [...new Set([...ends, ...rest])].sort(), at };
    });
    await bus.drain();
  }, name);
}

/** Waits for the end of what is under way, and for as many leaves. */
function seen(place: Place, name: string, leaves: number): Promise<Seen> {
  return place.run(
    async (world, [callee, count]) => {
      const { bus } = world;
      const ended = (await world['ended']) as { ends: string[]; at: number };
      const told = world['leaves'] as [string, string][];
      while (told.length < count) await new Promise((resolve) => bus.peers.once('leave', resolve));
      const start = performance.now();
      const code = await bus
        .to(callee)
        .request('never')
        .then(
          () => 'answered',
          (error: { code: string }) => error.code,
        );
      const took = performance.now() - start;
      // Whatever else is on its way from the others is here afterwards.
      await bus.subscribe('barrier', () => {});
      return { ...ended, later: [code, took], leaves: told, load: { ...bus.load } };
    },
    [name, leaves] as const,
  );
}

/** What ends, and how. */
export interface End {
  readonly place: Place;
  /** Makes it end; the `Date.now()` of when it did: where main is told of that, of when it was told. */
  act(): Promise<number>;
  /** The reasons that may be given: which, depends on who is faster in naming it. */
  readonly reasons: readonly string[];
  /** Who leaves with it. */
  readonly others?: readonly string[];
}

/**
 * Ends a peer, while others wait for it, and another looks on: each of these is told once, in the same words, and nothing is left
 * over.
 */
export async function expectEnd(places: Places, callers: readonly Place[], watcher: Place, end: End): Promise<string> {
  const { place, act, reasons, others = [] } = end;
  const { name: victim } = place;
  await neverAnswer(place);
  for (const each of [...callers, watcher]) await observe(each);
  for (const caller of callers) await pend(caller, victim);
  await watcher.run((world) => void (world['ended'] = Promise.resolve({ ends: [], at: 0 })));
  await places.lab.main((main) => {
    const told: [name: string, at: number][] = [];
    const listener = ({ name }: { name: string }): number => told.push([name, Date.now()]);
    main.bridge.on('leave', listener);
    Object.assign(main, { stopTelling: () => (main.bridge.off('leave', listener), told) });
  });
  const start = await act();
  const gone = [victim, ...others].sort();
  const all = await Promise.all([...callers, watcher].map((each) => seen(each, victim, gone.length)));
  const told = await places.lab.main((main) => (main as never as { stopTelling(): [string, number][] }).stopTelling());
  expect(told.map(([name]) => name).sort()).toEqual(gone);
  const toldAfter = told.find(([name]) => name === victim)![1] - start;
  const reason = all[0]!.leaves.find(([name]) => name === victim)![1];
  expect(reasons).toContain(reason);
  for (const [i, { ends, at, later, leaves, load }] of all.entries()) {
    expect(leaves.map(([name]) => name).sort()).toEqual(gone);
    expect(leaves.find(([name]) => name === victim)).toEqual([victim, reason]);
    expect(later[0]).toBe('NO_PEER');
    expect(later[1]).toBeLessThan(SOON_MS);
    expect(load).toMatchObject({ calls: 0, parked: 0, signals: 0 });
    if (i === callers.length) continue;
    const why = toldAfter > TOLD_LATE_MS && ends[0] === 'call PEER_GONE lost' ? 'lost' : reason;
    expect(ends).toEqual([`call PEER_GONE ${why}`, 'port closed', `stream PEER_GONE ${why}`]);
    expect(at - start).toBeLessThan(SOON_MS);
  }
  expect((await places.lab.state()).peers.map(({ name }) => name).filter((name) => gone.includes(name))).toEqual([]);
  return reason;
}
