import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../../../src/core/bus/bus.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import type { NodeCandidate } from '../../../../src/node/broker/options.js';
import { resumeSecret } from '../../../../src/node/broker/secrets.js';
import { openConnection } from '../../../../src/node/connection.js';
import * as control from '../../../../src/core/broker/control.js';
import { deferred, rejection } from '../../../contract/case.js';
import { ControlSide } from '../../support/control-side.js';
import { until } from '../../support/guests.js';
import { NodeMesh, news, secrets } from '../../support/node-mesh.js';

let mesh: NodeMesh;
beforeEach(() => void (mesh = new NodeMesh()));
afterEach(() => mesh.close());

/** A peer that speaks by hand. */
async function byHand(hello: unknown): Promise<ControlSide> {
  const mux = await openConnection(
    { path: mesh.path },
    { role: 'peer', id: 'peer', key: secrets.peer, hello, timeout: 5000, call: 'connect()' },
  );
  return new ControlSide(mux.port);
}

const hello = { name: 'hand', process: { id: 'x', pid: 1 } };

async function answer(side: ControlSide): Promise<control.Message> {
  await until(() => side.messages.length > 0);
  return side.messages[0]!;
}

describe('evict()', () => {
  it('ends a seat for good: its closed and everybody’s leave say so, its links are dead', async () => {
    const broker = await mesh.broker();
    const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
    for (const bus of [a, b]) bus.handle('never', () => new Promise(() => {}));
    const calls = [
      a.to('b').with({ wait: 1000 }).request('never'),
      b.to('a').with({ wait: 1000 }).request('never'),
    ].map(rejection);
    await until(() => a.load.serving + b.load.serving === 2);
    const left = [news(a, 'leave'), news(c, 'leave')];
    expect(broker.evict(b.self, 'be gone')).toBe(true);
    expect(await b.closed).toEqual({ reason: 'evicted', local: false, detail: 'be gone' });
    for (const each of await Promise.all(left))
      expect(each).toEqual([expect.objectContaining({ name: 'b' }), 'evicted']);
    const [there, here] = await Promise.all(calls);
    expect(there).toMatchObject({ code: 'PEER_GONE', reason: 'evicted' });
    expect(here).toMatchObject({ code: 'CLOSED' });
    expect(a.load.links).toBe(0);
    await until(() => broker.state().sockets.queued === 0);
    expect(broker.peers.map(({ name }) => name)).toEqual(['a', 'c']); // it has not come back
  });

  it('says whether there was such a peer, and what makes no sense', async () => {
    const broker = await mesh.broker();
    const a = await mesh.join('a');
    expect([broker.evict('nobody'), broker.evict({ id: 'nobody' }), broker.evict(a.self.id)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(() => broker.evict(undefined as never)).toThrow(/give a Peer, or its id/);
    await broker.close();
    expect(() => broker.evict('a')).toThrow(/the broker was closed/);
  });
});

describe('names', () => {
  it("'main' is reserved: for the bridge's own process", async () => {
    const broker = await mesh.broker();
    const error = await rejection(mesh.join('main'));
    expect([error.code, error.message]).toEqual([
      'NOT_AUTHORIZED',
      "connect({ name: 'main' }): the name 'main' is reserved. Choose another.",
    ]);
    expect(broker.state()).toMatchObject({ peers: [], refused: 1 });
  });

  it("may be shared; who gives none is called 'node'", async () => {
    const broker = await mesh.broker();
    await Promise.all([mesh.join('same'), mesh.join('same'), mesh.join(undefined as never)]);
    expect(broker.peers.map(({ name }) => name).sort()).toEqual(['node', 'same', 'same']);
  });
});

describe('limits.seats', () => {
  it('bounds the peers of one process, also of those that come at once', async () => {
    const decision = deferred<boolean>();
    let asked = 0;
    const authorize = (): Promise<boolean> => (asked++, decision.promise);
    const broker = await mesh.broker({ limits: { seats: 3 }, authorize });
    const joining = Promise.allSettled([1, 2, 3, 4, 5].map((i) => mesh.join(`peer ${i}`)));
    await until(() => asked === 5);
    decision.resolve(true);
    const joins = await joining;
    const refused = joins.filter((join) => join.status === 'rejected').map(({ reason }) => reason as MeshError);
    expect(refused.map(({ code }) => code)).toEqual(['LIMIT', 'LIMIT']);
    expect(refused[0]?.message).toMatch(/this process has 3 seats already\. close\(\) those no longer used\./);
    expect(broker.peers).toHaveLength(3);
    const [first] = joins as PromiseFulfilledResult<Bus>[];
    await first!.value.close();
    await until(() => broker.peers.length === 2);
    await mesh.join('another');
  });

  it('does not count the seat that is taken again, before its loss was noticed', async () => {
    const broker = await mesh.broker({ limits: { seats: 1 } });
    const first = await byHand(hello);
    const [, welcome] = (await answer(first)) as [number, control.Welcome];
    const again = await byHand({ ...hello, resume: { id: welcome.self.id, secret: welcome.resume } });
    expect(await answer(again)).toMatchObject([control.WELCOME, { self: { id: welcome.self.id } }]);
    await first.closed;
    expect(broker.peers.map(({ id }) => id)).toEqual([welcome.self.id]);
    again.port.close();
  });
});

describe('authorize()', () => {
  it('sees who comes, and grants: what it says is enforced', async () => {
    const seen: NodeCandidate[] = [];
    await mesh.broker({
      authorize: (candidate) => {
        seen.push(candidate);
        return candidate.name === 'bounded' ? { send: ['open'], receive: ['in'] } : true;
      },
    });
    const [free, bounded] = [await mesh.join('free'), await mesh.join('bounded')];
    expect(seen).toEqual(['free', 'bounded'].map((name) => ({ name, type: 'node', origin: '', grant: {} })));
    free.handle('open', () => 'yes');
    free.handle('closed', () => 'no');
    expect(await bounded.with({ wait: 1000 }).request('open')).toBe('yes');
    expect((await rejection(bounded.request('closed'))).code).toBe('NOT_AUTHORIZED');
    expect(() => bounded.handle('out', () => {})).toThrow(/not granted/);
  });

  it.each([
    ['false', () => false, "refused 'b'"],
    ['a promise of false', async () => false, "refused 'b'"],
    ['nonsense', () => ({ send: 5 }), 'failed'],
    ['nothing', () => undefined, 'failed'],
    [
      'throws',
      () => {
        throw new Error('the cause');
      },
      'failed',
    ],
    ['rejects', () => Promise.reject(new Error('the cause')), 'failed'],
    [
      'rejects, as a call of its own has timed out',
      () => Promise.reject(new MeshError('TIMEOUT', 'the cause')),
      'failed',
    ],
  ])('%s: the peer is not let in, and is told; others are unhurt', async (_, authorize, text) => {
    const broker = await mesh.broker({ authorize: ({ name }) => (name === 'a' ? true : (authorize() as never)) });
    const refused: [MeshError, string][] = [];
    broker.on('refused', (...args) => refused.push(args));
    const a = await mesh.join('a');
    const error = await rejection(mesh.join('b'));
    expect(error).toMatchObject({ code: 'NOT_AUTHORIZED', message: expect.stringContaining(text) });
    expect(error.message).not.toContain('the cause'); // it may say too much
    expect(refused).toHaveLength(1);
    expect(refused[0]![0].code).toBe('NOT_AUTHORIZED');
    const { cause } = refused[0]![0] as { cause?: Error };
    expect(text !== 'failed' || /the cause|must return/.test(String(cause?.message))).toBe(true);
    expect([a.peers.size, broker.peers.length]).toEqual([0, 1]);
  });

  it('that takes its time: who has gone meanwhile gets no seat', async () => {
    const decision = deferred<boolean>();
    const broker = await mesh.broker({ authorize: ({ name }) => (name === 'a' ? true : decision.promise) });
    const a = await mesh.join('a');
    const told: string[] = [];
    a.peers.on('join', ({ name }) => told.push(name));
    const side = await byHand(hello);
    side.port.close();
    await rejection(mesh.join('late', { timeout: 200 }));
    decision.resolve(true);
    await until(() => broker.peers.length === 1);
    await a.subscribe('e', () => {});
    expect(broker.peers.map(({ name }) => name)).toEqual(['a']);
  });

  it('that is still asked when the broker is closed', async () => {
    const decision = deferred<boolean>();
    const asked = deferred();
    const broker = await mesh.broker({ authorize: () => (asked.resolve(), decision.promise) });
    const joining = rejection(mesh.join('a', { timeout: 2000 }));
    await asked.promise;
    await broker.close();
    decision.resolve(true);
    expect(['BRIDGE_GONE', 'TIMEOUT']).toContain((await joining).code);
    expect(broker.peers).toEqual([]);
  });
});

describe('redactErrors', () => {
  it('what is thrown goes without stack and paths to who is not trusted, and with them to others', async () => {
    await mesh.broker({ redactErrors: true, authorize: ({ name }) => (name === 'bounded' ? { send: ['*'] } : true) });
    const [a, bounded, free] = [await mesh.join('a'), await mesh.join('bounded'), await mesh.join('free')];
    a.handle('read', () => {
      throw new RangeError("can't open /home/ann/notes.txt");
    });
    const read = (bus: Bus): Promise<Error> => rejection(bus.with({ wait: 1000 }).request('read'));
    const [hidden, shown] = [await read(bounded), await read(free)];
    expect([hidden, hidden.message]).toEqual([expect.any(RangeError), "can't open <path>"]);
    // Below the line that says whose they are, the remote lines.
    expect(hidden.stack?.split('there ---')[1]).toBe('\n');
    expect([shown.message, shown.stack]).toEqual([
      "can't open /home/ann/notes.txt",
      expect.stringMatching(/there ---\n +at .*broker\.test/),
    ]);
  });
});

describe('authorize() that never answers', () => {
  const never = new Promise<never>(() => {});

  it('refuses after authorizeTimeout: the peer is told so, others come and go meanwhile', async () => {
    const authorize = ({ name }: NodeCandidate) => (name === 'b' ? never : true);
    const broker = await mesh.broker({ authorize, authorizeTimeout: 150 });
    const refused: [MeshError, string][] = [];
    broker.on('refused', (...args) => refused.push(args));
    const late = rejection(mesh.join('b'));
    await mesh.join('a');
    const error = await late;
    expect([error.code, error.message]).toEqual([
      'TIMEOUT',
      "connect({ name: 'b' }): the broker's authorize() for 'b': no answer in 150 ms (authorizeTimeout).",
    ]);
    expect(refused.map(([{ code }, where]) => [code, where])).toEqual([['TIMEOUT', 'a peer']]);
    expect(broker.state()).toMatchObject({ refused: 1, peers: [{ name: 'a' }] });
    await until(() => broker.state().sockets.queued === 0);
  });

  it('who has had a seat asks again, until it is let in', async () => {
    const path = { authorizeTimeout: 100 };
    const first = await mesh.broker(path);
    const a = await mesh.join('a');
    let asked = 0;
    const fresh = news(a, 'fresh');
    await first.close();
    const second = await mesh.broker({ ...path, authorize: () => (++asked < 3 ? never : true) });
    await fresh;
    expect([asked, a.state, second.state().refused]).toEqual([3, 'open', 2]);
    expect(second.peers.map(({ id }) => id)).toEqual([a.self.id]);
  });
});

it('a bridge that does not read loses its connection when more than maxQueued waits for it; the others are unhurt', async () => {
  const broker = await mesh.broker({ maxQueued: 300_000 });
  const refused = new Promise<[MeshError, string]>((resolve) => broker.on('refused', (...args) => resolve(args)));
  const options = { role: 'bridge', id: 'bridge', key: secrets.bridge, hello: { bridge: 'b' }, timeout: 5000 } as const;
  const mux = await openConnection({ path: mesh.path }, { ...options, call: 'joinBroker()' });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  expect(broker.state().bridges).toBe(1);
  for (let i = 0; i < 8000; i++) {
    const known = i % 200 === 0 && news(b, 'change'); // who reads is never behind by much
    a.on(`${i}`.padEnd(250, 'x'), () => {});
    await known;
  }
  const [error, where] = await refused;
  expect([error.code, error.message, where]).toEqual([
    'LIMIT',
    expect.stringMatching(/^a bridge: \d+ bytes wait for it that it does not read, and 300000 may \(maxQueued\)/),
    'a bridge',
  ]);
  a.handle('h', () => 1);
  expect(await b.with({ wait: 2000 }).request('h')).toBe(1);
  expect(broker.state().bridges).toBe(0);
  mux.close();
});

describe('queryState()', () => {
  it('tells who is granted it what the broker itself knows; others are told why not', async () => {
    const broker = await mesh.broker({ authorize: ({ name }) => (name === 'blind' ? { state: false } : true) });
    const [a, blind] = [await mesh.join('a'), await mesh.join('blind')];
    a.handle('h', () => 1);
    await a.subscribe('e', () => {});
    const state = await a.queryState();
    expect(state).toMatchObject({
      peers: [{ name: 'a' }, { name: 'blind' }],
      channels: { h: { listens: [], handles: [a.self.id] }, e: { listens: [a.self.id], handles: [] } },
      refused: 0,
      malformed: 0,
      bridges: 0,
      guests: 0,
    });
    expect(structuredClone(broker.state())).toEqual(broker.state());
    const error = await rejection(blind.queryState());
    expect([error.code, error.message]).toEqual([
      'NOT_AUTHORIZED',
      expect.stringMatching(/^queryState\(\): this peer is not granted .* \{ state: true \}\.$/),
    ]);
  });
});

describe('resume', () => {
  it('with a wrong secret: refused, and the seat stays with whose it is', async () => {
    const broker = await mesh.broker();
    const a = await mesh.join('a');
    for (const secret of [
      'wrong',
      resumeSecret({ ...secrets, bridge: 'another of bridges' }, a.self.id),
      resumeSecret(secrets, 'x'),
    ]) {
      const side = await byHand({ ...hello, resume: { id: a.self.id, secret } });
      expect(await answer(side)).toEqual([
        control.REFUSED,
        'NOT_AUTHORIZED',
        'it can not show that it has had this seat: the broker has other secrets now. Connect again.',
        true,
      ]);
      await side.closed;
    }
    expect([a.state, broker.peers.length, broker.state().refused]).toEqual(['open', 1, 3]);
  });

  it('is proved by what the broker has told its peer, and by nobody who knows the secret of peers only', () => {
    expect(resumeSecret(secrets, 'a')).not.toBe(resumeSecret(secrets, 'b'));
    expect(resumeSecret(secrets, 'a')).not.toBe(resumeSecret({ peer: secrets.peer }, 'a'));
  });

  it.each([
    [{}],
    [null],
    ['text'],
    [{ name: '', process: { id: 'x', pid: 1 } }],
    [{ name: 'x'.repeat(300), process: { id: 'x', pid: 1 } }],
    [{ name: 'a', process: { id: 'x', pid: 'y' } }],
    [{ name: 'a', process: null }],
    [{ name: 'a', process: { id: 'x', pid: 1 }, resume: { id: 1, secret: 'x' } }],
    [{ name: 'a', process: { id: 'x', pid: 1 }, resume: {} }],
  ])('a hello that makes no sense is refused: %j', async (given) => {
    const broker = await mesh.broker();
    const side = await byHand(given);
    expect(await answer(side)).toEqual([control.REFUSED, 'PROTOCOL', 'its hello makes no sense.', true]);
    await side.closed;
    expect(broker.state()).toMatchObject({ peers: [], refused: 1 });
  });
});

it('events tell who joins and leaves; a listener that throws stops nothing', async () => {
  const broker = await mesh.broker();
  const told: unknown[] = [];
  broker.on('join', ({ name }) => told.push(['join', name]));
  broker.on('leave', ({ name }, reason) => told.push(['leave', name, reason]));
  const thrown = new Promise((resolve) => {
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => {
      for (const listener of before) process.on('uncaughtException', listener);
      resolve(error);
    });
  });
  broker.on('join', () => {
    throw new Error('of the listener');
  });
  const a = await mesh.join('a');
  expect(await thrown).toEqual(new Error('of the listener'));
  broker.removeAllListeners('join');
  await a.close();
  await until(() => told.length === 2);
  expect(told).toEqual([
    ['join', 'a'],
    ['leave', 'a', 'bye'],
  ]);
});

it('close() ends nothing but itself: peers know that it is gone, and each other; twice is once', async () => {
  const broker = await mesh.broker();
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const leaves: unknown[] = [];
  a.peers.on('leave', (peer) => leaves.push(peer));
  const stale = [news(a, 'stale'), news(b, 'stale')];
  await Promise.all([broker.close(), broker.close()]);
  await broker.close();
  await Promise.all(stale);
  expect([a.state, [...a.peers].map(({ name }) => name), leaves]).toEqual(['rejoining', ['b'], []]);
});
