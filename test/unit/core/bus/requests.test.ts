import { describe, expect, it } from 'vitest';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { MISSED, PORT, REQUEST, RESULT, STREAM } from '../../../../src/core/wire/frames.js';
import { OPEN } from '../../../../src/core/broker/control.js';
import { MeshPort } from '../../../../src/core/port/mesh-port.js';
import { transfer } from '../../../../src/core/wire/transfer.js';
import { deferred, rejection } from '../../../contract/case.js';
import { TestMesh } from '../../../contract/mesh.js';
import { handleRaw } from '../../support/handle-raw.js';

const kind = { make: () => createMemoryChannel({ latency: 10 }).ports };

/** Keeps the processor busy: a turn that takes its time. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('Requests', () => {
  it("a time-out begins when the call leaves: a long turn before it doesn't eat it up", async () => {
    const mesh = new TestMesh(kind);
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, n) => n);
    await b.subscribe('e', () => {});
    a.send('e');
    busy(700);
    expect(await a.with({ timeout: 600 }).request('echo', 1)).toBe(1);
    mesh.close();
  });

  it("a long turn behind the call doesn't either", async () => {
    const mesh = new TestMesh(kind);
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, n) => n);
    await b.subscribe('e', () => {});
    const asked = a.with({ timeout: 600 }).request('echo', 1);
    busy(590);
    expect(await asked).toBe(1);
    mesh.close();
  });

  /** A peer that announces `fs:run`, and gives the request for it back with arguments of its own making. */
  async function liar(mesh: TestMesh): Promise<void> {
    handleRaw(mesh, 'liar', 'fs:run', REQUEST, (link, id) => link.post([1, MISSED, id, 1, 'rm -rf']));
    await Promise.resolve();
  }

  it('what is passed on is what the caller has sent, whatever the peer gave back that it had got', async () => {
    const mesh = new TestMesh(kind);
    await liar(mesh);
    const [a, c] = [await mesh.join('a'), await mesh.join('c')];
    const got: unknown[] = [];
    c.handle('fs:run', (_, command) => got.push(command));
    await c.subscribe('e', () => {});
    for (let i = 0; i < 4; i++) await a.request('fs:run', 'ls');
    expect(got).toEqual(['ls', 'ls', 'ls', 'ls']);
    mesh.close();
  });

  it('with nobody else to pass it on to, it rejects', async () => {
    const mesh = new TestMesh(kind);
    await liar(mesh);
    const a = await mesh.join('a');
    expect((await rejection(a.with({ timeout: 2000 }).request('fs:run', 'ls'))).code).toBe('NO_HANDLER');
    mesh.close();
  });
});

it('ports that came back from a peer that no longer handles it are closed, where nobody else does', async () => {
  const mesh = new TestMesh(kind);
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const handling = b.handle('take', () => {});
  await b.subscribe('e', () => {});
  const [near, far] = kind.make();
  const closed = deferred();
  far.start({ message() {}, unreadable() {}, close: () => closed.resolve() });
  const port = new MeshPort(near, (raw) => raw as Port);
  const asked = rejection(a.request('take', transfer({ port }, [port])));
  handling.dispose();
  expect((await asked).code).toBe('NO_HANDLER');
  await closed.promise;
  mesh.close();
});

describe('where a post runs what waits in microtasks, as in Electron’s main process', () => {
  it('a call whose post ends the bus rejects, and leaves no listener on its signal', async () => {
    const mesh = new TestMesh(kind);
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, n) => n);
    await b.subscribe('e', () => {});
    await a.request('echo', 1);
    const port = mesh.opened[0] as Port;
    const post = port.post.bind(port);
    port.post = (message, transfer) => {
      post(message, transfer);
      if ((message as unknown[]).includes(REQUEST)) void a.close();
    };
    const { signal } = new AbortController();
    const error = await rejection(a.with({ signal }).request('echo', new Uint8Array(8)));
    expect(error.code).toBe('CLOSED');
    expect(a.load).toMatchObject({ calls: 0, signals: 0 });
    mesh.close();
  });

  it('of calls that waited for a handler, one whose signal another one’s post has aborted is not made', async () => {
    const mesh = new TestMesh(kind);
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('other', () => {});
    await b.subscribe('e', () => {});
    await a.request('other');
    const controller = new AbortController();
    const port = mesh.opened[0] as Port;
    const post = port.post.bind(port);
    port.post = (message, transfer) => {
      post(message, transfer);
      if ((message as unknown[]).includes(REQUEST)) controller.abort();
    };
    const caller = a.with({ wait: 60_000 });
    const first = caller.request('late', new Uint8Array(8));
    const second = rejection(caller.with({ signal: controller.signal }).request('late', new Uint8Array(9)));
    await b.subscribe('e2', () => {});
    const handled: number[] = [];
    b.handle('late', (_, { length }) => handled.push(length));
    await first;
    expect((await second).code).toBe('ABORTED');
    await a.drain();
    expect(handled).toEqual([8]);
    expect(a.load).toMatchObject({ calls: 0, signals: 0, parked: 0 });
    mesh.close();
  });
});

describe('a signal that aborts while its call is on its way', () => {
  /** An argument that aborts it as it is read: as what is captured, or as what goes alone. */
  const aborting = (controller: AbortController, alone: boolean): unknown => {
    const value = {
      get x() {
        controller.abort('why');
        return 1;
      },
    };
    return alone ? new Map([[1, value]]) : value;
  };

  it.each([false, true])('ends it, and tells its handler (posted alone: %s)', async (alone) => {
    const mesh = new TestMesh(kind);
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    const aborted = deferred<number>();
    let count = 0;
    b.handle('wait', (event) => {
      event.signal.addEventListener('abort', () => ++count === 2 && aborted.resolve(count));
      return new Promise(() => {});
    });
    await b.subscribe('e', () => {});
    for (const call of ['request', 'stream'] as const) {
      const controller = new AbortController();
      const caller = a.with({ signal: controller.signal });
      const value = aborting(controller, alone);
      const asked = call === 'request' ? caller.request('wait', value) : caller.stream('wait', value).next();
      expect(await rejection(asked)).toMatchObject({ code: 'ABORTED', cause: 'why' });
    }
    await aborted.promise;
    expect([a.load, b.load]).toMatchObject([{ calls: 0, signals: 0 }, { serving: 0 }]);
    mesh.close();
  });

  it('ends it where nobody is known who handles it, too', async () => {
    const mesh = new TestMesh(kind);
    const a = await mesh.join('a');
    const controller = new AbortController();
    const asked = a.with({ signal: controller.signal, wait: 60_000 }).request('nobody', aborting(controller, true));
    expect(await rejection(asked)).toMatchObject({ code: 'ABORTED', cause: 'why' });
    expect(a.load).toMatchObject({ parked: 0, signals: 0 });
    mesh.close();
  });
});

it('the peers of a name take turns, whatever those of other names are asked in between', async () => {
  const mesh = new TestMesh(kind);
  const a = await mesh.join('a');
  const asked = new Map<string, number>();
  for (const name of ['x', 'y']) {
    for (const each of [1, 2]) {
      const bus = await mesh.join(name);
      bus.handle('which', () => void asked.set(`${name}${each}`, (asked.get(`${name}${each}`) ?? 0) + 1));
      await bus.subscribe('e', () => {});
    }
  }
  for (let i = 0; i < 4; i++) for (const name of ['x', 'y']) await a.to(name).request('which');
  expect(Object.fromEntries(asked)).toEqual({ x1: 2, x2: 2, y1: 2, y2: 2 });
  mesh.close();
});

describe('a handler that closes its own bus', () => {
  it('finds its signal aborted, and its stream is ended', async () => {
    const mesh = new TestMesh(kind);
    const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
    const aborted = deferred();
    b.handle('request', (event) => {
      void b.close();
      event.signal.addEventListener('abort', () => aborted.resolve());
      return aborted.promise;
    });
    const ended = deferred();
    c.handle('stream', () => {
      void c.close();
      return new ReadableStream({ cancel: () => ended.resolve() });
    });
    await c.subscribe('e', () => {});
    expect((await rejection(a.request('request'))).code).toBe('PEER_GONE');
    expect((await rejection(a.stream('stream').next())).code).toBe('PEER_GONE');
    await Promise.all([aborted.promise, ended.promise]);
    mesh.close();
  });
});

it('what a closed bus rejects names the call that was made', async () => {
  const mesh = new TestMesh(kind);
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  b.handle('wait', () => new Promise(() => {}));
  await b.subscribe('e', () => {});
  const late = a.with({ wait: 60_000 });
  const calls = [
    a.stream('wait').next(),
    late.request('nobody'),
    late.stream('nobody').next(),
    late.openPort('nobody'),
  ];
  await a.drain();
  void a.close();
  const texts = (await Promise.all(calls.map(rejection))).map(({ message }) => message.split(':')[0]);
  expect(texts).toEqual(["stream('wait') to b (p2)", "request('nobody')", "stream('nobody')", "openPort('nobody')"]);
  mesh.close();
});

it('what a peer may not ask, or asks too much of, is refused by the name of the call', async () => {
  const mesh = new TestMesh(kind);
  const { port, id } = mesh.joinRaw('limited', { send: [] });
  const b = await mesh.join('b');
  const [near, far] = mesh.channel();
  const told = deferred<unknown[]>();
  near.start({ message: (data) => told.resolve(data as unknown[]), unreadable() {}, close() {} });
  port.start({ message() {}, unreadable() {}, close() {} });
  port.post([[OPEN, b.self.id, 0, 0]], [far]);
  near.post([0, STREAM, 1, 'secret', 10, 0]);
  expect(JSON.stringify(await told.promise)).toContain(`stream('secret'): limited (${id}) is not granted`);
  mesh.close();
});

it('whatever value a peer accepts a port with, the port leads to that peer', async () => {
  const mesh = new TestMesh(kind);
  handleRaw(mesh, 'liar', 'video', PORT, (link, id) => link.post([1, RESULT, id, { process: null }]));
  const a = await mesh.join('a');
  const video = await a.openPort('video');
  expect(video).toBeInstanceOf(MeshPort);
  expect(mesh.far).toEqual(['liar', 'liar']); // the link, and the port
  video.close();
  mesh.close();
});
