import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as control from '../../../src/core/broker/control.js';
import { ASK, writeAsk } from '../../../src/core/broker/asking.js';
import { ElectronPort } from '../../../src/core/port/electron-port.js';
import { WIRE_VERSION } from '../../../src/core/wire/frames.js';
import { Bridge } from '../../../src/main/bridge.js';
import type { BridgeOptions } from '../../../src/main/options.js';
import { rejection } from '../../contract/case.js';
import { ControlSide } from '../support/control-side.js';
import { FakeUtility, FakeWorker } from '../support/fake-children.js';
import { FakeContents, FakeElectron, makeFrame, next } from '../support/fake-electron.js';
import { spy } from '../support/spy.js';

// Children join with the code that they have, portmesh/node.

let electron: FakeElectron;
let bridge: Bridge;
let workers: FakeWorker[];

beforeEach(() => {
  electron = new FakeElectron();
  bridge = make();
  workers = [];
});
afterEach(async () => {
  await bridge.close();
  for (const worker of workers) worker.close();
  electron.close();
});

function make(options: BridgeOptions = { origins: ['app://a'] }): Bridge {
  return new Bridge(electron.like, options, () => '/found/preload.cjs');
}

function fork(options?: object, pid = 700): FakeUtility {
  const child = new FakeUtility(pid);
  bridge.attach(child.real, options);
  return child;
}

function newWorker(): FakeWorker {
  const worker = new FakeWorker();
  workers.push(worker);
  return worker;
}

const left = async (): Promise<unknown[]> => {
  const [peer, reason] = (await next(bridge as never, 'leave')) as [{ name: string }, string];
  return [peer.name, reason];
};

/** The first of the broker's messages to who was answered. */
async function said(answer: { ports: readonly object[] } | undefined): Promise<control.Message> {
  const side = new ControlSide(new ElectronPort(answer!.ports[0] as never));
  await vi.waitFor(() => expect(side.messages).not.toEqual([]));
  return side.messages[0]!;
}

describe('attach', () => {
  it.each([undefined, null, {}, 'child', new EventTarget(), { postMessage() {}, terminate() {} }])(
    'names what it can attach, where it is given something else: %#',
    (child) => {
      expect(() => bridge.attach(child as never)).toThrow(
        /^bridge\.attach\(child\): give what utilityProcess\.fork\(\) returned, or a Worker/,
      );
    },
  );

  it.each<[unknown, string]>([
    [null, 'bridge.attach(child, options): give an object'],
    [{ nam: 'x' }, 'bridge.attach(child, { nam }): the options are name and grant'],
    [{ name: '' }, 'bridge.attach(child, { name }): a name is a text'],
    [{ grant: { sends: [] } }, "bridge.attach(child, { grant }): a grant has no 'sends'"],
  ])('checks its options: %j', (options, problem) => {
    expect(() => bridge.attach(new FakeUtility().real, options as never)).toThrow(problem);
    expect(bridge.state().attached).toBe(0);
  });

  it('twice is refused, until the first is disposed', () => {
    const child = new FakeUtility();
    const registration = bridge.attach(child.real);
    expect(() => bridge.attach(child.real)).toThrow(/it is attached already\. Dispose the first/);
    registration.dispose();
    registration.dispose();
    bridge.attach(child.real);
    expect(bridge.state().attached).toBe(1);
  });

  it('of a worker that has ended is refused', () => {
    const worker = newWorker();
    worker.threadId = -1;
    expect(() => bridge.attach(worker.real)).toThrow(/the worker has ended/);
  });

  it('reserves the name it gives, unless a page holds it', async () => {
    await electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'editor' }).joining;
    expect(() => fork({ name: 'editor' })).toThrow(expect.objectContaining({ code: 'NOT_AUTHORIZED' }));
    expect(() => fork({ name: 'window' })).toThrow(/is that of peers without one/);
    fork({ name: 'thumbs' });
    const page = electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'thumbs' });
    expect((await rejection(page.joining)).message).toContain('is reserved by main');
    expect(bridge.state().attached).toBe(1);
  });

  it('on a closed bridge is refused; a bridge that closes lets go of its children', async () => {
    const [child, worker] = [fork(), newWorker()];
    bridge.attach(worker.real);
    await bridge.close();
    expect([child.eventNames(), worker.eventNames(), electron.app.eventNames()]).toEqual([[], [], []]);
    expect(bridge.state()).toMatchObject({ attached: 0 });
    expect(() => fork()).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });
});

describe('a utility process', () => {
  it('joins as what it is, trusted, and talks to main and to pages both ways', async () => {
    const main = await bridge.connect();
    const page = await electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'page' }).joining;
    const child = await fork().join('thumbs');
    expect(child.self).toMatchObject({ name: 'thumbs', type: 'utility', origin: '' });
    expect(child.self.process).toEqual({ type: 'utility', id: expect.stringMatching(/^u700\./), pid: 700 });
    for (const bus of [main, page, child]) bus.handle(`who:${bus.self.name}`, ({ sender }, n) => [sender.name, n]);
    for (const [from, to] of [
      [main, child],
      [child, main],
      [page, child],
      [child, page],
    ] as const) {
      const asked = from.to(to.self.name).with({ wait: 5000 }).request(`who:${to.self.name}`, 1);
      expect(await asked).toEqual([from.self.name, 1]);
    }
  });

  it("is refused the names of main's own seats, unless they are granted: what is sent to main reaches main only", async () => {
    await bridge.connect({ name: 'settings' });
    for (const name of ['main', 'settings']) {
      expect((await rejection(fork().join(name))).message).toContain('is reserved by main');
      expect((await fork({ grant: { names: [name] } }).join(name)).self.name).toBe(name);
    }
  });

  it('is called what it asks for, else what attach says, else by its type', async () => {
    const named = fork({ name: 'given' });
    expect((await named.join('own')).self.name).toBe('own');
    expect((await named.join()).self.name).toBe('given');
    expect((await fork().join()).self.name).toBe('utility');
  });

  it('may have several seats, all of one process; another process differs, even with its id', async () => {
    const [one, two] = [fork(), fork()];
    const ids = await Promise.all([one.join('a'), one.join('b'), two.join('c')].map(async (bus) => (await bus).self));
    expect(ids.map(({ process }) => process.id === ids[0]!.process.id)).toEqual([true, true, false]);
  });

  it('that asks before main knows its id is answered when it asks again', async () => {
    const child = fork({}, 0);
    child.pid = undefined;
    const joining = child.join('early');
    expect(child.answers).toEqual([]);
    child.pid = 701;
    expect((await joining).self.process.pid).toBe(701);
  });

  it('that asks twice with one nonce is answered once', () => {
    const child = fork();
    for (let i = 0; i < 2; i++) child.say(writeAsk('0123456789abcdef', 'x', WIRE_VERSION));
    expect([child.answers.length, bridge.peers.length]).toEqual([1, 1]);
  });

  it('gets what attach grants', async () => {
    fork({ grant: { send: ['doc:*'] } }).ask('x');
    const watching = await bridge.connect({ name: 'watch' });
    expect(bridge.peers.map(({ name }) => name)).toEqual(['x', 'watch']);
    expect([...watching.peers]).toHaveLength(1);
    const [kind, welcome] = await said(fork({ grant: { send: ['doc:*'] } }).ask('y'));
    expect([kind, (welcome as control.Welcome).grant]).toEqual([control.WELCOME, { send: ['doc:*'] }]);
  });

  it('of another version is refused on its port', async () => {
    const refused = spy();
    bridge.on('refused', refused);
    const answer = fork().ask('x', { version: 99 });
    const message = `the utility speaks version 99 of the wire, the bridge ${WIRE_VERSION}.`;
    expect(await said(answer)).toEqual([control.REFUSED, 'VERSION_MISMATCH', message, true]);
    expect(refused).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'VERSION_MISMATCH' }), undefined);
  });

  it('can not have a name that a page holds', async () => {
    await electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'editor' }).joining;
    expect(await rejection(fork().join('editor'))).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(bridge.state()).toMatchObject({ refused: 1 });
  });

  it('has as many seats as the limits allow', async () => {
    await bridge.close();
    bridge = make({ limits: { seats: 2 } });
    const child = fork();
    child.ask('a');
    child.ask('b');
    expect((await said(child.ask('c'))).slice(0, 2)).toEqual([control.REFUSED, 'LIMIT']);
    expect(bridge.peers).toHaveLength(2);
  });

  it.each<[string, unknown]>([
    ['no nonce', [ASK, undefined, 'x', WIRE_VERSION]],
    ['a name that is none', [ASK, '0123456789abcdef', '', WIRE_VERSION]],
    ['no version', [ASK, '0123456789abcdef', 'x']],
    ['a vouch that is none', [ASK, '0123456789abcdef', 'x', WIRE_VERSION, { type: 'window' }]],
  ])('that asks with %s is counted, and not answered', (_, data) => {
    const malformed = spy();
    bridge.on('malformed', malformed);
    const child = fork();
    child.say(data);
    expect([child.answers, bridge.state().malformed]).toEqual([[], 1]);
    expect(malformed).toHaveBeenCalledTimes(1);
  });

  it.each([undefined, null, 'text', [], [1, 2], { type: ASK }])(
    "may say anything of the application's own: %j",
    (data) => {
      const child = fork();
      child.say(data);
      expect([child.answers, bridge.state().malformed]).toEqual([[], 0]);
    },
  );

  it('is answered no more when its registration is disposed; its seats stay', async () => {
    const child = new FakeUtility();
    const registration = bridge.attach(child.real);
    const bus = await child.join('stays');
    registration.dispose();
    expect(child.ask('late')).toBeUndefined();
    expect(bridge.peers).toEqual([bus.self]);
    const gone = left();
    child.exit(electron.app, 9, { reason: 'killed', exitCode: 9 });
    expect(await gone).toEqual(['stays', 'killed']);
  });
});

describe('a utility process that hosts a worker', () => {
  const share = 'a call of share()';
  const vouch = { type: 'worker', origin: '', grant: { send: ['doc:*', 'log'] }, share, document: 0 } as const;

  it('lets it in: of its process, through its own seat, with no more than both grants', async () => {
    const child = fork({ grant: { send: ['doc:a', 'x'] } });
    const own = await child.join('host');
    const [, welcome] = (await said(child.ask('inner', { vouch }))) as [number, control.Welcome];
    const { process } = own.self;
    expect(welcome.self).toMatchObject({ name: 'inner', type: 'worker', origin: '', process, via: own.self.id });
    expect(welcome.grant).toEqual({ names: [], send: ['doc:a'] });
  });

  it('may show it the state of the mesh, which it may see itself unless it is told not to', async () => {
    const inner = { vouch: { ...vouch, grant: { state: true } } };
    const [, welcome] = (await said(fork().ask('one', inner))) as [number, control.Welcome];
    expect(welcome.grant).toMatchObject({ state: true });
    const [, refused] = (await said(fork({ grant: { state: false } }).ask('two', inner))) as [number, control.Welcome];
    expect(refused.grant).toMatchObject({ state: false });
  });

  it('needs no seat of its own, and its worker no name', async () => {
    const [, welcome] = (await said(fork({ name: 'host' }).ask(undefined, { vouch }))) as [number, control.Welcome];
    expect(welcome.self.name).toBe('worker');
    expect(welcome.self).not.toHaveProperty('via');
  });

  it('is told from the worker when it ends', async () => {
    const child = fork();
    const own = await child.join('host');
    const inner = child.ask('inner', { vouch });
    await said(inner);
    const gone = left();
    inner!.ports[0]!.close();
    expect(await gone).toEqual(['inner', 'terminated']);
    expect(bridge.peers).toEqual([own.self]);
  });

  it('has its own seats, and each worker has as many: one that takes all it can get leaves the others theirs', async () => {
    await bridge.close();
    bridge = make({ limits: { seats: 2 } });
    const child = fork();
    const join = async (name: string, more = {}): Promise<unknown> => {
      const given = name === 'own' ? {} : { vouch: { ...vouch, share: `share() of worker ${name}`, ...more } };
      return (await said(child.ask(name, given))).slice(0, 2);
    };
    for (const name of ['a', 'a', 'own', 'b', 'own', 'b']) {
      expect(await join(name)).toEqual([control.WELCOME, expect.anything()]);
    }
    for (const name of ['a', 'own', 'b']) expect(await join(name)).toEqual([control.REFUSED, 'LIMIT']);
    expect(bridge.peers).toHaveLength(6);
  });

  it('takes along the workers that have come through a seat that is evicted, not on a goodbye', async () => {
    const child = fork();
    const own = await child.join('host');
    const inner = await said(child.ask('inner', { vouch }));
    expect(inner[0]).toBe(control.WELCOME);
    const told: string[] = [];
    bridge.on('leave', ({ name }, why) => told.push(`${name} ${why}`));
    bridge.evict(own.self);
    expect(told).toEqual(['host evicted', 'inner evicted']);
    const second = await child.join('host');
    await said(child.ask('inner', { vouch }));
    await second.close();
    await vi.waitFor(() => expect(told.slice(2)).toEqual(['host bye']), { interval: 1 });
    expect(
      bridge.peers.map(({ name }) => name),
      'it is attached: it needs no seat itself',
    ).toEqual(['inner']);
  });

  it('that asks for nothing but seats is answered 2,000 times at once, then 50 times a second; for workers apart', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const child = fork();
      const ask = (count: number, more = {}): number =>
        Array.from({ length: count }, () => child.ask('x', { version: 0, ...more })).filter(Boolean).length;
      expect([ask(2100), ask(2100, { vouch })]).toEqual([2000, 2000]);
      vi.advanceTimersByTime(1000);
      expect([ask(100), ask(100, { vouch })]).toEqual([50, 50]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('can not let in a frame', async () => {
    const answer = fork().ask('x', { vouch: { ...vouch, type: 'frame' } });
    expect(await said(answer)).toEqual([control.REFUSED, 'NOT_AUTHORIZED', 'a utility can not let in a frame.', true]);
  });
});

describe('a utility process that ends', () => {
  it.each([
    ['exits', 3, undefined, 'exited'],
    ['is killed', 9, { reason: 'killed', exitCode: 9 }, 'killed'],
    ['is killed by kill()', 0, { reason: 'killed', exitCode: 15 }, 'killed'],
    ['crashes', 6, { reason: 'crashed', exitCode: 6 }, 'crashed'],
  ] as const)('since it %s takes all its seats along, each once', async (_, code, gone, reason) => {
    const child = fork();
    const main = await bridge.connect();
    const [one, two] = [await child.join('one'), await child.join('two')];
    one.handle('slow', () => new Promise(() => {}));
    const asked = rejection(main.with({ wait: 5000 }).request('slow'));
    await vi.waitFor(() => expect(one.load.serving).toBe(1));
    const told: string[] = [];
    bridge.on('leave', ({ name }, why) => told.push(`${name} ${why}`));
    child.exit(electron.app, code, gone);
    for (const { ports } of child.answers) ports[0]!.close();
    expect(await asked).toMatchObject({ code: 'PEER_GONE', reason });
    await vi.waitFor(() => expect(told.sort()).toEqual([`one ${reason}`, `two ${reason}`]));
    expect(bridge.state()).toMatchObject({ attached: 0, departing: 0, peers: [main.self] });
    await Promise.all([one.closed, two.closed]);
  });

  it('is told of when its ports have closed before', async () => {
    const child = fork();
    await child.join('x');
    const gone = left();
    child.answers[0]!.ports[0]!.close();
    await vi.waitFor(() => expect(bridge.state().departing).toBe(1), { interval: 1 });
    child.exit(electron.app, 3);
    expect(await gone).toEqual(['x', 'exited']);
  });

  it('is not thought to have ended when it only closes its port', async () => {
    const child = fork();
    await child.join('x');
    const gone = left();
    child.answers[0]!.ports[0]!.close();
    expect(await gone).toEqual(['x', 'lost']);
    expect(bridge.state().attached).toBe(1);
  });

  it('in order says goodbye', async () => {
    const bus = await fork().join('x');
    const gone = left();
    await bus.close();
    expect(await gone).toEqual(['x', 'bye']);
  });
});

describe("a worker of main's", () => {
  it('joins, relayed, as a part of the main process, and talks both ways', async () => {
    const main = await bridge.connect();
    const page = await electron.page(makeFrame('app://a'), new FakeContents(1), { name: 'page' }).joining;
    const worker = newWorker();
    bridge.attach(worker.real, { name: 'thread' });
    const bus = await worker.join();
    expect(bus.self).toMatchObject({ name: 'thread', type: 'worker', origin: '', process: main.self.process });
    for (const each of [main, page, bus]) each.handle(`who:${each.self.name}`, ({ sender }, n) => [sender.name, n]);
    for (const [from, to] of [
      [main, bus],
      [bus, main],
      [page, bus],
      [bus, page],
    ] as const) {
      const asked = from.to(to.self.name).with({ wait: 5000 }).request(`who:${to.self.name}`, 1);
      expect(await asked).toEqual([from.self.name, 1]);
    }
    await bus.close();
  });

  /** In a thread of its own, which does what it is told. */
  const program = `
    const { parentPort } = require('node:worker_threads');
    parentPort.postMessage(${JSON.stringify(writeAsk('0123456789abcdef', 'x', WIRE_VERSION))});
    parentPort.addEventListener('message', ({ data, ports }) => {
      if (ports.length > 0) (globalThis.port = ports[0]).start();
      if (data === 'exit') process.exit(3);
      if (data === 'throw') throw new Error('of the worker');
      if (data === 'end') parentPort.close();
    });`;

  it.each<[string, (worker: Worker) => unknown, string]>([
    ['terminate()', (worker) => worker.terminate(), 'terminated'],
    ['process.exit(3)', (worker) => worker.postMessage('exit'), 'exited'],
    ['an uncaught error', (worker) => worker.postMessage('throw'), 'crashed'],
  ])('that ends by %s leaves so, once', async (_, end, reason) => {
    const worker = new Worker(program, { eval: true });
    const errors: unknown[] = [];
    worker.on('error', (error) => errors.push(error));
    bridge.attach(worker);
    await next(bridge as never, 'join');
    const told: unknown[] = [];
    bridge.on('leave', ({ name }, why) => told.push([name, why]));
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    end(worker);
    await exited;
    await vi.waitFor(() => expect(told).toEqual([['x', reason]]), { interval: 1 });
    expect(errors).toHaveLength(reason === 'crashed' ? 1 : 0);
    expect(bridge.state()).toMatchObject({ attached: 0, departing: 0, peers: [] });
    expect(worker.listenerCount('message') + worker.listenerCount('exit')).toBe(0);
  });

  it('whose uncaught error nobody handles is not made harmless by being attached', () => {
    const worker = newWorker();
    bridge.attach(worker.real);
    const bug = new Error('of the worker');
    expect(() => worker.emit('error', bug)).toThrow(bug);
  });

  it('can not let in others', async () => {
    const worker = newWorker();
    bridge.attach(worker.real);
    const refused = next(bridge as never, 'refused');
    const vouch = { type: 'worker', origin: '', grant: {}, share: 'a call of share()', document: 0 } as const;
    worker.emit('message', writeAsk('0123456789abcdef', 'x', WIRE_VERSION, vouch));
    expect((await refused)[0]).toMatchObject({ message: 'a worker can not let in a worker.' });
  });
});
