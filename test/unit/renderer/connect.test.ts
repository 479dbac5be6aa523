import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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

  it("posts a join with a port to its own window, and to no other origin's", async () => {
    preload(admitAs('window'));
    const bus = await connect({ name: 'editor' });
    expect(window.posted).toEqual([
      { message: [JOIN, 'editor', WIRE_VERSION], origin: '/', transfer: [expect.any(MessagePort)] },
    ]);
    expect(bus.self.name).toBe('editor');
    const other = await connect();
    expect(window.posted[1]?.message).toEqual([JOIN, undefined, WIRE_VERSION]);
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

  it.each<PeerType>(['main', 'utility', 'node'])('knows that %s can not take a port', async (type) => {
    let next: PeerType = 'window';
    preload((message, port) => admitAs(next)(message, port));
    const page = await connect({ name: 'page' });
    next = type;
    const other = await connect({ name: 'other' });
    await other.subscribe('e', () => {});
    const { port1, port2 } = new MessageChannel();
    expect(() => page.send('e', transfer(port2, [port2]))).toThrow(expect.objectContaining({ code: 'NOT_CLONEABLE' }));
    port1.close();
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
