import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as control from '../../../src/core/broker/control.js';
import { HELLO, JOIN, READY } from '../../../src/core/broker/joining.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import { WIRE_VERSION } from '../../../src/core/wire/frames.js';
import type { OwnSeatOptions } from '../../../src/main/own-seat.js';
import { Bridge } from '../../../src/main/bridge.js';
import type { Grant } from '../../../src/core/directory/grant.js';
import type { Peer } from '../../../src/core/directory/peer.js';
import type { Candidate } from '../../../src/main/candidate.js';
import type { BridgeOptions } from '../../../src/main/options.js';
import { deferred, rejection } from '../../contract/case.js';
import { DeafPort, FakeContents, FakeElectron, FakeSession, makeFrame, next } from '../support/fake-electron.js';
import { spy } from '../support/spy.js';

// Electron is faked over Node's MessageChannel; a page joins with the code that a page has.

let electron: FakeElectron;
let bridges: Bridge[];

beforeEach(() => {
  electron = new FakeElectron();
  bridges = [];
});
afterEach(async () => {
  for (const bridge of bridges) await bridge.close();
  electron.close();
});

function make(options: BridgeOptions = { origins: ['app://a', 'app://b'] }): Bridge {
  const bridge = new Bridge(electron.like, options, () => '/found/preload.cjs');
  bridges.push(bridge);
  return bridge;
}

const left = async (bridge: Bridge): Promise<unknown[]> => {
  const [peer, reason] = (await next(bridge as never, 'leave')) as [{ name: string }, string];
  return [peer.name, reason];
};

describe('createBridge', () => {
  it('makes one bridge per process, and another one when that is closed', async () => {
    const first = make();
    expect(() => make()).toThrow(
      /^createBridge\(\): this process has a bridge already\. Use that one, or close\(\) it/,
    );
    await first.close();
    make();
  });

  it('with a wrong option begins nothing', () => {
    expect(() => make({ origin: ['app://a'] } as never)).toThrow(/^createBridge\({ origin }\): the options are/);
    expect(electron.ipcMain.eventNames()).toEqual([]);
  });
});

describe('the preload', () => {
  it('is looked for when it is first needed, unless the application ships its own', () => {
    const find = spy(() => '/found/preload.cjs');
    const bridge = new Bridge(electron.like, {}, find);
    bridges.push(bridge);
    expect(find).not.toHaveBeenCalled();
    expect([bridge.preload, bridge.preload]).toEqual(['/found/preload.cjs', '/found/preload.cjs']);
    expect(find).toHaveBeenCalledTimes(1);
  });

  it("can be the application's own", () => {
    expect(make({ preload: '/app/own.cjs' }).preload).toBe('/app/own.cjs');
  });

  it('is installed into a session until the bridge closes', async () => {
    const session = FakeSession.modern();
    const bridge = make();
    bridge.install(session.real);
    expect(session.scripts).toEqual([{ type: 'frame', filePath: '/found/preload.cjs' }]);
    await bridge.close();
    expect(session.scripts).toEqual([]);
  });
});

describe('a hello', () => {
  it('is answered on the spot', () => {
    make();
    const reply = spy();
    electron.ipcMain.emit(HELLO, { reply });
    expect(reply).toHaveBeenCalledExactlyOnceWith(READY);
  });

  it('of a frame that is gone hurts nobody', () => {
    make();
    const reply = (): never => {
      throw new Error('Render frame was disposed');
    };
    expect(() => electron.ipcMain.emit(HELLO, { reply })).not.toThrow();
  });
});

describe('main', () => {
  it('has a seat of its own, trusted, under a name that becomes reserved', async () => {
    const bridge = make();
    const [bus, settings] = [await bridge.connect(), await bridge.connect({ name: 'settings' })];
    expect(bus.self).toMatchObject({
      name: 'main',
      type: 'main',
      origin: '',
      process: { type: 'main', pid: process.pid },
    });
    settings.handle('who', () => 'settings');
    expect(await bus.request('who')).toBe('settings');
    const { joining } = electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'settings' });
    expect(await rejection(joining)).toMatchObject({ code: 'NOT_AUTHORIZED' });
  });

  it('can not have a name that a page holds, or none', async () => {
    const bridge = make();
    await electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'editor' }).joining;
    expect(await rejection(bridge.connect({ name: 'editor' }))).toMatchObject({ code: 'NOT_AUTHORIZED' });
    const bad: OwnSeatOptions[] = [
      { name: '' },
      { name: 5 as never },
      { nam: 'x' } as never,
      { flow: { highwater: 1 } as never },
      { name: 'window' },
    ];
    for (const options of bad) {
      const { code } = await rejection(bridge.connect(options));
      expect(code).toBe(options.name === 'window' ? 'NOT_AUTHORIZED' : 'INVALID_ARGUMENT');
    }
    expect(bridge.peers.map(({ name }) => name)).toEqual(['editor']);
  });
});

describe('a page', () => {
  it('joins, is told of, and talks to main and to other pages both ways', async () => {
    const bridge = make();
    const joined = spy();
    bridge.on('join', joined);
    const main = await bridge.connect();
    const a = await electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'a' }).joining;
    const b = await electron.page(makeFrame('app://b', { processId: 9 }), new FakeContents(2), { name: 'b' }).joining;
    expect(joined.mock.calls.map(([{ name }]) => name)).toEqual(['main', 'a', 'b']);
    const all: [string, Bus][] = [
      ['main', main],
      ['a', a],
      ['b', b],
    ];
    for (const [name, bus] of all) bus.handle(`who:${name}`, (event, n) => `${event.sender.name} asks ${name} ${n}`);
    for (const [from, bus] of all) {
      for (const [to] of all.filter(([name]) => name !== from)) {
        expect(await bus.to(to).with({ wait: 5000 }).request(`who:${to}`, 1)).toBe(`${from} asks ${to} 1`);
      }
    }
    expect(bridge.state()).toMatchObject({
      links: 3,
      refused: 0,
      malformed: 0,
      watched: 2,
      documents: 2,
      departing: 0,
      references: 0,
    });
  });

  it('is stamped with what Electron says, and named by its type if it gives no name', async () => {
    const bridge = make();
    const bus = await electron.page(makeFrame('app://a'), new FakeContents(3)).joining;
    expect(bus.self).toMatchObject({
      name: 'window',
      type: 'window',
      origin: 'app://a',
      process: { type: 'renderer', id: 'r5.500', pid: 500 },
      frame: { webContents: 3, routing: 6, top: true, url: 'app://a/index.html' },
    });
    expect(bridge.registry.snapshot().processes[0]?.frames[0]?.documents[0]?.peers).toEqual([bus.self]);
  });

  it('shows its URL to main and to its own origin only', async () => {
    const bridge = make();
    const main = await bridge.connect();
    const page = async (origin: string, id: number): Promise<Bus> =>
      electron.page(makeFrame(origin, { frameTreeNodeId: id }), new FakeContents(id), { name: `${origin}${id}` })
        .joining;
    const [one, kin, stranger] = [await page('app://a', 1), await page('app://a', 2), await page('app://b', 3)];
    const url = 'app://a/index.html';
    const seen = (bus: Bus): unknown => bus.peers.get(one.self.id)?.frame?.url;
    expect([seen(main), seen(kin), seen(stranger)]).toEqual([url, url, undefined]);
    expect(stranger.peers.get(one.self.id)?.frame).toEqual({ webContents: 1, routing: 6, top: true });
  });

  it('without a name shares that of its type with everybody', async () => {
    const bridge = make();
    for (const [id, origin] of ['app://a', 'app://b'].entries()) {
      await electron.page(makeFrame(origin, { frameTreeNodeId: id }), new FakeContents(id)).joining;
    }
    expect(bridge.peers.map(({ name, origin }) => `${name} of ${origin}`)).toEqual([
      'window of app://a',
      'window of app://b',
    ]);
  });

  it('that throws shows its stack to its own origin and to main only, where errors are redacted', async () => {
    const bridge = make({ origins: ['app://a', 'app://b'], redactErrors: true });
    const main = await bridge.connect();
    const page = async (origin: string, id: number): Promise<Bus> =>
      electron.page(makeFrame(origin, { frameTreeNodeId: id }), new FakeContents(id), { name: `${origin}${id}` })
        .joining;
    const [one, kin, stranger] = [await page('app://a', 1), await page('app://a', 2), await page('app://b', 3)];
    one.handle('boom', () => {
      throw new RangeError(`can't read /home/someone/secret.txt`);
    });
    const [toMain, toKin, toStranger] = await Promise.all(
      [main, kin, stranger].map((bus) => rejection(bus.with({ wait: 5000 }).request('boom'))),
    );
    for (const error of [toMain, toKin]) {
      expect(error!.message).toContain('/home/someone/secret.txt');
      expect(error!.stack!.split('---').at(-1)).toContain('bridge.test');
    }
    expect(toStranger).toBeInstanceOf(RangeError);
    expect(toStranger!.message).toBe("can't read <path>");
    expect(toStranger!.stack!.split('---').at(-1)!.trim()).toBe('');
  });

  it('may have several seats, all of one document', async () => {
    const bridge = make();
    const [frame, contents] = [makeFrame('app://a'), new FakeContents(1)];
    const { joining, nonce } = electron.page(frame, contents, { name: 'one' });
    const one = await joining;
    const two = await electron.page(frame, contents, { name: 'two', nonce }).joining;
    expect(bridge.state()).toMatchObject({ documents: 1, watched: 1 });
    const gone = left(bridge);
    await one.close();
    expect(await gone).toEqual(['one', 'bye']);
    expect(bridge.state()).toMatchObject({ documents: 1 });
    expect(bridge.peers.map(({ id }) => id)).toEqual([two.self.id]);
  });
});

describe('a refusal', () => {
  it('reaches the page with the reason and the fix, and the application; nothing is left of who asked', async () => {
    const bridge = make();
    const refused = spy();
    bridge.on('refused', refused);
    const contents = new FakeContents(1);
    const error = await rejection(electron.page(makeFrame('app://stranger'), contents, { name: 'x' }).joining);
    expect(error).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(error.message).toMatch(/^connect\(\): the window at app:\/\/stranger.*origins: \['app:\/\/stranger'\]/);
    expect(refused.mock.calls).toEqual([
      [expect.objectContaining({ code: 'NOT_AUTHORIZED' }), expect.objectContaining({ origin: 'app://stranger' })],
    ]);
    expect(bridge.state()).toMatchObject({ peers: [], refused: 1, documents: 0, watched: 0 });
    expect(contents.eventNames()).toEqual([]);
  });

  it('of a name says who holds it', async () => {
    const bridge = make();
    await electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'editor' }).joining;
    const taken = rejection(electron.page(makeFrame('app://b'), new FakeContents(2), { name: 'editor' }).joining);
    expect((await taken).message).toContain("the name 'editor' is held by another origin");
    expect(bridge.state().refused).toBe(1);
  });

  it('meets a frame that uses the nonce of another one’s document', async () => {
    const bridge = make();
    const { joining, nonce } = electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'a' });
    const { self } = await joining;
    for (const thief of [{ frameTreeNodeId: 8 }, { processId: 99 }, { osProcessId: 999 }]) {
      const stolen = electron.page(makeFrame('app://a', thief), new FakeContents(2), { name: 'thief', nonce }).joining;
      expect((await rejection(stolen)).message).toContain(
        'the document that asks is not the one that its preload names',
      );
    }
    expect(bridge.peers).toEqual([self]);
    expect(bridge.state()).toMatchObject({ refused: 3, documents: 1 });
  });

  it('meets a frame that is gone before it is read', async () => {
    const bridge = make();
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
    electron.postJoin([electron.newNonce(), 'x', WIRE_VERSION], null, new FakeContents(1), [port2]);
    expect(await answer).toEqual([[control.REFUSED, 'NOT_AUTHORIZED', 'the frame is gone already.', true]]);
    expect(bridge.state()).toMatchObject({ peers: [], refused: 1 });
    port1.close();
  });

  it('meets a page of another version', async () => {
    const bridge = make();
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
    electron.postJoin([electron.newNonce(), 'x', 99], makeFrame('app://a'), new FakeContents(1), [port2]);
    expect(await answer).toEqual([
      [
        control.REFUSED,
        'VERSION_MISMATCH',
        `the page speaks version 99 of the wire, the bridge ${WIRE_VERSION}.`,
        true,
      ],
    ]);
    expect(bridge.state()).toMatchObject({ peers: [], refused: 1 });
    port1.close();
  });
});

describe('a listener of the application that throws', () => {
  it('stops neither the bridge nor its close, and is seen as the bug it is', async () => {
    const bridge = make();
    const bug = new Error('of the listener');
    const seen: unknown[] = [];
    const uncaught = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => seen.push(error));
    try {
      for (const name of ['join', 'leave', 'refused', 'malformed'] as const) {
        bridge.on(name, () => {
          throw bug;
        });
      }
      const page = await electron.page(makeFrame('app://a'), new FakeContents(1)).joining;
      await rejection(electron.page(makeFrame('app://stranger'), new FakeContents(2)).joining);
      electron.postJoin('nonsense', makeFrame('app://a'), new FakeContents(3), []);
      const main = await bridge.connect();
      await bridge.close();
      expect((await main.closed).reason).toBe('bridge-gone');
      expect((await page.closed).reason).toBe('bridge-gone');
      expect(bridge.state()).toMatchObject({ peers: [], documents: 0, watched: 0 });
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen).toEqual(Array(6).fill(bug));
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of uncaught) process.on('uncaughtException', listener);
    }
  });
});

describe('a malformed join', () => {
  const nonce = '0123456789abcdef';

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'join'],
    ['no nonce', [undefined, 'x', WIRE_VERSION]],
    ['a nonce that is a number', [1234567890123456, 'x', WIRE_VERSION]],
    ['a nonce that is too short', ['0123456789abcde', 'x', WIRE_VERSION]],
    ['a nonce that is too long', ['x'.repeat(65), 'x', WIRE_VERSION]],
    ['an empty name', [nonce, '', WIRE_VERSION]],
    ['a name that is too long', [nonce, 'x'.repeat(257), WIRE_VERSION]],
    ['a name that would be two lines of a log', [nonce, 'x\ny', WIRE_VERSION]],
    ['a name that is no text', [nonce, { toString: 'x' }, WIRE_VERSION]],
    ['a name that is null', [nonce, null, WIRE_VERSION]],
    ['a version that is no number', [nonce, 'x', { toString: 1 }]],
    ['no version', [nonce, 'x']],
  ])('%s: is answered and counted, and lets nobody in', async (_, message) => {
    const bridge = make();
    const malformed = spy();
    bridge.on('malformed', malformed);
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<unknown[][]>(
      (resolve) => (port1.onmessage = ({ data }) => resolve(data as unknown[][])),
    );
    electron.postJoin(message, makeFrame('app://a'), new FakeContents(1), [port2]);
    expect((await answer)[0]?.slice(0, 2)).toEqual([control.REFUSED, 'PROTOCOL']);
    expect(malformed).toHaveBeenCalledExactlyOnceWith('a join that makes no sense', undefined);
    expect(bridge.state()).toMatchObject({ peers: [], malformed: 1, documents: 0 });
    port1.close();
  });

  it('without a port is counted', () => {
    const bridge = make();
    electron.postJoin([nonce, 'x', WIRE_VERSION], makeFrame('app://a'), new FakeContents(1), []);
    electron.ipcMain.emit(JOIN, { senderFrame: null }, [nonce, 'x', WIRE_VERSION]);
    expect(bridge.state()).toMatchObject({ peers: [], malformed: 2 });
  });

  it('with more than one port: the others are closed', async () => {
    const bridge = make();
    const channels = [new MessageChannel(), new MessageChannel()];
    const closed = new Promise((resolve) => channels[1]!.port1.addEventListener('close', resolve));
    const message = [nonce, 'x', WIRE_VERSION];
    const joined = next(bridge as never, 'join');
    electron.postJoin(
      message,
      makeFrame('app://a'),
      new FakeContents(1),
      channels.map(({ port2 }) => port2),
    );
    await Promise.all([closed, joined]);
    expect(bridge.peers).toHaveLength(1);
    for (const { port1 } of channels) port1.close();
  });

  it('control messages that make no sense are told with their sender', async () => {
    const bridge = make();
    const { joining, port } = electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'a' });
    const { self } = await joining;
    const told = next(bridge as never, 'malformed');
    port.postMessage('nonsense');
    expect(await told).toEqual(['a control message that makes no sense', self]);
    expect(bridge.state()).toMatchObject({ malformed: 1, peers: [self] });
  });

  it('a page that asks for channels gets none: it makes its own', async () => {
    const bridge = make();
    const { joining, port } = electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'a' });
    const { self } = await joining;
    const told = next(bridge as never, 'malformed');
    const { MessageChannelMain: Channel } = electron.like;
    const made = spy();
    Object.assign(electron.like, {
      MessageChannelMain: function (): unknown {
        made();
        return new Channel();
      },
    });
    port.postMessage(new Array(1000).fill([control.CHANNEL, 1]));
    expect(await told).toEqual(['a control message that makes no sense', self]);
    expect(made).not.toHaveBeenCalled();
  });
});

describe('authorize', () => {
  function asked(): {
    options: BridgeOptions;
    candidate: Promise<Candidate>;
    answer: (grant: Grant | boolean) => void;
  } {
    const [candidate, answer] = [deferred<Candidate>(), deferred<Grant | boolean>()];
    return {
      options: {
        authorize(given) {
          candidate.resolve(given);
          return answer.promise;
        },
      },
      candidate: candidate.promise,
      answer: answer.resolve,
    };
  }

  it('is asked with who it is; the page waits for its answer', async () => {
    const { options, candidate, answer } = asked();
    const bridge = make(options);
    const { joining } = electron.page(makeFrame('app://x'), new FakeContents(1), { name: 'x' });
    expect(await candidate).toMatchObject({ name: 'x', origin: 'app://x', type: 'window' });
    expect(bridge.state()).toMatchObject({ peers: [], documents: 0, watched: 0 });
    answer(true);
    expect((await joining).self.name).toBe('x');
  });

  it('may grant a name that is reserved', async () => {
    make({ authorize: ({ name }) => (name === 'main' ? { names: ['main'] } : true) });
    const bus = await electron.page(makeFrame('app://x'), new FakeContents(1), { name: 'main' }).joining;
    expect(bus.self).toMatchObject({ name: 'main', type: 'window', origin: 'app://x' });
  });

  it('keeps what it threw for the application', async () => {
    const cause = new Error('the database is down');
    const bridge = make({
      authorize() {
        throw cause;
      },
    });
    const refused = next(bridge as never, 'refused');
    const error = await rejection(electron.page(makeFrame('app://x'), new FakeContents(1)).joining);
    expect(error.message).not.toContain('database');
    expect((await refused)[0]).toMatchObject({ code: 'NOT_AUTHORIZED', cause });
  });

  it.each([{ names: 'main' }, { names: 5 }, { names: [5] }, 'yes', undefined])(
    'that answers with %j refuses, and says what it must return',
    async (answer) => {
      make({ authorize: () => answer as never });
      const error = await rejection(electron.page(makeFrame('app://x'), new FakeContents(1), { name: 'main' }).joining);
      expect(error).toMatchObject({ code: 'NOT_AUTHORIZED' });
      expect(error.message).toContain('It must return a grant, true or false');
    },
  );

  it('that answers when nobody waits any more: nobody joins', async () => {
    const { options, candidate, answer } = asked();
    const bridge = make(options);
    const news: string[] = [];
    for (const name of ['join', 'leave', 'refused'] as const) bridge.on(name, () => news.push(name));
    const { port, far } = electron.page(makeFrame('app://x'), new FakeContents(1), { name: 'x' });
    const closed = once(far, 'close');
    await candidate;
    port.close();
    await closed;
    answer(true);
    await new Promise(setImmediate);
    expect(news).toEqual([]);
    expect(bridge.state()).toMatchObject({ peers: [], documents: 0, watched: 0, departing: 0, refused: 0 });
  });

  it('that answers when nobody waits any more for what a page shares: nobody joins, and the page stays', async () => {
    const [answer, asking] = [deferred<boolean>(), deferred<void>()];
    const bridge = make({ authorize: ({ via }) => (via ? (asking.resolve(), answer.promise) : true) });
    const [frame, contents] = [makeFrame('app://x'), new FakeContents(1)];
    const { joining, nonce } = electron.page(frame, contents, { name: 'owner' });
    await joining;
    const vouch = { type: 'worker', origin: '', grant: {}, share: '0123456789abcdef', document: 0 } as const;
    const { port, far } = electron.page(frame, contents, { nonce, vouch, name: 'w' });
    const closed = once(far, 'close');
    await asking.promise;
    port.close();
    await closed;
    answer.resolve(true);
    await new Promise(setImmediate);
    expect(bridge.state()).toMatchObject({ refused: 0, departing: 0, peers: [{ name: 'owner' }] });
  });

  it('that answers when the frame has just gone: nobody is left over', async () => {
    const { options, candidate, answer } = asked();
    const bridge = make(options);
    const contents = new FakeContents(1);
    const { port } = electron.page(makeFrame('app://x'), contents, { name: 'x' });
    await candidate;
    const gone = left(bridge);
    answer(true);
    port.close();
    contents.destroy();
    expect(await gone).toEqual(['x', 'lost']);
    expect(bridge.state()).toMatchObject({ peers: [], documents: 0, watched: 0, departing: 0 });
  });

  it('that never answers: the page is refused in time, others come and go meanwhile, and a late answer seats nobody', async () => {
    const decision = deferred<boolean>();
    const authorize = ({ name }: Candidate) => (name === 'slow' ? decision.promise : true);
    const bridge = make({ authorize, authorizeTimeout: 100 });
    const refused = next(bridge as never, 'refused');
    const slow = electron.page(makeFrame('app://x'), new FakeContents(1), { name: 'slow' });
    const closed = once(slow.port, 'close');
    const other = await electron.page(makeFrame('app://y'), new FakeContents(2), { name: 'other' }).joining;
    const error = await rejection(slow.joining);
    const text = "the bridge's authorize() for the window at app://x/index.html (origin app://x): no answer in 100 ms";
    expect([error.code, error.message]).toEqual(['TIMEOUT', `connect(): ${text} (authorizeTimeout).`]);
    expect(await refused).toMatchObject([{ code: 'TIMEOUT' }, { name: 'slow', origin: 'app://x' }]);
    await closed;
    decision.resolve(true);
    await other.subscribe('e', () => {});
    expect(bridge.state()).toMatchObject({ refused: 1, documents: 1, watched: 1, peers: [{ name: 'other' }] });
  });

  it('that never answers for what a page shares: that is refused, and the page keeps its seat', async () => {
    const bridge = make({ authorize: ({ via }) => (via ? new Promise<never>(() => {}) : true), authorizeTimeout: 100 });
    const [frame, contents] = [makeFrame('app://x'), new FakeContents(1)];
    const { joining, nonce } = electron.page(frame, contents, { name: 'owner' });
    await joining;
    const vouch = { type: 'worker', origin: '', grant: {}, share: '0123456789abcdef', document: 0 } as const;
    const error = await rejection(electron.page(frame, contents, { nonce, vouch, name: 'w' }).joining);
    expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('(authorizeTimeout)') });
    expect(bridge.state()).toMatchObject({ refused: 1, peers: [{ name: 'owner' }] });
  });

  it('that answers when the bridge is closed: the page is told', async () => {
    const { options, candidate, answer } = asked();
    const bridge = make(options);
    const { joining } = electron.page(makeFrame('app://x'), new FakeContents(1));
    await candidate;
    await bridge.close();
    answer(true);
    expect(await rejection(joining)).toMatchObject({ code: 'BRIDGE_GONE' });
    expect(bridge.state()).toMatchObject({ peers: [], documents: 0 });
  });
});

describe('a page that leaves', () => {
  async function joined(options: { top?: boolean } = {}) {
    const bridge = make();
    const contents = new FakeContents(1);
    const top = makeFrame('app://a');
    const frame = options.top === false ? makeFrame('app://a', { parent: top, top, frameTreeNodeId: 8 }) : top;
    const page = electron.page(frame, contents, { name: 'page' });
    await page.joining;
    return { bridge, contents, port: page.port, gone: left(bridge), bus: await page.joining };
  }

  async function empty(bridge: Bridge): Promise<void> {
    expect(bridge.state()).toMatchObject({ peers: [], documents: 0, departing: 0, channels: {} });
    expect(bridge.registry.snapshot()).toEqual({ processes: [] });
  }

  it('by reloading: its port closes, and Electron says why, a little later', async () => {
    const { bridge, contents, port, gone } = await joined();
    port.close();
    await vi.waitFor(() => expect(bridge.state().departing).toBe(1));
    contents.navigate('app://a/index.html');
    expect(await gone).toEqual(['page', 'reloaded']);
    await empty(bridge);
  });

  it('by navigating: Electron says so, and its port closes a little later', async () => {
    const { bridge, contents, port, gone } = await joined();
    contents.navigate('app://a/other.html');
    expect(bridge.state()).toMatchObject({ departing: 1, peers: [{ name: 'page' }] });
    port.close();
    expect(await gone).toEqual(['page', 'navigated']);
    await empty(bridge);
  });

  it('by a crash: at once, and with a reason of its own for each kind', async () => {
    const { bridge, contents, gone } = await joined();
    contents.crash('killed');
    expect(await gone).toEqual(['page', 'killed']);
    await empty(bridge);
  });

  it('with its window', async () => {
    const { bridge, contents, port, gone } = await joined();
    contents.destroy();
    port.close();
    expect(await gone).toEqual(['page', 'closed']);
    await empty(bridge);
    expect(bridge.state().watched).toBe(0);
  });

  it('as a frame that is removed, of which Electron says nothing', async () => {
    const { bridge, port, gone } = await joined({ top: false });
    port.close();
    expect(await gone).toEqual(['page', 'frame-removed']);
    await empty(bridge);
  });

  it('in order', async () => {
    const { bridge, bus, gone } = await joined();
    await bus.close();
    expect(await gone).toEqual(['page', 'bye']);
    await empty(bridge);
  });

  it('and others are told why, with what is pending rejected', async () => {
    const { bridge, contents, bus } = await joined();
    const main = await bridge.connect();
    const told = new Promise((resolve) => main.peers.on('leave', (peer, reason) => resolve([peer.name, reason])));
    bus.handle('slow', () => new Promise(() => {}));
    const asked = rejection(main.with({ wait: 5000 }).request('slow'));
    await vi.waitFor(() => expect(bus.load.serving).toBe(1));
    contents.crash();
    expect(await asked).toMatchObject({ code: 'PEER_GONE', reason: 'crashed' });
    expect(await told).toEqual(['page', 'crashed']);
  });

  it.each<[string, (bridge: Bridge, other: Peer) => unknown]>([
    ['closes the bridge', (bridge) => bridge.close()],
    ['evicts the other', (bridge, other) => bridge.evict(other)],
  ])('with two seats, where the leave of one %s: the end of the other is not waited for', async (_, act) => {
    const bridge = make();
    const [frame, contents, nonce] = [makeFrame('app://a'), new FakeContents(1), electron.newNonce()];
    const { port, joining } = electron.page(frame, contents, { name: 'one', nonce });
    await joining;
    const { self: other } = await electron.page(frame, contents, { name: 'two', nonce }).joining;
    port.close();
    await vi.waitFor(() => expect(bridge.state().departing).toBe(1), { interval: 1 });
    bridge.once('leave', () => void act(bridge, other));
    contents.navigate('app://a/other.html');
    await empty(bridge);
    await bridge.close();
  });
});

describe('a document', () => {
  it('has 1000 seats at most; others have theirs', async () => {
    const bridge = make();
    const refused: unknown[] = [];
    bridge.on('refused', ({ code }) => refused.push(code));
    const [frame, contents, nonce] = [makeFrame('app://a'), new FakeContents(1), electron.newNonce()];
    // Nobody listens at the other ends: a million messages about who joined would take their time.
    for (let i = 0; i < 1001; i++) {
      electron.postJoin([nonce, 'page', WIRE_VERSION], frame, contents, [new DeafPort()]);
    }
    await vi.waitFor(() => expect(refused).toEqual(['LIMIT']), { interval: 1 });
    expect(bridge.peers).toHaveLength(1000);
    const other = makeFrame('app://b', { frameTreeNodeId: 8 });
    electron.postJoin([electron.newNonce(), 'other', WIRE_VERSION], other, contents, [new DeafPort()]);
    await next(bridge as never, 'join');
    expect(bridge.peers).toHaveLength(1001);
  });
});

describe('a page that does nothing but ask to join', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('is looked at 1,000 times at once, or for twice the seats it may have; then it is refused, which is told once', async () => {
    let looks = 0;
    const bridge = make({ authorize: () => (looks++, true), limits: { seats: 1 } });
    const told: string[] = [];
    bridge.on('refused', ({ code, message }) => told.push(`${code}: ${message}`));
    const [top, contents, nonce] = [makeFrame('app://a'), new FakeContents(1), electron.newNonce()];
    const ask = (count: number): void => {
      for (let i = 0; i < count; i++) {
        electron.postJoin([nonce, undefined, WIRE_VERSION], top, contents, [new DeafPort()]);
      }
    };
    ask(999);
    expect(await rejection(electron.page(top, contents, { nonce }).joining), 'the 1,000th').toMatchObject({
      message: expect.stringContaining('this document has 1 seats already'),
    });
    ask(500);
    const error = await rejection(electron.page(top, contents, { nonce }).joining);
    expect(error).toMatchObject({ code: 'LIMIT' });
    expect(error.message).toContain('this frame asks to join too often: 1000 at once, then 50 a second');
    const often = (): number => told.filter((text) => text.includes('too often')).length;
    expect([often(), looks, bridge.state().refused]).toEqual([1, 1000, 999 + 501]);
    vi.advanceTimersByTime(1000);
    ask(60);
    await vi.waitFor(() => expect(looks).toBe(1050));
    expect(often(), 'it goes on').toBe(1);
    vi.advanceTimersByTime(20_000);
    ask(1001);
    expect(often(), 'it was calm').toBe(2);
  });

  it('takes no turns of other frames of its window, of what it shares, or of the page that it becomes, but for its own', async () => {
    const bridge = make();
    const [top, contents, nonce] = [makeFrame('app://a'), new FakeContents(1), electron.newNonce()];
    await electron.page(top, contents, { nonce }).joining;
    for (let i = 0; i < 2001; i++) electron.postJoin([nonce, '', 0], top, contents, [new DeafPort()]);
    const again = electron.page(top, contents, { nonce: electron.newNonce() }).joining;
    expect(await rejection(again), 'a reload is no way around').toMatchObject({ code: 'LIMIT' });
    const frame = makeFrame('app://a', { parent: top, top, frameTreeNodeId: 8 });
    await electron.page(frame, contents).joining;
    await electron.page(makeFrame('app://a'), new FakeContents(2)).joining;
    const vouch = { type: 'worker', origin: '', grant: {}, share: 'a call of share()', document: 0 } as const;
    await electron.page(top, contents, { nonce, vouch }).joining;
    expect(bridge.peers).toHaveLength(4);
  });

  it('for what it shares, takes none of its own', async () => {
    const bridge = make();
    const [top, contents, nonce] = [makeFrame('app://a'), new FakeContents(1), electron.newNonce()];
    const vouch = { type: 'worker', origin: '', grant: {}, share: 'a call of share()', document: 0 } as const;
    for (let i = 0; i < 2001; i++) electron.postJoin([nonce, '', 0, vouch], top, contents, [new DeafPort()]);
    const error = await rejection(electron.page(top, contents, { nonce, vouch }).joining);
    expect(error.message).toContain('what this page shares asks to join too often');
    await electron.page(top, contents, { nonce }).joining;
    expect(bridge.peers).toHaveLength(1);
  });
});

describe('evict', () => {
  it('ends a seat, by peer or id, with words for who had it', async () => {
    const bridge = make();
    const page = (id: number) =>
      electron.page(makeFrame('app://a', { frameTreeNodeId: id }), new FakeContents(id)).joining;
    const all = [await page(1), await page(2), await page(3)];
    expect(bridge.evict(all[0]!.self, 'too loud')).toBe(true);
    expect(bridge.evict({ id: all[1]!.self.id })).toBe(true);
    expect(bridge.evict(all[2]!.self.id)).toBe(true);
    expect(bridge.evict(all[2]!.self.id)).toBe(false);
    expect(await all[0]!.closed).toEqual({ reason: 'evicted', local: false, detail: 'too loud' });
    expect(await all[1]!.closed).toEqual({ reason: 'evicted', local: false, detail: '' });
    expect(bridge.peers).toEqual([]);
  });

  it.each([undefined, null, 5, {}])('names what is no peer: %j', (value) => {
    const bridge = make();
    expect(() => bridge.evict(value as never)).toThrow(/^evict\(peer\): give a Peer, or its id/);
  });
});

describe('close', () => {
  it('ends every seat, stops listening, and may be called again', async () => {
    const bridge = make();
    const main = await bridge.connect();
    const contents = new FakeContents(1);
    const page = await electron.page(makeFrame('app://a'), contents).joining;
    const gone = spy();
    bridge.on('leave', (peer, reason) => gone(peer.name, reason));
    await Promise.all([bridge.close(), bridge.close()]);
    for (const bus of [main, page]) {
      expect(await bus.closed).toEqual({ reason: 'bridge-gone', local: false, detail: 'it was closed' });
      expect(await rejection(bus.request('x'))).toMatchObject({ code: 'BRIDGE_GONE' });
    }
    expect(gone.mock.calls).toEqual([
      ['main', 'bridge-gone'],
      ['window', 'bridge-gone'],
    ]);
    expect([electron.ipcMain.eventNames(), contents.eventNames()]).toEqual([[], []]);
    expect(bridge.state()).toMatchObject({ peers: [], watched: 0, documents: 0, departing: 0, channels: {} });
  });

  it('is the last thing a bridge does', async () => {
    const bridge = make();
    await bridge.close();
    expect(await rejection(bridge.connect())).toMatchObject({ code: 'CLOSED' });
    expect(() => bridge.install(FakeSession.modern().real)).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    expect(() => bridge.evict('p1')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });
});

it('state() is plain data', async () => {
  const bridge = make();
  const main = await bridge.connect();
  await main.subscribe('e', () => {});
  main.handle('h', () => 1);
  const page = await electron.page(makeFrame('app://a'), new FakeContents(1)).joining;
  const state = bridge.state();
  expect(structuredClone(state)).toEqual(state);
  expect(state.channels).toEqual({
    e: { listens: [main.self.id], handles: [] },
    h: { listens: [], handles: [main.self.id] },
  });
  expect(state.peers).toEqual([main.self, page.self]);
});
