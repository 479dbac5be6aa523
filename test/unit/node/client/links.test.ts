import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import type { Message } from '../../../../src/core/broker/control.js';
import type { Bus } from '../../../../src/core/bus/bus.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import type { MeshPort } from '../../../../src/core/port/mesh-port.js';
import { transfer } from '../../../../src/core/wire/transfer.js';
import { DirectLinks } from '../../../../src/node/client/links.js';
import { adoptRaw } from '../../../../src/node/socket/socket-port.js';
import { deferred, rejection } from '../../../contract/case.js';
import { until } from '../../support/guests.js';
import { NodeMesh } from '../../support/node-mesh.js';
import { turn } from '../../support/turn.js';

let mesh: NodeMesh;
beforeEach(() => void (mesh = new NodeMesh()));
afterEach(() => mesh.close());

const idle = { calls: 0, serving: 0, parked: 0, signals: 0, references: 0 };

/** They know each other, and what each handles and listens to. */
async function acquainted(...buses: Bus[]): Promise<void> {
  for (const bus of buses) await bus.subscribe('acquainted', () => {});
  for (const bus of buses) bus.removeAllListeners('acquainted');
}

it('20 at once, from one peer: no warning of Node’s', async () => {
  await mesh.broker();
  const warnings: Error[] = [];
  const listener = (warning: Error): number => warnings.push(warning);
  process.on('warning', listener);
  const heard: string[] = [];
  for (let i = 0; i < 20; i++) {
    const bus = await mesh.join(`peer ${i}`);
    await bus.subscribe('e', () => void heard.push(bus.self.name));
  }
  const a = await mesh.join('a');
  a.send('e');
  await a.drain();
  await turn(); // warnings are told in a later one
  process.off('warning', listener);
  expect([warnings, new Set(heard).size, heard.length, a.load.links]).toEqual([[], 20, 20, 20]);
});

describe('a ticket', () => {
  /** Dials, and listens, by what a test says in the place of the broker. */
  function made(): { links: DirectLinks; said: Message[]; linked: string[] } {
    const said: Message[] = [];
    const linked: string[] = [];
    const links = new DirectLinks({
      address: { path: mesh.path },
      post: (message) => said.push(message),
      linked: (from) => linked.push(from),
    });
    onTestFinished(() => links.stop());
    return { links, said, linked };
  }

  it('is good without the broker that gave it; what waits for one is not', async () => {
    const [here, there] = [made(), made()];
    there.links.take([control.LISTEN, 'id', 'key', 'a', 0]);
    await until(() => there.said.length > 0);
    const [dialed, waiting] = [here.links.dial('b', 0), rejection(here.links.dial('c', 0))];
    here.links.take([control.TICKET, 1, 'id', 'key', there.said[0]?.[2]]);
    here.links.fail(new MeshError('BRIDGE_GONE', 'the broker is gone'));
    expect((await waiting).code).toBe('BRIDGE_GONE');
    adoptRaw(await dialed).close();
    await until(() => there.linked.length > 0);
    expect(there.linked).toEqual(['a']);
  });

  it('for where nobody listens says that the peer is gone: the broker is not', async () => {
    const { links } = made();
    const dialed = rejection(links.dial('b', 0));
    links.take([control.TICKET, 1, 'id', 'key', { path: `${mesh.path}-none` }]);
    expect(await dialed).toMatchObject({ code: 'PEER_GONE', reason: 'lost' });
  });
});

it('M31: both dial at once, 1,000 times: one order in each direction, answers included', async () => {
  const broker = await mesh.broker();
  const one = await mesh.join('one');
  const numbers: number[] = [];
  one.on('number', (_, number: number) => void numbers.push(number));
  one.handle('echo', (_, value) => value);
  await acquainted(one);
  let both = 0;
  for (let round = 0; round < 1000; round++) {
    const other = await mesh.join('other');
    const there: number[] = [];
    other.on('number', (_, number: number) => void there.push(number));
    other.handle('echo', (_, value) => value);
    await acquainted(other);
    const before = broker.state().links;
    const answered: Promise<unknown>[] = [];
    const sent = [0, 1, 2, 3, 4, 5];
    for (const number of sent) {
      one.to(other.self).send('number', number);
      other.to(one.self).send('number', number);
      if (number % 2 === 1) answered.push(one.to(other.self).request('echo', number));
      if (number % 2 === 1) answered.push(other.to(one.self).request('echo', number));
      if (number === 3) await turn();
    }
    expect(await Promise.all(answered)).toEqual([1, 1, 3, 3, 5, 5]);
    both += broker.state().links - before - 1;
    expect([there, numbers.splice(0)]).toEqual([sent, sent]);
    expect([one.load, other.load]).toEqual([
      { ...idle, links: 1 },
      { ...idle, links: 1 },
    ]);
    await other.close();
    await until(() => one.load.links === 0);
  }
  expect(both).toBe(1000); // else it would have shown something else
}, 60_000);

describe.each([
  ['a unix socket', {}],
  ['TCP', { port: 0 }],
])('over %s', (_, where) => {
  async function three(): Promise<[Bus, Bus, Bus]> {
    await mesh.broker(where);
    return [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
  }

  it('M16: a port goes both ways, can be passed on, works when who passed it on is gone, and closes with either end', async () => {
    const [a, b, c] = await three();
    const taken = deferred<MeshPort>();
    c.handle('take', (__, { port }: { port: MeshPort }) => taken.resolve(port));
    b.onPort('pass', (__, port, meta) => {
      expect(meta).toEqual({ codec: 'x' });
      void b
        .to('c')
        .with({ wait: 1000 })
        .request('take', transfer({ port }, [port]));
    });
    const near = await a.with({ wait: 1000 }).openPort('pass', { codec: 'x' });
    const far = await taken.promise;
    const [here, there]: [unknown[], unknown[]] = [[], []];
    near.onmessage = ({ data }: { data: unknown }) => here.push(data);
    far.onmessage = ({ data }: { data: unknown }) => there.push(data);
    near.postMessage('before');
    await until(() => there.length === 1);
    for (let i = 0; i < 100; i++) {
      near.postMessage(['to', i]);
      far.postMessage(new Uint8Array([i]));
    }
    await until(() => here.length === 100 && there.length === 101);
    expect(here).toEqual(Array.from({ length: 100 }, (__, i) => new Uint8Array([i])));
    expect(there.slice(1)).toEqual(Array.from({ length: 100 }, (__, i) => ['to', i]));
    const closed = new Promise((resolve) => near.addEventListener('close', resolve));
    far.close();
    await closed;
  });

  it('M17: ports and buffers nested in arguments move: whole there, gone here', async () => {
    const [a, b] = await three();
    b.handle('take', (__, { list }: { list: [ArrayBuffer, { port: MeshPort }] }) => {
      list[1].port.postMessage([list[0].byteLength, new Uint8Array(list[0])[70_000]]);
    });
    const { port1, port2 } = new MessageChannel();
    const buffer = new Uint8Array(100_000).fill(7).buffer;
    const said = new Promise((resolve) => port1.addEventListener('message', ({ data }) => resolve(data)));
    port1.start();
    await a.with({ wait: 1000 }).request('take', transfer({ list: [buffer, { port: port2 }] }, [buffer, port2]));
    expect(buffer.byteLength).toBe(0);
    expect(await said).toEqual([100_000, 7]);
    port1.close();
  });

  it('M18: a Buffer arrives as its own bytes, without its neighbours', async () => {
    const [a, b] = await three();
    b.handle('echo', (__, value: Uint8Array) => [value, value.buffer.byteLength]);
    for (const buffer of [Buffer.from('x'), Buffer.from('neighbours').subarray(3, 4), Buffer.alloc(0)]) {
      const [back, held] = (await a.with({ wait: 1000 }).request('echo', buffer)) as [Uint8Array, number];
      expect([Buffer.isBuffer(back), [...back], held]).toEqual([false, [...buffer], buffer.length]);
    }
  });

  it('M23: errors arrive as what they were', async () => {
    const [a, b] = await three();
    const thrown: unknown[] = [
      new TypeError('type', { cause: new RangeError('cause') }),
      new AggregateError([new Error('one'), 2], 'several'),
      Object.assign(new Error('coded'), { code: 'ENOENT', errno: -2 }),
      new DOMException('aborted', 'AbortError'),
      undefined,
      0,
      's',
      { plain: [1] },
    ];
    b.handle('throw', (__, i: number) => {
      throw thrown[i];
    });
    for (const [i, expected] of thrown.entries()) {
      const got = await a
        .with({ wait: 1000 })
        .request('throw', i)
        .then(
          () => 'nothing',
          (error: unknown) => error,
        );
      const seen = (each: unknown): unknown =>
        each instanceof Error ? [each.constructor, each.name, each.message, each.cause] : each;
      expect(seen(got)).toEqual(seen(expected));
      expect((got as { code?: unknown } | undefined)?.code).toBe((expected as { code?: unknown } | undefined)?.code);
    }
    expect(((await rejection(a.request('throw', 1))) as unknown as AggregateError).errors).toEqual([
      new Error('one'),
      2,
    ]);
  });

  it('M27: closed on both sides at once, and twice, with calls under way: all settles, nothing is left', async () => {
    const [a, b, c] = await three();
    for (const bus of [a, b]) bus.handle('never', () => new Promise(() => {}));
    await acquainted(a, b);
    const calls = [a.to('b').request('never'), b.to('a').request('never')].map(rejection);
    await until(() => a.load.serving + b.load.serving === 2);
    await Promise.all([a.close(), b.close(), a.close(), b.close()]);
    for (const { code } of await Promise.all(calls)) expect(['CLOSED', 'PEER_GONE']).toContain(code);
    expect([a.load, b.load]).toEqual([
      { ...idle, links: 0 },
      { ...idle, links: 0 },
    ]);
    await until(() => c.peers.size === 0);
  });

  it('a call to a peer that has left says how it left', async () => {
    const [a, b] = await three();
    b.handle('echo', (__, value) => value);
    await acquainted(b);
    const { id } = b.self;
    await b.close();
    expect(await rejection(a.to({ id }).request('echo', 1))).toMatchObject({ code: 'PEER_GONE', reason: 'bye' });
  });
});
