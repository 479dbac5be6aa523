import { expose as exposeOn, releaseProxy, transferHandlers, wrap as wrapOn } from 'comlink';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expose, loadOf, wrap } from '../../../src/comlink/index.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { rejection } from '../../contract/case.js';
import { TestMesh } from '../../contract/mesh.js';

// What is said on a port that a transfer handler of the application sends: Comlink, or a protocol of its own.

/** A remote's members are what the test says. */
type Any = any;

let mesh: TestMesh;
let a: Bus;
let b: Bus;
/** What a has, and what b got for it. */
let near: MessagePort;
let far: MessagePort;

beforeEach(async () => {
  transferHandlers.set('test:port', {
    canHandle: (value: unknown): value is MessagePort => value instanceof MessagePort,
    serialize: (port: MessagePort) => [port, [port]],
    deserialize: (port: MessagePort) => port,
  } as never);
  mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  [a, b] = [await mesh.join('a'), await mesh.join('b')];
  expose(b, 'taker', { take: (port: MessagePort) => void (far = port) });
  const remote = await wrap<{ take(port: MessagePort): void }>(a, 'taker', { wait: 1000 });
  const { port1, port2 } = new MessageChannel();
  near = port1;
  await remote.take(port2);
});
afterEach(() => {
  transferHandlers.delete('test:port');
  near.close();
  far.close();
  mesh.close();
});

interface Arrived {
  readonly data: unknown;
  readonly ports: readonly MessagePort[];
}

/** What arrives on a port, up to the text 'end'. */
function arrivedOn(port: MessagePort): Promise<Arrived[]> {
  return new Promise((resolve) => {
    const got: Arrived[] = [];
    port.onmessage = ({ data, ports }) => (data === 'end' ? resolve(got) : void got.push({ data, ports }));
  });
}

/** No call of the line waits for anything. */
async function untilSettled(): Promise<void> {
  await expect.poll(() => [loadOf(a).calls, loadOf(b).calls]).toEqual([0, 0]);
}

const messages: unknown[] = [
  null,
  0,
  '',
  'text',
  [],
  [{ id: 'x' }, []],
  {},
  { id: 0, type: 'GET' },
  { id: 0, type: 'GET', path: ['a'], other: 1 },
  { id: 7, type: 'APPLY', path: ['a'], argumentList: [1] },
  { type: 'SET', path: ['a', 0, null], value: 1 },
  { id: '', type: 'GET', path: ['a'] },
  { type: 'GET', path: '/users/constructor' },
  { method: 'set', path: ['constructor'] },
  { path: 5, argumentList: 'none' },
  { argumentList: Object.assign(new Array(3), [1]) },
  { type: 'RELEASE' },
  { id: 1, type: 'RELEASE' },
  { id: 'x', type: 'RAW', value: 1 },
  { type: 'HANDLER', name: 'throw', value: { isError: true, value: { stack: '/a/path' } } },
  new Map([[{ id: 1 }, new Date(5)]]),
  JSON.parse('{"__proto__":{"type":"other"}}'),
];

it('a protocol of its own passes as it is, both ways, in order', async () => {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    const arrived = arrivedOn(to);
    for (const each of [...messages, 'end']) from.postMessage(each);
    expect((await arrived).map(({ data }) => data)).toStrictEqual(messages);
  }
  await untilSettled();
});

it('so do requests that look like those of Comlink, and what looks like an answer, on both sides at once', async () => {
  const [there, here] = [arrivedOn(far), arrivedOn(near)];
  const requests = ['GET', 'SET', 'APPLY', 'CONSTRUCT', 'ENDPOINT'].map((type) => ({
    id: '1',
    type,
    path: ['a'],
    x: 1,
  }));
  const answers = [{ id: '1', n: 1 }, { id: '1', n: 2 }, 'end'];
  for (const each of [...requests, 'end']) near.postMessage(each);
  expect((await there).map(({ data }) => data)).toEqual(requests);
  for (const each of answers) far.postMessage(each);
  expect((await here).map(({ data }) => data)).toEqual(answers.slice(0, 2));
  await untilSettled();
});

it('buffers and ports move, in a message and beside it', async () => {
  const [one, two] = [new MessageChannel(), new MessageChannel()];
  const arrived = arrivedOn(far);
  const bytes = new Uint8Array([1, 2, 3]);
  near.postMessage({ bytes, inside: one.port2 }, [two.port2, one.port2, bytes.buffer]);
  near.postMessage('beside', [new MessageChannel().port2]);
  near.postMessage('end');
  const [{ data, ports }, beside] = (await arrived) as [Any, Arrived];
  expect(data.bytes).toEqual(new Uint8Array([1, 2, 3]));
  expect(bytes.byteLength).toBe(0);
  expect(ports).toHaveLength(2);
  expect(ports[1]).toBe(data.inside);
  expect(beside).toMatchObject({ data: 'beside', ports: [expect.any(MessagePort)] });
  const through = arrivedOn(data.inside);
  one.port1.postMessage({ id: 0, type: 'GET' });
  one.port1.postMessage('end');
  expect((await through).map((each) => each.data)).toEqual([{ id: 0, type: 'GET' }]);
  const listed = arrivedOn(ports[0]!);
  two.port1.postMessage('end');
  expect(await listed).toEqual([]);
  await untilSettled();
});

it('what is large is not looked at', async () => {
  const arrived = arrivedOn(far);
  const large = ['x'.repeat(5_000_000), new Float64Array(1_000_000), Array.from({ length: 200_000 }, (_, i) => i)];
  for (const each of [...large, 'end']) near.postMessage(each);
  expect((await arrived).map(({ data }) => (data as unknown[]).length)).toEqual([5_000_000, 1_000_000, 200_000]);
  await untilSettled();
});

it('what leads out is refused even where nobody says that Comlink is there, and what comes behind it is not', async () => {
  const errors: unknown[] = [];
  for (const bus of [a, b]) bus.onError((error) => errors.push(error));
  const arrived = arrivedOn(far);
  near.postMessage({ id: 'x', type: 'GET', path: ['constructor'] });
  near.postMessage('end');
  expect(await arrived).toEqual([]);
  await untilSettled();
  expect(errors).toEqual([]);
});

describe('Comlink on such a port', () => {
  const object = {
    n: 1,
    add: (x: number, y: number) => x + y,
    fail: () => {
      throw new TypeError('not so');
    },
    hang: () => new Promise(() => {}),
    uncloneable: () => () => {},
  };

  it.each(['here', 'there'])('is Comlink, exposed %s', async (place) => {
    const [server, client] = place === 'here' ? [near, far] : [far, near];
    exposeOn(object, server as never);
    const remote = wrapOn<typeof object>(client as never);
    expect(await remote.n).toBe(1);
    expect(await remote.add(1, 2)).toBe(3);
    expect((await rejection(remote.fail() as Promise<unknown>)).message).toBe('not so');
    expect((await rejection(remote.uncloneable() as Promise<unknown>)).message).toBe('Unserializable return value');
    await untilSettled();
    const before = [loadOf(a).endpoints, loadOf(b).endpoints];
    remote[releaseProxy]();
    await expect.poll(() => [loadOf(a).endpoints, loadOf(b).endpoints]).toEqual(before.map((each) => each - 1));
  });

  it.each(['here', 'there'])('what is pending rejects when the peer is gone, called %s', async (place) => {
    const [client, server] = place === 'here' ? [near, far] : [far, near];
    exposeOn(object, server as never);
    const remote = wrapOn<typeof object>(client as never);
    const pending = rejection(remote.hang());
    expect(await remote.add(1, 2)).toBe(3);
    mesh.kill(place === 'here' ? b : a, 'evicted');
    expect(await pending).toMatchObject({ name: 'MeshError', code: 'PEER_GONE' });
  });

  const path = ['constructor', 'constructor'];
  const evil = { path, argumentList: [{ type: 'RAW', value: 'globalThis.polluted = 1' }] };
  const inheriting = (): object => Object.assign(JSON.parse('{"__proto__":{"type":"CONSTRUCT"}}') as object, evil);
  it.each<[string, object]>([
    ['as Comlink calls it', { id: 'x', type: 'CONSTRUCT', ...evil }],
    ['a call', { id: 'x', type: 'APPLY', ...evil }],
    ['to be got', { id: 'x', type: 'GET', path: ['add', 'constructor'] }],
    ['to be set', { id: 'x', type: 'SET', path: ['__proto__', 'polluted'], value: { type: 'RAW', value: 1 } }],
    ['with an id that is a number', { id: 5, type: 'CONSTRUCT', ...evil }],
    ['without an id', { type: 'CONSTRUCT', ...evil }],
    ['with a type that is inherited', inheriting()],
    ['in lists that become texts', { id: 'x', type: 'CONSTRUCT', ...evil, path: [['constructor'], ['constructor']] }],
    ['in a list with names', Object.assign([], { id: 5, type: 'CONSTRUCT', ...evil })],
  ])('a name that leads out is refused: %s', async (_, message) => {
    let reached = false;
    const watched = new Proxy(object, {
      get: (target, key) => ((reached ||= key === 'constructor' || key === '__proto__'), Reflect.get(target, key)),
    });
    exposeOn(watched, far as never);
    near.postMessage(message);
    expect(await wrapOn<typeof object>(near as never).add(1, 2)).toBe(3);
    await untilSettled();
    expect(reached).toBe(false);
    expect('polluted' in globalThis || 'polluted' in {}).toBe(false);
  });

  it('its caller is told so', async () => {
    exposeOn(object, far as never);
    const { constructor } = wrapOn<Any>(near as never);
    expect(await rejection(constructor.constructor('x'))).toMatchObject({ name: 'MeshError', code: 'NO_METHOD' });
    await untilSettled();
  });

  it.each([{ path: new Array(2 ** 32 - 1) }, { argumentList: new Array(2 ** 32 - 1) }])(
    'lists of nothing, which it would walk for minutes, do not get there (%#)',
    async (lists) => {
      exposeOn(object, far as never);
      const errors: unknown[] = [];
      b.onError((error) => errors.push(error));
      for (const type of ['APPLY', 'other']) near.postMessage({ id: 'x', type, ...lists });
      expect(await wrapOn<typeof object>(near as never).add(1, 2)).toBe(3);
      await untilSettled();
      expect(errors).toMatchObject([{ code: 'PROTOCOL' }, { code: 'PROTOCOL' }]);
    },
  );
});
