import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Vouch } from '../../../src/core/broker/asking.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import { Bridge } from '../../../src/main/bridge.js';
import type { Candidate } from '../../../src/main/candidate.js';
import type { BridgeOptions } from '../../../src/main/options.js';
import { deferred, rejection } from '../../contract/case.js';
import {
  dispose,
  FakeContents,
  FakeElectron,
  makeFrame,
  next,
  removeFrame,
  type FakeFrame,
} from '../support/fake-electron.js';

// Frames and workers that join through the page that shares them.

let electron: FakeElectron;
let bridge: Bridge;
let top: FakeFrame;
let contents: FakeContents;
let nonce: string;

beforeEach(() => {
  electron = new FakeElectron();
  bridge = make();
  top = makeFrame('app://a');
  contents = new FakeContents(1);
  nonce = electron.newNonce();
});
afterEach(async () => {
  await bridge.close();
  electron.close();
});

function make(options: BridgeOptions = { origins: ['app://a'] }): Bridge {
  return new Bridge(electron.like, options, () => '/found/preload.cjs');
}

async function again(options: BridgeOptions): Promise<void> {
  await bridge.close();
  bridge = make(options);
}

const owner = (name = 'owner'): Promise<Bus> => electron.page(top, contents, { name, nonce }).joining;

const vouched = (vouch: Partial<Vouch>, name?: string) =>
  electron.page(top, contents, {
    nonce,
    ...(name !== undefined && { name }),
    vouch: { type: 'frame', origin: 'app://widget', grant: {}, share: 'a call of share()', document: 1, ...vouch },
  });

const widget = (more: Partial<FakeFrame> = {}): FakeFrame =>
  makeFrame('app://widget', { processId: 8, osProcessId: 800, frameTreeNodeId: 9, parent: top, top, ...more });

const left = async (): Promise<unknown[]> => {
  const [peer, reason] = (await next(bridge as never, 'leave')) as [{ name: string }, string];
  return [peer.name, reason];
};

describe('a frame that is shared', () => {
  it('joins under its own origin, in its own process, through its owner', async () => {
    widget();
    const { self: via } = await owner();
    const { self } = await vouched({}, 'widget').joining;
    expect(self).toMatchObject({
      name: 'widget',
      type: 'frame',
      origin: 'app://widget',
      process: { type: 'renderer', id: 'r8.800', pid: 800 },
      frame: { webContents: 1, routing: 6, top: false, url: 'app://widget/index.html' },
      via: via.id,
    });
    expect(bridge.registry.snapshot().processes.map(({ id, frames }) => [id, frames[0]?.documents[0]?.peers])).toEqual([
      ['r5.500', [via]],
      ['r8.800', [self]],
    ]);
    expect((await vouched({}).joining).self.name).toBe('frame');
  });

  it('waits for its owner, while the policy thinks about that one', async () => {
    const [first, second] = [deferred<boolean>(), deferred<boolean>()];
    const answers = { first, second } as Record<string, { promise: Promise<boolean> }>;
    await again({ authorize: ({ name }) => answers[name]?.promise ?? true });
    widget();
    const owners = [owner('first'), owner('second')] as const;
    const joining = vouched({}, 'widget').joining;
    second.resolve(true);
    await owners[1];
    first.resolve(true);
    const [{ self: a }, { self: b }] = await Promise.all(owners);
    const { self } = await joining;
    expect([self.name, [a.id, b.id].includes(self.via!)]).toEqual(['widget', true]);
    // One that is in already is not waited for, whatever else it asks for.
    answers['slow'] = deferred<boolean>();
    void owner('slow');
    expect((await vouched({}, 'widget').joining).self.name).toBe('widget');
    // Refused, it refuses.
    const third = deferred<boolean>();
    nonce = electron.newNonce();
    answers['third'] = third;
    const [refused, child] = [owner('third'), vouched({}).joining];
    third.resolve(false);
    await rejection(refused);
    expect((await rejection(child)).message).toContain('is not in the mesh itself');
  });

  it('is in no known frame where several are of its origin, but in their process if that is one', async () => {
    const [one, two] = [widget(), widget({ frameTreeNodeId: 10 })];
    await owner();
    const { self } = await vouched({}).joining;
    expect([self.process.id, self.frame]).toEqual(['r8.800', undefined]);
    two.processId = 99;
    const [a, b] = [(await vouched({}).joining).self, (await vouched({}).joining).self];
    const ids = new Set([a.process.id, b.process.id, 'r8.800', 'r99.800', 'r5.500']);
    expect(ids.size, 'two that may not share a process do not seem to').toBe(5);
    expect(a.process).toMatchObject({ type: 'renderer', pid: 0 });
    expect(one.frameTreeNodeId).toBe(9);
  });

  it('is not let in under an origin of which its owner has no frame', async () => {
    widget();
    await owner();
    const error = await rejection(vouched({ origin: 'app://a' }).joining);
    expect(error).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(error.message).toContain('has no frame of the origin app://a');
    expect(bridge.peers).toHaveLength(1);
  });

  it("gets neither the names nor the URLs of its origin's own pages: that it is of it is only its owner's word", async () => {
    await again({ origins: ['app://a', 'app://widget'] });
    widget();
    await owner();
    const page = makeFrame('app://widget', { url: 'app://widget/secret.html', frameTreeNodeId: 20 });
    await electron.page(page, new FakeContents(2), { name: 'vault' }).joining;
    expect((await rejection(vouched({}, 'vault').joining)).message).toContain(
      "the name 'vault' is held by another origin",
    );
    const bus = await vouched({}, 'claimed').joining;
    expect(bus.peers.named('vault')[0]).toMatchObject({ origin: 'app://widget' });
    expect(bus.peers.named('vault')[0]?.frame).not.toHaveProperty('url');
  });

  it('may be of an opaque origin, which is told apart from others by its owner, for its name', async () => {
    widget({ origin: 'null' });
    await owner();
    const { self } = await vouched({ origin: 'null' }, 'sandboxed').joining;
    expect(self).toMatchObject({ origin: 'null', process: { id: 'r8.800' } });
    expect((await vouched({ origin: 'null' }, 'sandboxed').joining).self.name).toBe('sandboxed');
    await again({ origins: ['app://a', 'app://b'] });
    await owner();
    await vouched({ origin: 'null' }, 'sandboxed').joining;
    const other = { top: makeFrame('app://b'), contents: new FakeContents(2), nonce: electron.newNonce() };
    await electron.page(other.top, other.contents, { name: 'other', nonce: other.nonce }).joining;
    const vouch: Vouch = { type: 'frame', origin: 'null', grant: {}, share: 'a call of share()', document: 1 };
    const { joining } = electron.page(other.top, other.contents, { name: 'sandboxed', nonce: other.nonce, vouch });
    expect((await rejection(joining)).message).toContain('is held by another origin');
  });

  it('may have what its owner and share() grant, not more', async () => {
    await again({ authorize: ({ via }) => ({ receive: ['x', 'z'], ...(!via && { send: ['doc:*'], names: ['n'] }) }) });
    widget();
    await owner();
    const bus = await vouched({ grant: { send: ['doc:a', 'other'], receive: ['x', 'y'], names: ['n'] } }, 'w').joining;
    for (const channel of ['y', 'z']) {
      expect(() => bus.handle(channel, () => 1)).toThrow(expect.objectContaining({ code: 'NOT_AUTHORIZED' }));
    }
    bus.handle('x', () => 1);
    await vi.waitFor(() => expect(bridge.state().channels['x']?.handles).toEqual([bus.self.id]));
  });
});

describe('a worker that is shared', () => {
  it('has the origin and the process of its owner, whatever the page says', async () => {
    const { self: via } = await owner();
    const { self } = await vouched({ type: 'worker', origin: 'app://other' }, 'w').joining;
    expect(self).toMatchObject({ name: 'w', type: 'worker', origin: 'app://a', process: via.process, via: via.id });
    expect(self).not.toHaveProperty('frame');
    expect(bridge.registry.snapshot().processes[0]?.frames[0]?.documents[0]?.peers).toEqual([via, self]);
  });

  it('that closes its port was terminated', async () => {
    await owner();
    const { joining, port } = vouched({ type: 'worker', origin: '' }, 'w');
    await joining;
    const gone = left();
    port.close();
    expect(await gone).toEqual(['w', 'terminated']);
  });
});

describe('a page that shares', () => {
  it('must have a seat itself, of that very document', async () => {
    widget();
    expect((await rejection(vouched({}).joining)).message).toContain('connect() in the page first');
    const bus = await owner();
    const stranger = makeFrame('app://a', { frameTreeNodeId: 77, parent: top, top });
    const vouch: Vouch = { type: 'worker', origin: '', grant: {}, share: 'a call of share()', document: 0 };
    const stolen = electron.page(stranger, contents, { nonce, vouch }).joining;
    expect((await rejection(stolen)).message).toContain('connect() in the page first');
    const gone = left();
    await bus.close();
    await gone;
    expect((await rejection(vouched({}).joining)).message).toContain('connect() in the page first');
    expect(bridge.state()).toMatchObject({ peers: [], refused: 3, documents: 0 });
  });

  it('has seats of its own, and each child that it shares too: who takes all of its own takes none of the others', async () => {
    await again({ origins: ['app://a'], limits: { seats: 3 } });
    widget();
    await owner();
    const refused: string[] = [];
    bridge.on('refused', ({ code, message }) => refused.push(`${code}: ${message}`));
    for (let i = 0; i < 3; i++) await vouched({}, 'f').joining;
    expect(await rejection(vouched({}, 'f').joining)).toMatchObject({ code: 'LIMIT' });
    expect(refused).toEqual(['LIMIT: this frame or worker has 3 seats already. close() those no longer used.']);
    await vouched({ type: 'worker', share: 'another call of share()' }, 'w').joining;
    for (let i = 0; i < 2; i++) await owner('one more');
    expect(await rejection(owner('too many'))).toMatchObject({
      code: 'LIMIT',
      message: expect.stringContaining('this document has 3 seats already'),
    });
    expect(bridge.peers).toHaveLength(7);
  });

  it('has ten times as many for all that it shares, however many that are; what leaves makes room', async () => {
    await again({ origins: ['app://a'], limits: { seats: 1 } });
    await owner();
    const join = (i: number) => vouched({ type: 'worker', share: `call of share() number ${i}` });
    const workers = await Promise.all(Array.from({ length: 10 }, (_, i) => join(i).joining));
    expect(await rejection(join(10).joining)).toMatchObject({
      code: 'LIMIT',
      message: expect.stringContaining('what its owner shares has 10 seats already, in all'),
    });
    const gone = left();
    await workers[3]!.close();
    await gone;
    await join(10).joining;
  });

  it.each<[string, () => void, string]>([
    ['reloads', () => contents.navigate('app://a/index.html'), 'reloaded'],
    ['navigates', () => contents.navigate('app://a/other.html'), 'navigated'],
    ['crashes', () => contents.crash(), 'crashed'],
    ['is closed', () => contents.destroy(), 'closed'],
  ])('that %s takes along what it shares, with the same reason', async (_, act, reason) => {
    widget();
    const ports = [electron.page(top, contents, { name: 'owner', nonce })];
    await ports[0]!.joining;
    ports.push(vouched({}, 'f'), vouched({ type: 'worker' }, 'w'));
    await Promise.all(ports.map(({ joining }) => joining));
    const told: string[] = [];
    bridge.on('leave', ({ name }, why) => told.push(`${name} ${why}`));
    act();
    for (const { port } of ports) port.close();
    await vi.waitFor(() => expect(told).toHaveLength(3), { interval: 1 });
    expect(told.sort()).toEqual(['f', 'owner', 'w'].map((name) => `${name} ${reason}`));
    expect(bridge.state()).toMatchObject({ documents: 0, departing: 0 });
  });
});

describe('authorize', () => {
  it('is asked for it too, with who shares it, and may refuse for good', async () => {
    const asked: Candidate[] = [];
    await again({
      authorize(candidate) {
        asked.push(candidate);
        return candidate.via === undefined;
      },
    });
    widget();
    const { self: via } = await owner();
    expect(await rejection(vouched({}, 'widget').joining)).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(await rejection(vouched({ type: 'worker' }, 'w').joining)).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(asked.slice(1)).toEqual([
      expect.objectContaining({
        name: 'widget',
        type: 'frame',
        origin: 'app://widget',
        url: 'app://widget/index.html',
        topOrigin: 'app://a',
        via,
      }),
      expect.objectContaining({ name: 'w', type: 'worker', origin: 'app://a', url: 'app://a/index.html', via }),
    ]);
  });

  it('that answers when its owner has left lets nobody in', async () => {
    const answer = deferred<boolean>();
    const seen = deferred();
    await again({ authorize: ({ via }) => !via || (seen.resolve(), answer.promise) });
    widget();
    const bus = await owner();
    const { joining } = vouched({});
    await seen.promise;
    const gone = left();
    await bus.close();
    await gone;
    answer.resolve(true);
    expect((await rejection(joining)).message).toContain('the page that shares it has left');
    expect(bridge.state()).toMatchObject({ peers: [], documents: 0 });
  });
});

describe('a shared frame', () => {
  it('has several peers in one document; the first of the next document ends them, though their ports are open', async () => {
    const frame = widget();
    await owner();
    const before = [await vouched({}, 'one').joining, await vouched({}, 'two').joining];
    const worker = await vouched({ type: 'worker', share: 'another call of share()', document: 0 }, 'w').joining;
    expect(bridge.peers.map(({ name }) => name)).toEqual(['owner', 'one', 'two', 'w']);
    frame.url = 'app://widget/other.html';
    const told: string[] = [];
    bridge.on('leave', ({ name }, why) => told.push(`${name} ${why}`));
    const next = await vouched({ document: 2 }, 'one').joining;
    expect(told).toEqual(['one navigated', 'two navigated']);
    expect((await Promise.all(before.map(({ closed }) => closed))).map(({ reason }) => reason)).toEqual([
      'navigated',
      'navigated',
    ]);
    expect([worker.state, next.state]).toEqual(['open', 'open']);
    expect((await vouched({ document: 2 }, 'two').joining).state).toBe('open');
    expect(bridge.peers.map(({ name }) => name)).toEqual(['owner', 'w', 'one', 'two']);
    await vouched({ document: 3 }, 'one').joining;
    expect(told.slice(2), 'the same URL').toEqual(['one reloaded', 'two reloaded']);
  });

  it.each<[string, () => unknown]>([
    ['closes the bridge', () => bridge.close()],
    ['evicts its owner', () => bridge.evict(bridge.peers[0]!)],
  ])('whose former document leaves, which %s, is not let in', async (_, act) => {
    widget();
    await owner();
    await vouched({}, 'one').joining;
    bridge.once('leave', () => void act());
    expect((await rejection(vouched({ document: 2 }, 'one').joining)).message).toContain('has left');
    expect(bridge.state()).toMatchObject({ peers: [], documents: 0, departing: 0 });
  });

  it('whose next document is refused has not been replaced', async () => {
    await again({ authorize: ({ name }) => name !== 'refused' });
    widget();
    await owner();
    const { state, self } = await vouched({}, 'one').joining;
    expect(await rejection(vouched({ document: 2 }, 'refused').joining)).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(state).toBe('open');
    expect(bridge.peers).toContainEqual(self);
  });
});

describe('what a page has let in', () => {
  it('goes when the page is shown out, evicted itself', async () => {
    widget();
    const page = await owner();
    const other = await electron.page(makeFrame('app://a', { frameTreeNodeId: 70 }), new FakeContents(2), {
      name: 'other',
    }).joining;
    const guests = [
      await vouched({}, 'f').joining,
      await vouched({ type: 'worker', share: 'another one.....' }).joining,
    ];
    const told: string[] = [];
    bridge.on('leave', ({ name }, why) => told.push(`${name} ${why}`));
    const seen: string[] = [];
    other.peers.on('leave', ({ name }, why) => seen.push(`${name} ${why}`));
    bridge.evict(page.self, 'too loud');
    expect(told).toEqual(['owner evicted', 'f evicted', 'worker evicted']);
    const detail = 'owner, which had let it in, is gone (evicted)';
    for (const { closed } of guests) expect(await closed).toEqual({ reason: 'evicted', local: false, detail });
    await vi.waitFor(() => expect(seen).toEqual(told));
    expect(bridge.state()).toMatchObject({ peers: [other.self], documents: 1, departing: 0 });
  });

  it('is told who it was that had let it in, in whatever order it came', async () => {
    widget();
    const page = await owner();
    const guests = [
      await vouched({ type: 'worker', share: 'another one.....' }).joining,
      await vouched({}, 'f').joining,
    ];
    await page.close();
    for (const { closed } of guests) {
      expect((await closed).detail).toBe('owner, which had let it in, is gone (bye)');
    }
  });

  it('goes with the one seat that it came through; evicting one of what it shares is only that', async () => {
    widget();
    const first = await owner('first');
    const second = await owner('second');
    const [a, b] = [await vouched({}, 'a').joining, await vouched({}, 'b').joining];
    bridge.evict(a.self);
    expect(bridge.peers.map(({ name }) => name)).toEqual(['first', 'second', 'b']);
    bridge.evict(second.self);
    expect(bridge.peers.map(({ name }) => name)).toEqual(['first', 'b']);
    expect(b.self.via).toBe(first.self.id);
  });

  it.each<[string, (last: Bus) => unknown]>([
    ['a goodbye', (last) => last.close()],
    ['an eviction', (last) => bridge.evict(last.self)],
  ])('stays while another seat of the page stands for it, and goes with the last one: %s', async (_, act) => {
    widget();
    const [first, second] = [await owner('first'), await owner('second')];
    const guest = await vouched({}, 'f').joining;
    let gone = left();
    await first.close();
    expect(await gone).toEqual(['first', 'bye']);
    expect(guest.state).toBe('open');
    gone = left();
    void act(second);
    await gone;
    expect((await guest.closed).reason).toBe('evicted');
    expect(bridge.state()).toMatchObject({ peers: [], documents: 0 });
  });

  it('goes with a page that has closed its port, and lives on', async () => {
    widget();
    const { joining, port } = electron.page(top, contents, { name: 'owner', nonce });
    await joining;
    const guest = await vouched({}, 'f').joining;
    port.close();
    expect(await guest.closed).toMatchObject({ reason: 'lost' });
    expect(bridge.peers).toEqual([]);
  });
});

describe('a shared frame that leaves', () => {
  async function joined(...frames: FakeFrame[]) {
    await owner();
    const { joining, port } = vouched({}, 'widget');
    await joining;
    return { port, gone: left(), frames };
  }

  it('by being removed', async () => {
    const frame = widget();
    const { port, gone } = await joined(frame);
    removeFrame(frame);
    port.close();
    expect(await gone).toEqual(['widget', 'frame-removed']);
  });

  it('by navigating', async () => {
    const frame = widget();
    const { port, gone } = await joined(frame);
    Object.assign(frame, { processId: 33, routingId: 44, url: 'app://else/' });
    contents.navigate('app://else/', { top: false, pid: 33, rid: 44 });
    port.close();
    expect(await gone).toEqual(['widget', 'navigated']);
  });

  it('by navigating, where it is not known which one it was', async () => {
    const [one, two] = [widget(), widget({ frameTreeNodeId: 10 })];
    const { port, gone } = await joined(one, two);
    contents.navigate('app://else/', { top: false, pid: 8, rid: 6 });
    port.close();
    expect(await gone).toEqual(['widget', 'navigated']);
  });

  it('by the death of its process, with all that lived in that, in one step', async () => {
    const frame = widget();
    const { gone, port } = await joined(frame);
    const second = vouched({}, 'second');
    await second.joining;
    const told: unknown[] = [];
    bridge.on('leave', ({ name }, why) => told.push([name, why]));
    dispose(frame);
    port.close();
    await gone;
    expect(told).toEqual([
      ['widget', 'crashed'],
      ['second', 'crashed'],
    ]);
    expect(bridge.state()).toMatchObject({ departing: 0, documents: 1 });
  });
});
