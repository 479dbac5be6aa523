import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { ANSWER, readAsk } from '../../../src/core/broker/asking.js';
import { Hub } from '../../../src/core/broker/hub.js';
import { join } from '../../../src/core/bus/join.js';
import { defaultLimits } from '../../../src/core/directory/limits.js';
import { nodePorts } from '../../../src/core/port/kinds.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import type { Port } from '../../../src/core/port/port.js';
import { electronEnd } from '../../../src/core/port/message-port.js';
import { WIRE_VERSION } from '../../../src/core/wire/frames.js';
import { connect } from '../../../src/node/index.js';
import { rejection } from '../../contract/case.js';
import { peer } from '../../contract/link-side.js';
import { FakeParentPort } from '../support/fake-utility.js';
import { MeshWorker } from '../support/mesh-worker.js';

describe('connect in a utility process', () => {
  it('asks main until it is attached, and joins; nothing is left on its parentPort', async () => {
    const via = new FakeParentPort();
    via.attached = false;
    const joining = connect({ via, name: 'thumbs' });
    while (via.asks.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    via.attached = true;
    const bus = await joining;
    expect(bus.self).toMatchObject({ name: 'thumbs', type: 'utility' });
    expect(via.asks[0]).toMatchObject({ name: 'thumbs', version: WIRE_VERSION, vouch: undefined });
    expect(new Set(via.asks.map(({ nonce }) => nonce)).size, 'one nonce for one call').toBe(1);
    expect(via.listenerCount('message')).toBe(0);
    const other = await connect({ via });
    expect(via.asks.at(-1)?.nonce).not.toBe(via.asks[0]?.nonce);
    expect(other.self.name).toBe('utility');
    via.hub.close();
    expect((await bus.closed).reason).toBe('bridge-gone');
  });

  it('twenty join at once with one listener on parentPort, and so does one behind them', async () => {
    const via = new FakeParentPort();
    const joining = Array.from({ length: 20 }, (_, i) => connect({ via, name: `n${i}` }));
    expect(via.listenerCount('message')).toBe(1);
    const buses = await Promise.all(joining);
    expect(new Set(buses.map(({ self }) => self.id)).size).toBe(20);
    expect(via.listenerCount('message')).toBe(0);
    expect((await connect({ via, name: 'behind' })).self.name).toBe('behind');
    expect(via.listenerCount('message')).toBe(0);
    via.hub.close();
  });

  it('talks both ways: where it opens the link, the broker makes the channel', async () => {
    const via = new FakeParentPort();
    const main = await via.connect('main');
    const bus = await connect({ via });
    main.handle('double', (_, n: number) => 2 * n);
    bus.handle('half', (_, n: number) => n / 2);
    expect(await bus.with({ wait: 1000 }).request('double', 4)).toBe(8);
    expect(await main.with({ wait: 1000 }).request('half', 4)).toBe(2);
    expect(via.malformed).toEqual([]);
    via.hub.close();
  });

  it('an event that close() overtakes, since the way to its receiver is still being made, is reported as lost; drain() waits for it', async () => {
    const via = new FakeParentPort();
    const main = await via.connect('main');
    const got: unknown[] = [];
    await main.subscribe('e', (_, n) => got.push(n));
    const hasty = await connect({ via });
    const lost: unknown[] = [];
    hasty.onDropped(({ count, error }) => lost.push(count, error.code, error.message));
    hasty.send('e', 1);
    await hasty.close();
    expect(lost).toEqual([1, 'CLOSED', expect.stringMatching(/^send to main .*closed/)]);
    const calm = await connect({ via });
    calm.send('e', 2);
    await calm.drain();
    await calm.close();
    expect(got).toEqual([2]);
    via.hub.close();
  });

  it('nobody attached says what to do', async () => {
    const via = new FakeParentPort();
    via.attached = false;
    const error = await rejection(connect({ via, name: 'x', timeout: 30 }));
    expect(error).toMatchObject({ code: 'TIMEOUT' });
    expect(error.message).toMatch(
      /^connect\({ name: 'x' }\): no answer within 30 ms\. Call bridge\.attach\(child\) in main/,
    );
  });

  it('gives up when its signal aborts', async () => {
    const via = new FakeParentPort();
    via.attached = false;
    const error = await rejection(connect({ via, signal: AbortSignal.abort('why') }));
    expect(error).toMatchObject({ code: 'ABORTED', cause: 'why' });
    expect(via.asks).toEqual([]);
  });
});

describe('connect', () => {
  it.each<[string, unknown]>([
    ['connect({ via })', undefined],
    ['connect({ via })', {}],
    ['connect({ via })', { via: null }],
    ['connect({ via })', { via: { postMessage() {} } }],
    ['connect({ via, broker })', { via: new FakeParentPort(), broker: {} }],
    ['connect({ bogus })', { via: new FakeParentPort(), bogus: {} }],
    ['connect({ broker: { token } })', { broker: { path: '/there' } }],
    ['connect({ broker })', { broker: { token: 'secret' } }],
    ['connect({ name })', { via: new FakeParentPort(), name: '' }],
    ['connect({ timeout: 0 })', { via: new FakeParentPort(), timeout: 0 }],
    ['connect({ signal })', { via: new FakeParentPort(), signal: {} }],
  ])('names what is wrong: %s', async (call, options) => {
    const error = await rejection(connect(options as never));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(`${call}: `) });
  });
});

describe('connect in a worker', () => {
  const node = nodePorts(MessageChannel);
  let hub: Hub;
  afterEach(() => hub?.close());

  /** A host that is the broker itself, over Node's ports; returns a peer of its own. */
  async function host(workers: readonly MeshWorker[]) {
    hub = new Hub({
      redact: false,
      limits: defaultLimits,
      channel: () => node.channel() as readonly [object, object],
      show: (shown) => shown,
      closed: ({ id }) => void hub.remove(id, 'lost'),
      left() {},
      malformed: (_, problem) => expect.unreachable(problem),
    });
    let lastId = 0;
    const process = { type: 'node', id: 'n', pid: 1 } as const;
    const admit = (name: string, port: Port): void =>
      hub.admit(peer(name, { id: `p${++lastId}`, type: 'node', origin: '', process }), port);
    for (const { worker } of workers) {
      const answered = new Set<string>();
      worker.on('message', (data) => {
        const ask = readAsk(data);
        if (!ask || answered.has(ask.nonce)) return;
        answered.add(ask.nonce);
        const { port1, port2 } = new MessageChannel();
        admit(ask.name ?? 'worker', node.adopt(port1));
        worker.postMessage([ANSWER, ask.nonce], [port2]);
      });
    }
    const [near, far] = createMemoryChannel({ carries: electronEnd }).ports;
    const platform = {
      channel: () => node.channel() as readonly [MessagePort, MessagePort],
      adopt: (raw: unknown) => node.adopt(raw as object),
    };
    const joining = join(near, platform, { call: 'host', timeout: 5000 });
    admit('host', far);
    return joining;
  }

  it('joins through its host, and talks to it and to another one; after close() both exit on their own', async () => {
    const [a, b] = [new MeshWorker({ name: 'a' }), new MeshWorker({ name: 'b' })];
    const bus = await host([a, b]);
    expect([await a.outcome(), await b.outcome()]).toEqual([
      ['joined', 'a'],
      ['joined', 'b'],
    ]);
    expect(
      await bus
        .to('a')
        .with({ wait: 2000 })
        .request('echo', 1, new Map([[2, 3]])),
    ).toEqual([1, new Map([[2, 3]])]);
    expect(await bus.to('a').request('ask', 'b', 'echo', 'x')).toEqual(['x']);
    await Promise.all([bus.to('a').request('close'), bus.to('b').request('close')]);
    expect([await a.exited, await b.exited]).toEqual([0, 0]);
    expect([a.said.length, b.said.length], 'nothing but that they had joined').toEqual([1, 1]);
  });

  it('that nobody shares is told what to do, and exits', async () => {
    const worker = new MeshWorker({ name: 'w', timeout: 100 });
    expect(await worker.outcome()).toEqual([
      'failed',
      'TIMEOUT',
      expect.stringMatching(
        /^connect\({ name: 'w' }\): no answer within 100 ms\. Who hosts this worker must let it in: bridge\.attach/,
      ),
    ]);
    expect(await worker.exited).toBe(0);
  });

  it('leaves when its worker is terminated', async () => {
    const worker = new MeshWorker({ name: 'w' });
    const bus = await host([worker]);
    await worker.outcome();
    const left = new Promise((resolve) => bus.peers.on('leave', ({ name }) => resolve(name)));
    await worker.worker.terminate();
    expect(await left).toBe('w');
  });
});
