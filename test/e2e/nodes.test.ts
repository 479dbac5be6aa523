import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MeshPort } from '../../src/core/index.js';
import { NodeMesh, secrets } from '../unit/support/node-mesh.js';
import { untilPeers } from './support/lab.js';
import { NodeChild } from './support/node-child.js';
import type { World } from './support/place.js';
import { usePlaces } from './support/set-up.js';
import { serve, talk, untilThere } from './support/user-code.js';

const places = usePlaces();
const { lab } = places;
let nodes: NodeMesh;
let children: NodeChild[];
beforeEach(() => {
  nodes = new NodeMesh();
  children = [];
});
afterEach(async () => {
  for (const child of children) await child.stop();
  await nodes.close();
});

/** A Node child process that has joined the broker. */
async function child(name: string): Promise<NodeChild> {
  const started = await NodeChild.start(nodes.address);
  children.push(started);
  await started.join(name);
  return started;
}

function joinBroker(gateway: 'utility' | 'main' = 'utility'): Promise<void> {
  return lab.main(async (main, [address, given]) => void (await main.bridge.joinBroker(address, { gateway: given })), [
    { ...nodes.address, token: secrets.bridge },
    gateway,
  ] as const);
}

describe.each([
  ['a unix socket', {}, 'utility'],
  ['TCP', { port: 0 }, 'utility'],
  ['a unix socket and main', {}, 'main'],
] as const)('N1: over %s', (_, where, gateway) => {
  it('the same code runs in main, a window, frames of its own and of another origin, and Node children; all talk to all', async () => {
    await nodes.broker(where);
    const names = ['main', 'window', 'same origin', 'other origin', 'first', 'second'];
    await places.main.join();
    const window = await places.join('a', 'window', { webPreferences: { nodeIntegrationInSubFrames: true } });
    const [same, other] = [
      await window.frame('same', { src: places.url('a') }),
      await window.frame('other', { src: places.url('b') }),
    ];
    await same.join('same origin');
    await window.share(other, { origin: 'app://b' });
    await other.join('other origin', { owner: 'app://a' });
    const all = [places.main, window, same, other, await child('first'), await child('second')];
    await joinBroker(gateway);
    await Promise.all(all.map((place) => place.run(untilThere, names)));
    await Promise.all(all.map((place) => place.run(serve)));
    const wrong = await Promise.all(all.map((place) => place.run(talk, names)));
    expect(wrong.flat()).toEqual([]);
    for (const place of all) {
      expect(await place.run(({ bus, ...world }) => [bus.self.name, (world['greeted'] as string[]).length])).toEqual([
        expect.any(String),
        names.length - 1,
      ]);
    }
  });
});

describe('what a renderer and a Node child say to each other', () => {
  it('goes on while main is blocked', async () => {
    await nodes.broker();
    const node = await child('node');
    const page = await lab.join('a', 'window');
    await joinBroker();
    await untilPeers(page, ['node']);
    await node.run(({ bus }) => void bus.handle('double', (_: unknown, n: number) => 2 * n));
    await page.evaluate(() => window.bus.with({ wait: 5000 }).request('double', 1));
    await page.evaluate(() => {
      const times: number[] = [];
      const world = window as unknown as { stop: boolean; answers: Promise<number[]> };
      world.stop = false;
      world.answers = (async () => {
        while (!world.stop) {
          await window.bus.request('double', 2);
          times.push(Date.now());
        }
        return times;
      })();
    });
    const [start, end] = await lab.main(() => {
      const from = Date.now();
      while (Date.now() < from + 2000);
      return [from, Date.now()] as const;
    });
    const times = await page.evaluate(() => {
      const world = window as unknown as { stop: boolean; answers: Promise<number[]> };
      world.stop = true;
      return world.answers;
    });
    const meanwhile = [start, ...times.filter((time) => time > start && time < end), end];
    expect(meanwhile.length).toBeGreaterThan(100);
    // Of all of the two seconds.
    expect(Math.max(...meanwhile.slice(1).map((time, i) => time - meanwhile[i]!))).toBeLessThan(500);
  });

  it('arrives exactly, whatever structured clone knows, and a Buffer as bytes of its own', async () => {
    await nodes.broker();
    const node = await child('node');
    const page = await lab.join('a', 'window');
    await joinBroker();
    await untilPeers(page, ['node']);
    await node.run(({ bus }) => {
      bus.handle('echo', (_: unknown, value: unknown) => value);
      bus.handle('buffer', () => Buffer.from('x'));
    });
    expect(
      await page.evaluate(async () => {
        const { bus } = window;
        await bus.with({ wait: 5000 }).request('echo', 1);
        const wrong: string[] = [];
        const check = (what: string, holds: boolean): void => void (holds || wrong.push(what));
        const shared = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
        const value = {
          map: new Map<unknown, unknown>([
            [1, 'a'],
            ['b', { c: 2n }],
          ]),
          set: new Set([1, 'x']),
          date: new Date(5),
          invalid: new Date(NaN),
          regexp: /a+/giu,
          big: 2n ** 70n,
          numbers: [-0, NaN, Infinity, undefined, null],
          holes: Object.assign([1, , 3], { named: true }), // eslint-disable-line no-sparse-arrays
          error: Object.assign(new RangeError('far', { cause: new TypeError('near') })),
          part: new Uint16Array(shared.buffer, 2, 2),
          view: new DataView(shared.buffer, 1, 3),
          floats: new Float64Array([0.5, -0]),
          text: '\ud800 lone',
          self: undefined as unknown,
          ['__proto__x']: 1,
        };
        value.self = value;
        for (const [name, each] of Object.entries(value))
          await bus.request('echo', each).catch((error) => wrong.push(name + ': ' + error.message));
        if (wrong.length > 0) return wrong;
        const back = (await bus.request('echo', value)) as typeof value;
        check('map', back.map.get(1) === 'a' && (back.map.get('b') as { c: bigint }).c === 2n);
        check('set', back.set.has('x') && back.set.size === 2);
        check('date', back.date.getTime() === 5 && Number.isNaN(back.invalid.getTime()));
        check('regexp', String(back.regexp) === '/a+/giu');
        check('big', back.big === 2n ** 70n);
        check(
          'numbers',
          Object.is(back.numbers[0], -0) &&
            Number.isNaN(back.numbers[1]) &&
            3 in back.numbers &&
            back.numbers[4] === null,
        );
        check(
          'holes',
          !(1 in back.holes) && back.holes.length === 3 && (back.holes as { named?: boolean }).named === true,
        );
        check(
          'error',
          back.error instanceof RangeError && (back.error as Error & { cause: unknown }).cause instanceof TypeError,
        );
        check('part', back.part instanceof Uint16Array && back.part.length === 2 && back.part[0] === 0x0403);
        check('view', back.view instanceof DataView && back.view.byteLength === 3 && back.view.getUint8(0) === 2);
        check('floats', back.floats[0] === 0.5 && Object.is(back.floats[1], -0));
        check('text', back.text === value.text);
        check('self', back.self === back);
        const kinds = [
          Int8Array,
          Uint8Array,
          Uint8ClampedArray,
          Int16Array,
          Uint16Array,
          Int32Array,
          Uint32Array,
          Float32Array,
          Float64Array,
          BigInt64Array,
          BigUint64Array,
        ];
        const views = kinds.map((kind) => new kind(new ArrayBuffer(32), 8, 1));
        const kept = (await bus.request('echo', views)) as ArrayBufferView[];
        check(
          'kinds',
          kept.every((view, i) => view.constructor === kinds[i] && view.byteLength === views[i]!.byteLength),
        );
        const buffer = (await bus.request('buffer')) as Uint8Array;
        check('buffer', buffer.constructor === Uint8Array && buffer.buffer.byteLength === 1 && buffer[0] === 120);
        return wrong;
      }),
    ).toEqual([]);
  });

  it('a port sent by a window to a Node child works, both ways, is passed on, and closes with either end', async () => {
    await nodes.broker();
    const [node, other] = [await child('node'), await child('other')];
    const page = await lab.join('a', 'window');
    await joinBroker();
    await untilPeers(page, ['node', 'other']);
    await other.run((world) => {
      world.bus.handle('take', (_: unknown, port: MessagePort) => {
        port.onmessage = ({ data }) => port.postMessage(['other', data]);
        world['port'] = port;
      });
    });
    await node.run((world) => {
      world.bus.handle('keep', (_: unknown, port: MessagePort) => {
        port.onmessage = ({ data }) => port.postMessage(['node', data]);
        world['port'] = port;
      });
      world.bus.handle('pass', (_: unknown, port: MessagePort) =>
        world.bus
          .to('other')
          .with({ wait: 5000 })
          .request('take', world.lab.transfer(port as never, [port as never])),
      );
    });
    const said = await page.evaluate(async () => {
      const { bus, lab } = window;
      const answers: unknown[] = [];
      const send = async (channel: string): Promise<MessagePort> => {
        const { port1, port2 } = new MessageChannel();
        await bus
          .to('node')
          .with({ wait: 5000 })
          .request(channel, lab.transfer(port2, [port2]));
        port1.postMessage(new Uint8Array([1]));
        answers.push(await new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data[0]))));
        return port1;
      };
      const [kept, passed] = [await send('keep'), await send('pass')];
      (window as unknown as { portClosed: Promise<unknown> }).portClosed = new Promise((resolve) =>
        kept.addEventListener('close', resolve),
      );
      (window as unknown as { passed: MessagePort }).passed = passed;
      return answers;
    });
    expect(said).toEqual(['node', 'other']);
    await node.run((world) => (world['port'] as MessagePort).close());
    await page.evaluate(() => (window as unknown as { portClosed: Promise<unknown> }).portClosed.then(() => {}));
    // The second is gone: what it has passed on still works.
    await node.run(({ bus }) => bus.close());
    const closed = other.run(
      (world) => new Promise<void>((resolve) => ((world['port'] as { onclose: unknown }).onclose = () => resolve())),
    );
    await page.evaluate(() => (window as unknown as { passed: MessagePort }).passed.close());
    await closed;
  });

  it('a port that a Node child has passed on goes through it: both ends are told when it is killed', async () => {
    const [node, other] = [await places.node(), await places.node()];
    await node.join('node');
    await other.join('other');
    await other.run((world) => {
      world['closed'] = new Promise<void>((resolve) => {
        world.bus.on('port', (_, port: MeshPort) => {
          port.onclose = () => resolve();
          port.onmessage = ({ data }) => port.postMessage(data);
        });
      });
      world.bus.handle('ready', () => true);
    });
    await node.run(({ bus, lab }) => {
      bus.onPort('pass', async (_, port) => {
        await bus.to('other').with({ wait: 5000 }).request('ready');
        bus.to('other').send('port', lab.transfer(port, [port]));
      });
    });
    const window = await places.join('a', 'window');
    expect(
      await window.run(async (world) => {
        const port = await world.bus.with({ wait: 5000 }).openPort('pass');
        world['closed'] = new Promise<void>((resolve) => (port.onclose = () => resolve()));
        return new Promise((resolve) => {
          port.onmessage = ({ data }) => resolve(data);
          port.postMessage('through');
        });
      }),
    ).toBe('through');
    await node.kill();
    for (const place of [window, other]) await place.run((world) => world['closed'] as Promise<void>);
  });
});

describe('a Node child that ends', () => {
  it.each([
    ['exits', (): void => process.exit(3)],
    ['is killed', undefined],
    ['leaves', ({ bus }: World) => bus.close()],
  ] as const)('%s: 100 calls of a window reject within 250 ms, and all hear of it', async (how, end) => {
    await nodes.broker();
    const node = await child('node');
    const witness = await nodes.join('witness');
    const page = await lab.join('a', 'window');
    await joinBroker();
    await untilPeers(page, ['node', 'witness']);
    await node.run(({ bus }) => void bus.handle('never', () => new Promise(() => {})));
    const left = new Promise<number>((resolve) => witness.peers.on('leave', () => resolve(Date.now())));
    await page.evaluate(async () => {
      const { bus } = window;
      const pending = Array.from({ length: 100 }, () => bus.with({ wait: 5000 }).request('never'));
      const settled = Promise.all(pending.map((each) => each.catch((error: { code: string }) => error.code)));
      Object.assign(window, {
        settled: settled.then((codes) => ({ codes: [...new Set(codes)], at: Date.now() })),
        left: new Promise((resolve) => bus.peers.on('leave', (peer, reason) => resolve([peer.name, reason]))),
      });
      // Sent, and served.
      while (bus.load.calls < 100) await new Promise((resolve) => setTimeout(resolve));
      await bus.drain();
    });
    const start = Date.now();
    if (end) void node.run(end as never).catch(() => {});
    else node.process.kill('SIGKILL');
    const reason = how === 'leaves' ? 'bye' : 'lost';
    const { settled, told } = await page.evaluate(async () => {
      const { settled, left } = window as unknown as {
        settled: Promise<{ codes: string[]; at: number }>;
        left: Promise<unknown>;
      };
      return { settled: await settled, told: await left };
    });
    expect(settled.codes).toEqual(['PEER_GONE']);
    expect(settled.at - start).toBeLessThan(250);
    expect((await left) - start).toBeLessThan(250);
    expect(told).toEqual(['node', reason]);
    const later = await page.evaluate(() =>
      window.bus
        .to('node')
        .request('never')
        .catch((error: { code: string }) => error.code),
    );
    expect(later).toBe('NO_PEER');
  });

  it('exits on its own after close()', async () => {
    await nodes.broker();
    const [node, other] = [await child('node'), await child('other')];
    await other.run(({ bus }) => void bus.handle('echo', (_: unknown, value: unknown) => value));
    await node.run(async ({ bus }) => {
      await bus.with({ wait: 5000 }).request('echo', 1);
      const port = await bus.openPort('none').catch(() => undefined);
      port?.close();
    });
    await node.letGo();
    await node.run(({ bus }) => Promise.all([bus.close(), bus.close()]).then(() => {}));
    expect(await node.exited).toBe(0);
  });
});

describe('several brokers', () => {
  it('are one mesh through the bridge, and the death of one takes its own peers only', async () => {
    const meshes = [new NodeMesh(), new NodeMesh(), new NodeMesh()];
    try {
      for (const mesh of meshes) await mesh.broker();
      const buses = await Promise.all(meshes.map((mesh, i) => mesh.join(`n${i}`)));
      for (const bus of buses) bus.handle(`at:${bus.self.name}`, (event) => `${bus.self.name} to ${event.sender.name}`);
      const page = await lab.join('a', 'window');
      await lab.main(
        async (there, addresses) => void (await there.bridge.joinBroker(addresses)),
        meshes.map(({ address }) => ({ ...address, token: secrets.bridge })),
      );
      await untilPeers(page, ['n0', 'n1', 'n2']);
      const patient = { wait: 5000 };
      expect(await buses[0]!.with(patient).request('at:n1')).toBe('n1 to n0');
      expect(await buses[1]!.with(patient).request('at:n2')).toBe('n2 to n1');
      expect(await page.evaluate(() => window.bus.with({ wait: 5000 }).request('at:n2'))).toBe('n2 to window');
      const left = new Promise((resolve) =>
        buses[0]!.peers.on('leave', (peer, reason) => resolve([peer.name, reason])),
      );
      await meshes[2]!.close();
      await untilPeers(page, ['n0', 'n1']);
      expect(await left).toEqual(['n2', 'lost']);
      expect(await buses[0]!.request('at:n1')).toBe('n1 to n0');
    } finally {
      for (const mesh of meshes) await mesh.close();
    }
  });
});

describe('the gateway', () => {
  it('is started again when it dies, and the mesh is whole again', async () => {
    await nodes.broker();
    const node = await nodes.join('node');
    node.handle('echo', (_, value) => value);
    const page = await lab.join('a', 'window');
    await joinBroker();
    await untilPeers(page, ['node']);
    expect(await page.evaluate(() => window.bus.with({ wait: 5000 }).request('echo', 1))).toBe(1);
    const { id } = node.self;
    await lab.app.evaluate(({ app }) => {
      const gateway = app.getAppMetrics().find(({ name }) => name === 'portmesh gateway');
      process.kill(gateway!.pid, 'SIGKILL');
    });
    await untilPeers(page, []);
    await untilPeers(page, ['node']);
    expect(await page.evaluate(() => [...window.bus.peers][0]!.id)).toBe(id);
    expect(await page.evaluate(() => window.bus.with({ wait: 5000 }).request('echo', 2))).toBe(2);
    expect((await lab.state()).brokers).toMatchObject([{ joined: true, peers: 1 }]);
  });
});
