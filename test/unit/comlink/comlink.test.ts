import { createEndpoint, proxy, releaseProxy, transfer, wrap as stockWrap } from 'comlink';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expose, loadOf, wrap } from '../../../src/comlink/index.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import { MeshError } from '../../../src/core/errors/mesh-error.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { electronEnd } from '../../../src/core/port/message-port.js';
import type { Port } from '../../../src/core/port/port.js';
import { deferred, rejection } from '../../contract/case.js';
import { TestMesh } from '../../contract/mesh.js';
import { countAlive } from '../support/garbage.js';

class Scene {
  readonly never = deferred<string>();
  readonly seen: unknown[] = [];

  take(value: unknown): unknown {
    this.seen.push(value);
    return this.seen.length;
  }

  give(value: unknown): unknown {
    return { value };
  }

  hang(): Promise<string> {
    return this.never.promise;
  }

  child(): Scene {
    return proxy(this);
  }
}

/** Ports that can't read what has `spoilt` in it: they deliver `null`, as Electron's do. */
function spoiling(): readonly [Port, Port] {
  const { ports } = createMemoryChannel({ carries: electronEnd });
  for (const port of ports) {
    const post = port.post.bind(port);
    port.post = (message, moved) => post(JSON.stringify(message)?.includes('"spoilt"') ? null : message, moved);
  }
  return ports;
}

let mesh: TestMesh;
let a: Bus;
let b: Bus;
let scene: Scene;

async function wrapped(make: () => readonly [Port, Port] = () => createMemoryChannel().ports) {
  mesh = new TestMesh({ make });
  a = await mesh.join('a');
  b = await mesh.join('b');
  scene = new Scene();
  expose(b, 'scene', scene);
  return wrap<Scene>(a, 'scene', { wait: 20_000 });
}
afterEach(() => mesh?.close());

it('arguments travel as they are at the call, two of one object as two', async () => {
  const remote = await wrapped();
  const value = { n: 1 };
  const first = remote.take(value);
  value.n = 2;
  await Promise.all([first, remote.take(value)]);
  expect(scene.seen).toEqual([{ n: 1 }, { n: 2 }]);
});

describe('what only the other side can not read', () => {
  const big = new Map([['spoilt', 1]]);
  const spoilt = { spoilt: big };

  it('rejects the call it was an argument of, and no other', async () => {
    const remote = await wrapped(spoiling);
    const calls = [remote.take(1), remote.take(spoilt), remote.take(new Map([[1, 2]])), remote.take(2)];
    const settled = await Promise.allSettled(calls);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    const error = await rejection(calls[1]!);
    expect(error.code).toBe('NOT_CLONEABLE');
    expect(error.message).toContain('scene.take() to b (');
    expect(scene.seen).toEqual([1, new Map([[1, 2]]), 2]);
  });

  it('rejects the call it was the result of', async () => {
    const remote = await wrapped(spoiling);
    scene.give = () => spoilt;
    const [error, one] = [await rejection(remote.give(1) as Promise<unknown>), await remote.take(1)];
    expect(error).toMatchObject({ code: 'NOT_CLONEABLE' });
    expect(one).toBe(1);
  });

  it('takes the callbacks along that were in it', async () => {
    const remote = await wrapped(spoiling);
    await rejection(
      (remote.take as (...args: unknown[]) => Promise<unknown>)(
        spoilt,
        proxy(() => 1),
      ),
    );
    await remote.take(1);
    expect(loadOf(a)).toEqual({ connections: 1, endpoints: 1, calls: 0 });
  });
});

it('a callback that is listed twice, or with what can not move, fails its call and leaves nothing', async () => {
  const remote = await wrapped();
  const take = remote.take as (...args: unknown[]) => Promise<unknown>;
  expect(
    (
      await rejection(
        take(
          proxy(() => 1),
          () => {},
        ),
      )
    ).code,
  ).toBe('NOT_CLONEABLE');
  const bytes = new Uint8Array(3);
  expect(
    (
      await rejection(
        take(
          transfer(bytes, [bytes.buffer, bytes.buffer]),
          proxy(() => 1),
        ),
      )
    ).code,
  ).toBe('NOT_CLONEABLE');
  expect(bytes.byteLength).toBe(3);
  expect(loadOf(a).endpoints).toBe(1);
});

describe('a proxy that is collected', () => {
  /** In a function of its own: nothing of it is left on the stack. */
  async function callAndForget(remote: { child(): unknown }): Promise<[Promise<string>, WeakRef<object>]> {
    const child = (await remote.child()) as { hang(): Promise<string> };
    return [child.hang(), new WeakRef(child)];
  }

  it('keeps its calls in flight, and is released behind them', async () => {
    const remote = await wrapped();
    const [call, reference] = await callAndForget(remote);
    expect(loadOf(a).endpoints).toBe(2);
    await expect.poll(() => countAlive([reference]), { timeout: 5000 }).toBe(0);
    // Its finalizer runs in a task of its own; and what it asks for waits.
    await remote.take(1);
    expect(loadOf(a).calls).toBe(1);
    scene.never.resolve('answered');
    expect(await call).toBe('answered');
    await expect.poll(() => [loadOf(a).endpoints, loadOf(b).endpoints]).toEqual([1, 1]);
    expect(await remote.take(2)).toBe(2);
  });
});

it('a call that is refused leaves nothing of its callbacks, on either side', async () => {
  const remote = await wrapped();
  const define = (remote as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)['__defineGetter__']!;
  const callback = proxy(() => 1);
  const refused = await rejection(define('polluted', callback));
  expect(refused).toMatchObject({ code: 'NO_METHOD' });
  expect(refused).toBeInstanceOf(MeshError);
  await remote.take(1);
  expect([loadOf(a).endpoints, loadOf(b).endpoints]).toEqual([1, 1]);
});

it('a callback whose call has got there lives on, though the answer can not be read', async () => {
  const remote = await wrapped(spoiling);
  let kept: (() => Promise<number>) | undefined;
  Object.assign(scene, {
    keep(callback: () => Promise<number>) {
      kept = callback;
      return { spoilt: new Map([['spoilt', 1]]) };
    },
  });
  const { keep } = remote as unknown as { keep(callback: () => number): Promise<unknown> };
  expect((await rejection(keep(proxy(() => 7)))).code).toBe('NOT_CLONEABLE');
  expect(await kept!()).toBe(7);
});

it('what is returned to a port that has been closed meanwhile stays where it is', async () => {
  const remote = await wrapped();
  const port = (await remote[createEndpoint]()) as MessagePort;
  Object.assign(scene, { late: () => scene.never.promise.then(() => proxy({})) });
  (stockWrap(port as never) as unknown as { late(): void }).late();
  await expect.poll(() => loadOf(a).calls).toBe(1);
  port.close();
  await expect.poll(() => [loadOf(a).endpoints, loadOf(b).endpoints]).toEqual([1, 1]);
  expect(loadOf(a).calls).toBe(0); // with its lane, though the line goes on
  scene.never.resolve('late');
  await remote.take(1);
  await remote.take(2);
  expect(loadOf(b).endpoints).toBe(1);
});

it("a release on an endpoint's port is answered, behind the calls under way, and the port closed: Comlink after 4.4.2 waits for it", async () => {
  const remote = await wrapped();
  const port = (await remote[createEndpoint]()) as MessagePort;
  const told: unknown[] = [];
  const closed = new Promise((resolve) => port.addEventListener('close', resolve));
  port.addEventListener('message', ({ data }) => told.push((data as { id: unknown }).id));
  port.start();
  port.postMessage({ id: 'call', type: 'APPLY', path: ['take'], argumentList: [{ type: 'RAW', value: 1 }] });
  port.postMessage({ id: 'release', type: 'RELEASE' });
  await closed;
  expect(told).toEqual(['call', 'release']);
});

it("what is pending on an endpoint's port rejects when the peer is gone", async () => {
  const remote = await wrapped();
  const port = await remote[createEndpoint]();
  const other = stockWrap<Scene>(port as never);
  await other.take(1);
  const pending = rejection(other.hang());
  await other.take(2);
  await b.close();
  expect(await pending).toMatchObject({ name: 'MeshError', code: 'PEER_GONE' });
  expect(loadOf(a)).toEqual({ connections: 0, endpoints: 0, calls: 0 });
});

it('an object that is exposed under two names: the end of one is not that of the other, nor that of a later one', async () => {
  const remote = await wrapped();
  const second = expose(b, 'second', scene);
  const other = await wrap<Scene>(a, 'second', { wait: 20_000 });
  second.dispose();
  expect((await rejection(other.take(1) as Promise<unknown>)).code).toBe('CLOSED');
  expect(await remote.take(1)).toBe(1);
  expose(b, 'second', scene);
  const again = await wrap<Scene>(a, 'second', { wait: 20_000 });
  second.dispose();
  expect(await again.take(1)).toBe(2);
});

it('its errors show who called', async () => {
  const remote = await wrapped();
  const callers = async function whoCalls(): Promise<void> {
    await remote.take(() => {});
  };
  expect((await rejection(callers())).stack).toContain('whoCalls');
});

it('a release behind the end of the connection does nothing', async () => {
  const remote = await wrapped();
  await b.close();
  expect((await rejection(remote.take(1) as Promise<unknown>)).code).toBe('PEER_GONE');
  remote[releaseProxy]();
  expect(loadOf(a).connections).toBe(0);
});

describe('bad input', () => {
  beforeEach(async () => void (await wrapped()));

  it.each([
    ["expose(bus, '', object): a name is a text", () => expose(b, '', {})],
    ['expose(bus, 5, object): a name is a text', () => expose(b, 5 as never, {})],
    [`expose(bus, '${'x'.repeat(100)}', object): a name is a text`, () => expose(b, 'x'.repeat(249), {})],
    ["expose(bus, 'x', object): give an object, a function or a class", () => expose(b, 'x', 5 as never)],
    ["expose(bus, 'x', object): the first argument must be a bus", () => expose({} as never, 'x', {})],
    ["expose(bus, 'scene', object): this bus exposes one of that name already", () => expose(b, 'scene', {})],
    ['loadOf(bus): the first argument must be a bus', () => loadOf({} as never)],
  ])('%s', (message, call) => {
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it.each([
    ["wrap(''): a name is a text", () => wrap(a, '')],
    ["wrap('x'): the first argument must be a bus, or what its to() or with() returned", () => wrap({} as never, 'x')],
    ["with({ timeout: 'x' }): give milliseconds", () => wrap(a, 'x', { timeout: 'x' as never })],
    ['with({ other }): the options are', () => wrap(a, 'x', { other: 1 } as never)],
  ])('%s', async (message, call) => {
    const error = await rejection(call());
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(message);
  });
});

it('grants speak of its channel', async () => {
  await wrapped();
  const stranger = await mesh.join('stranger', { send: ['doc:'], receive: [] });
  expect((await rejection(wrap(stranger, 'scene', { wait: 10_000 }))).code).toBe('NOT_AUTHORIZED');
  expect(() => expose(stranger, 'own', {})).toThrow(expect.objectContaining({ code: 'NOT_AUTHORIZED' }));
  const guest = await mesh.join('guest', { send: ['comlink:scene'], receive: ['comlink:own'] });
  const remote = await wrap<Scene>(guest, 'scene', { wait: 10_000 });
  expect(await remote.take(1)).toBe(1);
  expect((await rejection(wrap(guest, 'other'))).code).toBe('NOT_AUTHORIZED');
  expose(guest, 'own', { name: 'of the guest' });
  expect(await (await wrap<{ name: string }>(a, 'own', { wait: 10_000 })).name).toBe('of the guest');
});

it('nobody exposes it: NO_HANDLER with the fix; TIMEOUT and ABORTED as of every call', async () => {
  await wrapped();
  const nobody = await rejection(wrap(a, 'nobody'));
  expect(nobody).toMatchObject({
    code: 'NO_HANDLER',
    message: expect.stringContaining("expose(bus, 'nobody', object)"),
  });
  const named = (name: string): unknown => expect.stringMatching(new RegExp(`^wrap\\('${name}'\\)`));
  const absent = await rejection(wrap(a.to('c'), 'scene'));
  expect(absent).toMatchObject({ code: 'NO_PEER', message: named('scene') });
  const late = await rejection(wrap(a, 'nobody', { wait: 10_000, timeout: 10 }));
  expect(late).toMatchObject({ code: 'TIMEOUT', message: named('nobody') });
  const aborting = new AbortController();
  const waiting = rejection(wrap(a, 'nobody', { wait: 10_000, signal: aborting.signal }));
  aborting.abort();
  expect(await waiting).toMatchObject({ code: 'ABORTED', message: named('nobody') });
});
