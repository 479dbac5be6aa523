import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ANSWER, readAsk } from '../../../src/core/broker/asking.js';
import * as control from '../../../src/core/broker/control.js';
import { Hub } from '../../../src/core/broker/hub.js';
import { JOIN, PRELOAD_EVENT } from '../../../src/core/broker/joining.js';
import { defaultLimits } from '../../../src/core/directory/limits.js';
import type { Peer, PeerType } from '../../../src/core/directory/peer.js';
import { MessagePortPort, type MessagePortLike } from '../../../src/core/port/message-port.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { transfer } from '../../../src/core/wire/transfer.js';
import { WIRE_VERSION } from '../../../src/core/wire/frames.js';
import { connect } from '../../../src/renderer/connect.js';
import { mayHearClose } from '../../../src/renderer/platform.js';
import { rejection } from '../../contract/case.js';
import { FakeWindow } from '../support/fake-window.js';
import { peer } from '../../contract/link-side.js';

let window: FakeWindow;
let hub: Hub;
let ports: MessagePort[];
let lastId: number;

/** Stands for the preload: there, and passes joins on to `answer`. */
function preload(answer: (message: unknown[], port: MessagePort) => void): void {
  window.addEventListener(PRELOAD_EVENT, (event) => event.preventDefault());
  window.addEventListener('message', (event) => {
    const { data, ports: given } = event as unknown as { data: unknown[]; ports: MessagePort[] };
    if (data[0] !== JOIN) return;
    ports.push(...given);
    answer(data, given[0]!);
  });
}

/** And for the bridge: lets everybody in, as a peer of that type. */
function admitAs(type: PeerType): (message: unknown[], port: MessagePort) => void {
  return ([, name], port) => {
    const id = `p${++lastId}`;
    const place = type === 'main' || type === 'utility' || type === 'node' ? type : 'renderer';
    const process = { type: place, id: place, pid: 1 } as const;
    const admitted = peer((name as string | undefined) ?? type, { id, type, process });
    hub.admit(admitted, new MessagePortPort(port as MessagePortLike));
  };
}

beforeEach(() => {
  window = new FakeWindow();
  ports = [];
  lastId = 0;
  hub = new Hub({
    redact: false,
    limits: defaultLimits,
    channel: () => createMemoryChannel().ports,
    show: (shown: Peer) => shown,
    closed: ({ id }) => void hub.remove(id, 'lost'),
    left() {},
    malformed: (_, problem) => expect.unreachable(problem),
  });
  vi.stubGlobal('window', window);
});
afterEach(() => {
  hub.close();
  for (const port of ports) port.close();
  vi.unstubAllGlobals();
});

describe('connect', () => {
  it('without a preload fails at once, says so, and posts nothing', async () => {
    const error = await rejection(connect({ name: 'editor', timeout: Infinity }));
    expect(error).toMatchObject({ code: 'BRIDGE_GONE' });
    expect(error.message).toMatch(
      /^connect\({ name: 'editor' }\): no Portmesh preload in this frame.*bridge\.install\(session\)/,
    );
    expect(window.posted).toEqual([]);
  });

  it('finds a preload that hears a step later than this script that the page is being written', async () => {
    const joining = connect({ name: 'editor' });
    preload(admitAs('window'));
    expect((await joining).self.name).toBe('editor');
  });

  it("posts a join with a port to its own window, and to no other origin's", async () => {
    preload(admitAs('window'));
    const bus = await connect({ name: 'editor' });
    expect(window.posted).toEqual([
      { message: [JOIN, 'editor', WIRE_VERSION, undefined, 10_000], origin: '/', transfer: [expect.any(MessagePort)] },
    ]);
    expect(bus.self.name).toBe('editor');
    const other = await connect();
    expect(window.posted[1]?.message).toEqual([JOIN, undefined, WIRE_VERSION, undefined, 10_000]);
    expect([...bus.peers].map(({ id }) => id)).toEqual([other.self.id]);
  });

  it.each<[string, unknown]>([
    ['connect({ nam })', { nam: 'x' }],
    ['connect({ name })', { name: '' }],
    ['connect({ name })', { name: 5 }],
    ['connect({ name })', { name: 'x'.repeat(257) }],
    ['connect({ name })', { name: null }],
    ['connect({ timeout: 0 })', { timeout: 0 }],
    ['connect({ timeout: -1 })', { timeout: -1 }],
    ['connect({ timeout: NaN })', { timeout: NaN }],
    ["connect({ timeout: '1s' })", { timeout: '1s' }],
    ['connect({ signal })', { signal: {} }],
    ['connect({ signal })', { signal: null }],
  ])('names the wrong option: %s', async (call, options) => {
    preload(admitAs('window'));
    const error = await rejection(connect(options as never));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(`${call}: `) });
    expect(window.posted).toEqual([]);
  });

  it('gives up after its timeout, and closes its port', async () => {
    let closed: Promise<unknown> | undefined;
    preload((_, port) => (closed = new Promise((resolve) => port.addEventListener('close', resolve))));
    const error = await rejection(connect({ timeout: 20 }));
    expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringMatching(/^connect\(\): .* within 20 ms/) });
    await closed;
  });

  it('gives up when its signal aborts', async () => {
    preload(() => {});
    const controller = new AbortController();
    const joining = rejection(connect({ signal: controller.signal, timeout: Infinity }));
    controller.abort('changed my mind');
    expect(await joining).toMatchObject({ code: 'ABORTED', cause: 'changed my mind' });
  });

  it('passes the refusal on, under its own name', async () => {
    preload((_, port) => port.postMessage([[control.REFUSED, 'NOT_AUTHORIZED', 'not you.']]));
    expect(await rejection(connect({ name: 'x' }))).toMatchObject({
      code: 'NOT_AUTHORIZED',
      message: "connect({ name: 'x' }): not you.",
    });
  });
});

/** The page around this one. It answers nothing by itself; what an ask brings after its answer, the bridge lets in. */
class FakeParent {
  /** Without those that came with a port. */
  readonly posted: { message: unknown[]; origin: string }[] = [];
  /** Those that did. */
  readonly joined: { message: unknown[]; origin: string }[] = [];
  onAsk: (() => void) | undefined;
  onJoin = (message: unknown[], port: MessagePort): void => admitAs('frame')([JOIN, message[2]], port);

  postMessage(message: unknown[], origin: string, [port]: MessagePort[] = []): void {
    if (!port) {
      this.posted.push({ message, origin });
      return this.onAsk?.();
    }
    ports.push(port);
    this.joined.push({ message, origin });
    this.onJoin(message, port);
  }

  /** Answers the last ask, as a page of that origin. */
  answer(origin = 'https://app.example', source: unknown = this): void {
    window.receive([ANSWER, this.posted.at(-1)!.message[1]], source, [], origin);
  }
}

describe('a frame', () => {
  const owner = 'https://app.example';
  let parent: FakeParent;
  beforeEach(() => {
    parent = new FakeParent();
    window.parent = parent;
  });

  it('without a preload joins through its owner, and tells nobody else', async () => {
    parent.onAsk = () => setImmediate(() => parent.answer());
    const bus = await connect({ name: 'widget', owner });
    expect(parent.posted).toHaveLength(1);
    expect(parent.posted[0]?.origin).toBe(owner);
    const document = performance.timeOrigin;
    expect(readAsk(parent.posted[0]?.message)).toMatchObject({ name: 'widget', version: WIRE_VERSION, document });
    expect(parent.joined, 'the same, with a port, and to nobody else').toEqual(parent.posted);
    expect(window.posted).toEqual([]);
    expect(bus.self).toMatchObject({ name: 'widget', type: 'frame' });
    expect(window.listening('message')).toBe(0);
  });

  it('without a preload and without an owner fails at once, and says how its owner can help', async () => {
    const error = await rejection(connect());
    expect(error).toMatchObject({ code: 'BRIDGE_GONE' });
    expect(error.message).toMatch(/nodeIntegrationInSubFrames; or let the page it is in share\(iframe, { origin }\)/);
    expect(parent.posted).toEqual([]);
  });

  it.each([
    ['another origin', 'https://evil.example', undefined],
    ['an opaque origin', 'null', undefined],
    ['a frame in it, of the same origin', 'https://app.example', {}],
    ['itself', 'https://app.example', 'window'],
  ])('believes no answer of %s', async (_, origin, source) => {
    parent.onAsk = () => setImmediate(() => parent.answer(origin, source === 'window' ? window : (source ?? parent)));
    const error = await rejection(connect({ owner, timeout: 120 }));
    expect(error).toMatchObject({ code: 'TIMEOUT' });
    expect(parent.joined).toEqual([]);
    expect(error.message).toMatch(
      /^connect\(\): no answer within 120 ms\. Is it https:\/\/app\.example .* share\(iframe, { origin: 'app:\/\/page' }\)/,
    );
  });

  it('hides the answer from listeners that are put on while it asks, and nothing else', async () => {
    const seen: unknown[] = [];
    parent.onAsk = () =>
      setImmediate(() => {
        window.addEventListener('message', (event) => seen.push((event as MessageEvent).data));
        window.receive('other', parent, [], owner);
        parent.answer();
      });
    await connect({ owner });
    expect(seen).toEqual(['other']);
  });

  it.each([
    'https://App.example',
    'https://app.example/',
    'https://app.example:443',
    'http://app.example:80',
    'null',
    '*',
    '/',
    '',
    'file:///index.html',
    5,
    null,
  ])('names a wrong owner: %j', async (wrong) => {
    const error = await rejection(connect({ owner: wrong as string }));
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^connect\({ owner }\): /),
    });
    expect(parent.posted).toEqual([]);
  });

  it.each(['https://app.example:8080', 'app://editor', 'file://', 'http://localhost:3000'])(
    'takes %s',
    async (origin) => {
      parent.onAsk = () => setImmediate(() => parent.answer(origin));
      await connect({ owner: origin });
      expect(parent.posted[0]?.origin).toBe(origin);
    },
  );

  const refusal = (final: boolean) => (_: unknown, port: MessagePort) =>
    port.postMessage([[control.REFUSED, 'NOT_AUTHORIZED', 'not you.', final]]);

  it('that the default policy refuses asks its owner', async () => {
    preload(refusal(false));
    parent.onAsk = () => setImmediate(() => parent.answer());
    const bus = await connect({ name: 'widget', owner });
    expect(bus.self.name).toBe('widget');
    expect(window.posted).toHaveLength(1);
  });

  it('that the default policy refuses is told so when there is no owner, or none that answers', async () => {
    preload(refusal(false));
    const first = { code: 'NOT_AUTHORIZED', message: 'connect(): not you.' };
    expect(await rejection(connect())).toMatchObject(first);
    expect(parent.posted).toEqual([]);
    expect(await rejection(connect({ owner, timeout: 100 }))).toMatchObject(first);
    expect(parent.posted.length).toBeGreaterThan(0);
  });

  it('that is refused for good, or that is no frame, asks nobody', async () => {
    preload(refusal(true));
    expect(await rejection(connect({ owner }))).toMatchObject({ code: 'NOT_AUTHORIZED' });
    window.parent = window;
    expect(await rejection(connect({ owner }))).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(parent.posted).toEqual([]);
  });

  it('that is let in by the bridge asks nobody', async () => {
    preload(admitAs('frame'));
    await connect({ owner });
    expect(parent.posted).toEqual([]);
  });

  it('gives up its owner when its signal aborts, with that error', async () => {
    preload(refusal(false));
    const controller = new AbortController();
    parent.onAsk = () => controller.abort('enough');
    const error = await rejection(connect({ owner, signal: controller.signal }));
    expect(error).toMatchObject({ code: 'ABORTED', cause: 'enough' });
  });

  it("is told why the bridge refuses it, its owner's word notwithstanding", async () => {
    parent.onAsk = () => setImmediate(() => parent.answer());
    parent.onJoin = (_, port) => port.postMessage([[control.REFUSED, 'NOT_AUTHORIZED', 'nor you.', true]]);
    expect(await rejection(connect({ owner }))).toMatchObject({
      code: 'NOT_AUTHORIZED',
      message: 'connect(): nor you.',
    });
  });
});

describe('a dedicated worker', () => {
  it('joins through the page that made it', async () => {
    const scope = new EventTarget();
    const asks: unknown[] = [];
    vi.stubGlobal('window', undefined);
    vi.stubGlobal('navigator', { userAgent: 'Chrome/130' }); // Node 20 has none
    vi.stubGlobal('addEventListener', scope.addEventListener.bind(scope));
    vi.stubGlobal('removeEventListener', scope.removeEventListener.bind(scope));
    vi.stubGlobal('postMessage', (message: unknown[], [port]: MessagePort[] = []) => {
      if (port) return (ports.push(port), admitAs('worker')([JOIN, message[2]], port));
      asks.push(message);
      const answer = Object.assign(new Event('message'), { data: [ANSWER, message[1]], ports: [] });
      setImmediate(() => scope.dispatchEvent(answer));
    });
    const before = Reflect.ownKeys(globalThis);
    const [a, b] = [await connect({ name: 'thumbs' }), await connect({ name: 'other', owner: 'app://unused' })];
    expect(a.self).toMatchObject({ name: 'thumbs', type: 'worker' });
    b.handle('x', () => 1);
    expect(await a.with({ wait: 1000 }).request('x')).toBe(1);
    expect(asks).toHaveLength(2);
    expect(Reflect.ownKeys(globalThis)).toEqual(before);
  });

  it.each<[string, boolean]>([
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Electron/33.2.1 Safari/537.36',
      true,
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Electron/27.3.10 Safari/537.36',
      false,
    ],
    ['the app’s own', false],
  ])('hears the close of ports where that crashes no page: %s', (userAgent, hears) => {
    expect(mayHearClose(userAgent)).toBe(hears);
  });

  it('that nobody shares is told what to do', async () => {
    vi.stubGlobal('window', undefined);
    for (const name of ['addEventListener', 'removeEventListener', 'postMessage']) vi.stubGlobal(name, () => {});
    const error = await rejection(connect({ timeout: 20 }));
    expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('Is share(worker) called') });
  });

  it('is no shared worker, service worker, or Node', async () => {
    vi.stubGlobal('window', undefined);
    const error = await rejection(connect());
    expect(error).toMatchObject({
      code: 'BRIDGE_GONE',
      message: expect.stringContaining('only pages and dedicated workers'),
    });
  });
});

describe('a page', () => {
  it('talks to another one, with ports and buffers that move', async () => {
    preload(admitAs('window'));
    const [a, b] = [await connect({ name: 'a' }), await connect({ name: 'b' })];
    b.handle('take', (_, port: MessagePort, bytes: Uint8Array) => {
      port.postMessage([...bytes]);
      port.close();
      return bytes.length;
    });
    const { port1, port2 } = new MessageChannel();
    const got = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
    const bytes = Uint8Array.from([1, 2, 3]);
    const asked = a.with({ wait: 1000 }).request('take', transfer(port2, [port2]), transfer(bytes, [bytes.buffer]));
    expect(await asked).toBe(3);
    expect(await got).toEqual([1, 2, 3]);
    expect(bytes.byteLength).toBe(0);
    port1.close();
  });

  it.each<PeerType>(['main', 'utility', 'node'])('knows that %s can not take a Blob', async (type) => {
    let next: PeerType = 'window';
    preload((message, port) => admitAs(next)(message, port));
    const page = await connect({ name: 'page' });
    next = type;
    const other = await connect({ name: 'other' });
    await other.subscribe('e', () => {});
    expect(() => page.send('e', new Blob(['x']))).toThrow(expect.objectContaining({ code: 'NOT_CLONEABLE' }));
  });

  it('that unloads hears no close of any of its ports: a listener for it would crash Electron before 29', async () => {
    preload(admitAs('window'));
    const [a, b] = [await connect({ name: 'a' }), await connect({ name: 'b' })];
    b.handle('x', () => 1);
    await a.with({ wait: 1000 }).request('x');
    expect(window.listening('pagehide'), 'two control ports, and the two ends of a link').toBe(4);
    const unloading = window;
    window = new FakeWindow();
    vi.stubGlobal('window', window);
    preload(admitAs('window'));
    const other = await connect({ name: 'other' });
    unloading.dispatchEvent(new Event('pagehide'));
    // As when the bridge's process dies: all ports close, and nobody says a word.
    for (const port of ports) port.close();
    expect((await other.closed).reason).toBe('bridge-gone');
    expect([a.state, b.state]).toEqual(['open', 'open']);
    await a.close();
    await b.close();
  });

  it('that closes its bus leaves nothing on its window', async () => {
    preload(admitAs('window'));
    const [a, b] = [await connect({ name: 'a' }), await connect({ name: 'b' })];
    b.handle('x', () => 1);
    await a.with({ wait: 1000 }).request('x');
    await a.close();
    await b.close();
    expect(window.listening('pagehide')).toBe(0);
  });
});

it('asks for no seat with options that make no sense', async () => {
  preload(() => expect.unreachable('a seat that nobody would have'));
  const error = await rejection(connect({ name: 'a', flow: { limit: 0 } }));
  expect(error.message).toBe('connect({ flow: { limit: 0 } }): give a number of 1 or more, or Infinity.');
});
