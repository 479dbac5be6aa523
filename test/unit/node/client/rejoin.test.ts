import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../../../src/core/bus/bus.js';
import type { Dropped } from '../../../../src/core/bus/reports.js';
import type { Broker } from '../../../../src/node/broker/broker.js';
import { rejection } from '../../../contract/case.js';
import { Child } from '../../support/child.js';
import { NodeMesh, news, secrets } from '../../support/node-mesh.js';
import { turn } from '../../support/turn.js';

let mesh: NodeMesh;
beforeEach(() => void (mesh = new NodeMesh()));
afterEach(() => mesh.close());

describe('when the broker is gone', () => {
  it('leaves links as they are, and says so', async () => {
    const broker = await mesh.broker();
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, value) => value);
    expect(await a.with({ wait: 1000 }).request('echo', 1)).toBe(1);
    const stale = [news(a, 'stale'), news(b, 'stale')];
    await broker.close();
    await Promise.all(stale);
    expect(a.state).toBe('rejoining');
    expect([...a.peers].map(({ name }) => name)).toEqual(['b']);
    expect(await a.request('echo', 2)).toBe(2);
  });

  it('rejects what was pending through it, and what would need it', async () => {
    const broker = await mesh.broker();
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, value) => value);
    await b.subscribe('e', () => {});
    const stale = news(a, 'stale');
    const { id } = b.self;
    await broker.close();
    await stale;
    expect((await rejection(a.subscribe('f', () => {}))).code).toBe('BRIDGE_GONE');
    expect((await rejection(a.queryState())).code).toBe('BRIDGE_GONE');
    const unlinked = await rejection(a.to({ id }).request('echo', 1));
    expect([unlinked.code, unlinked.message]).toEqual(['BRIDGE_GONE', expect.stringContaining('the broker is gone')]);
  });

  it('joins the next one under the old id, with what it listens to and handles', async () => {
    const first = await mesh.broker();
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    const heard: unknown[] = [];
    b.on('old', () => heard.push('old'));
    b.handle('echo', (_, value) => value);
    expect(await a.with({ wait: 1000 }).request('echo', 1)).toBe(1);
    const told: string[] = [];
    a.peers.on('join', ({ name }) => told.push(`join ${name}`)).on('leave', ({ name }) => told.push(`leave ${name}`));
    const ids = [a.self.id, b.self.id];
    const stale = [news(a, 'stale'), news(b, 'stale')];
    await first.close();
    await Promise.all(stale);
    b.removeAllListeners('old');
    b.on('new', (_, value) => heard.push(value));
    const fresh = [news(a, 'fresh'), news(b, 'fresh')];
    const second = await mesh.broker();
    await Promise.all(fresh);
    expect(a.state).toBe('open');
    await b.subscribe('newer', () => {});
    expect(second.peers.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(second.state().channels).toEqual({
      new: { listens: [b.self.id], handles: [] },
      newer: { listens: [b.self.id], handles: [] },
      echo: { listens: [], handles: [b.self.id] },
    });
    const c = await mesh.join('c');
    c.send('new', 'from c');
    c.send('old');
    expect(await c.request('echo', 2)).toBe(2);
    expect(await a.request('echo', 3)).toBe(3);
    a.send('new', 'from a');
    await a.drain();
    expect(heard).toEqual(['from c', 'from a']);
    expect(told).toEqual(['join c']);
  });

  it('closes when it has no right to come back', async () => {
    const first = await mesh.broker();
    const a = await mesh.join('a');
    await first.close();
    await mesh.broker({ secrets: { peer: 'another secret of peers' } });
    expect(await a.closed).toMatchObject({ reason: 'bridge-gone', local: false });
  });

  it('is closed at once by close()', async () => {
    const first = await mesh.broker();
    const a = await mesh.join('a');
    const stale = news(a, 'stale');
    await first.close();
    await stale;
    await a.close();
    expect(a.state).toBe('closed');
    expect((await rejection(a.subscribe('e', () => {}))).code).toBe('CLOSED');
  });
});

/** What lets the peers of a name in, when `open()` is called, and all others at once. */
function gate(name: string): { authorize: (candidate: { name: string }) => Promise<boolean>; open: () => void } {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const authorize = async (candidate: { name: string }): Promise<boolean> => {
    if (candidate.name === name) await opened;
    return true;
  };
  return { authorize, open };
}

/** Peers that handle `echo`, with their own name, and listen to `e`; of `a`, what they have heard. */
async function peers(...names: string[]): Promise<{ buses: Bus[]; heard: unknown[] }> {
  const heard: unknown[] = [];
  const buses: Bus[] = [];
  for (const name of names) {
    const bus = await mesh.join(name);
    bus.handle('echo', (_, value) => [name, value]);
    bus.onPort('port', () => {});
    await bus.subscribe('e', (_, value) => void heard.push(value));
    buses.push(bus);
  }
  return { buses, heard };
}

async function ends(broker: Broker, ...buses: Bus[]): Promise<void> {
  const stale = buses.map((bus) => news(bus, 'stale'));
  await broker.close();
  await Promise.all(stale);
}

const code = (failed: Promise<unknown>): Promise<string | undefined> => rejection(failed).then((error) => error.code);

describe('a peer that is not back yet', () => {
  async function half(): Promise<{ a: Bus; b: Bus; c: Bus; heard: unknown[]; open: () => void }> {
    const first = await mesh.broker();
    const { buses, heard } = await peers('b', 'c');
    const [b, c] = buses as [Bus, Bus];
    const a = await mesh.join('a');
    await ends(first, a, b, c);
    const fresh = [news(a, 'fresh'), news(c, 'fresh')];
    const { authorize, open } = gate('b');
    await mesh.broker({ authorize });
    await Promise.all(fresh);
    return { a, b, c, heard, open };
  }

  it('is waited for by what is sent to it, in order and once', async () => {
    const { a, b, heard, open } = await half();
    const to = a.to(b.self);
    to.send('e', 1);
    const asked = to.request('echo', 2);
    to.send('e', 3);
    const streamed = to.stream('echo').next();
    const opened = to.openPort('port');
    const drained = a.drain();
    await a.queryState(); // the broker has read what was said before
    expect([heard, a.peers.named('b').length, b.state]).toEqual([[], 1, 'rejoining']);
    open();
    expect(await asked).toEqual(['b', 2]);
    await drained;
    expect((await streamed).value).toBe('b');
    (await opened).close();
    expect(heard).toEqual([1, 3]);
    expect(a.load).toMatchObject({ links: 1, parked: 0 });
  });

  it('is waited for no longer than a call has time, or its signal says', async () => {
    const { a, b } = await half();
    const to = a.to(b.self);
    const abort = new AbortController();
    const aborted = code(to.with({ signal: abort.signal }).request('echo', 1));
    abort.abort();
    expect(await aborted).toBe('ABORTED');
    expect(await code(to.with({ timeout: 20 }).request('echo', 1))).toBe('TIMEOUT');
  });

  it('is asked behind one that is, if it does not matter which', async () => {
    const { a, open } = await half();
    for (let i = 0; i < 4; i++) expect(await a.request('echo', i)).toEqual(['c', i]);
    open();
  });
});

describe('while the broker is gone', () => {
  /** `a` is linked to `b`, and not to `c`. */
  async function linked(): Promise<{ a: Bus; b: Bus; c: Bus; heard: unknown[]; broker: Broker }> {
    const broker = await mesh.broker();
    const { buses, heard } = await peers('b', 'c');
    const [b, c] = buses as [Bus, Bus];
    const a = await mesh.join('a');
    expect(await a.to('b').request('echo', 0)).toEqual(['b', 0]);
    return { a, b, c, heard, broker };
  }

  it('what needs it for a peer that is not linked fails with BRIDGE_GONE, and says what to do', async () => {
    const { a, b, c, broker } = await linked();
    await ends(broker, a, b, c);
    const dropped: Dropped[] = [];
    a.onDropped((each) => dropped.push(each));
    const to = a.to(c.self);
    const who = `c (${c.self.id})`;
    const text = (call: string): string =>
      `${call} to ${who}: the broker is gone for the moment, and whoever could take this is not linked yet. Wait for ` +
      `bus.peers.on('fresh'), or, with a call, with({ wait: ms }).`;
    const calls: [string, () => Promise<unknown>][] = [
      [`request('echo')`, () => to.request('echo', 1)],
      [`stream('echo')`, () => to.stream('echo').next()],
      [`openPort('port')`, () => to.openPort('port')],
    ];
    for (const [call, make] of calls) {
      const failed = await rejection(make());
      expect([failed.code, failed.message]).toEqual(['BRIDGE_GONE', text(call)]);
    }
    to.send('e', 1);
    const drained = await rejection(a.drain());
    expect([drained.code, drained.message]).toEqual(['BRIDGE_GONE', text('send')]);
    expect(dropped).toEqual([{ peer: c.self, count: 1, channel: undefined, error: drained }]);
    const asked = code(to.request('echo', 1));
    expect([await code(a.drain()), await asked]).toEqual(['BRIDGE_GONE', 'BRIDGE_GONE']);
    const nobody = await rejection(a.request('nobody'));
    expect([nobody.code, nobody.message]).toEqual([
      'BRIDGE_GONE',
      expect.stringContaining(`request('nobody'): the broker is gone for the moment`),
    ]);
    expect(a.load).toMatchObject({ links: 1, calls: 0, parked: 0 });
  });

  it('a handler that is linked is asked', async () => {
    const { a, b, c, broker } = await linked();
    await ends(broker, a, b, c);
    for (let i = 0; i < 4; i++) expect(await a.request('echo', i)).toEqual(['b', i]);
  });

  it('a call that has time to wait waits for its return', async () => {
    const { a, b, c, broker } = await linked();
    const before = a.with({ wait: 10_000 }).request('later', 0);
    await ends(broker, a, b, c);
    const to = a.to(c.self).with({ wait: 10_000 });
    const asked = [to.request('echo', 1), to.request('echo', 2), before];
    const streamed = to.stream('echo').next();
    const opened = to.openPort('port');
    expect(await code(a.to(c.self).with({ wait: 20 }).request('echo', 3))).toBe('BRIDGE_GONE');
    expect(await code(a.to(c.self).with({ wait: 5000, timeout: 20 }).request('echo', 3))).toBe('TIMEOUT');
    c.handle('later', () => 'later');
    await mesh.broker();
    expect(await Promise.all(asked)).toEqual([['c', 1], ['c', 2], 'later']);
    expect((await streamed).value).toBe('c');
    (await opened).close();
    expect(a.load.parked).toBe(0);
  });

  it('a peer that closes its bus has left, as those know who are linked to it', async () => {
    const { a, b, c, broker } = await linked();
    await ends(broker, a, b, c);
    const left = news(a, 'leave');
    await b.close();
    expect(await left).toEqual([b.self, 'bye']);
    expect([...a.peers].map(({ name }) => name)).toEqual(['c']);
  });

  it('a bus that is closed tells of nobody that has left', async () => {
    const { a, b, c, broker } = await linked();
    await ends(broker, a, b, c);
    const left: string[] = [];
    a.peers.on('leave', ({ name }) => left.push(name));
    await a.close();
    await turn();
    expect(left).toEqual([]);
  });
});

describe('a peer in another process, across a restart of the broker', () => {
  /** Linked to `a`. */
  async function linked(): Promise<{ broker: Broker; a: Bus; b: Child }> {
    const broker = await mesh.broker();
    const b = await Child.start();
    await b.run(
      async ({ portmesh, buses }, { path, token }) => {
        const bus = await portmesh.connect({ broker: { path, token }, name: 'b' });
        buses.push(bus);
        bus.handle('echo', (_: unknown, value: unknown) => value);
      },
      { path: mesh.path, token: secrets.peer },
    );
    const a = await mesh.join('a');
    expect(await a.to('b').with({ wait: 1000 }).request('echo', 1)).toBe(1);
    return { broker, a, b };
  }

  it('that is killed has left soon after it', async () => {
    const { broker, a, b } = await linked();
    await ends(broker, a);
    await b.kill();
    const left = news(a, 'leave');
    await mesh.broker();
    expect(await left).toMatchObject([{ name: 'b' }, 'lost']);
  }, 8000); // less than those have who may come back

  it('that is stopped stays, with what is pending with it; who is not linked, and is not back, has left', async () => {
    const { broker, a, b } = await linked();
    const c = await mesh.join('c');
    c.handle('other', () => 1);
    await c.subscribe('e', () => {});
    b.pause();
    const asked = a.to('b').request('echo', 2);
    await ends(broker, a, c);
    await c.close();
    const fresh = news(a, 'fresh');
    await mesh.broker();
    await fresh;
    const leaves: unknown[] = [];
    a.peers.on('leave', ({ name }) => leaves.push(name));
    expect(await rejection(a.to('c').request('other'))).toMatchObject({ code: 'PEER_GONE', reason: 'lost' });
    expect([leaves, a.peers.named('b').length]).toEqual([['c'], 1]);
    b.resume();
    expect(await asked).toBe(2);
    const known = await mesh.join('d');
    expect(await known.to('b').with({ wait: 5000 }).request('echo', 3)).toBe(3);
    expect(await a.to('b').request('echo', 4)).toBe(4);
    expect(leaves).toEqual(['c']);
  }, 20_000);
});
