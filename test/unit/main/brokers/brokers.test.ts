import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FOR, PEER } from '../../../../src/core/broker/annexing.js';
import * as control from '../../../../src/core/broker/control.js';
import type { Message } from '../../../../src/core/broker/control.js';
import { Hub } from '../../../../src/core/broker/hub.js';
import type { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { Brokers } from '../../../../src/main/brokers/brokers.js';
import { checkJoin } from '../../../../src/main/brokers/options.js';
import { RemotePolicy } from '../../../../src/main/brokers/remote-policy.js';
import type { Authorize } from '../../../../src/main/candidate.js';
import { Reception } from '../../../../src/main/reception.js';
import * as wire from '../../../../src/node/gateway/messages.js';
import { deferred, rejection } from '../../../contract/case.js';
import { peer } from '../../../contract/link-side.js';
import { ControlSide } from '../../support/control-side.js';
import { FakePort } from '../../support/fake-port.js';

/** A bridge's brokers, the gateways that were started, and the bridge's hub with one page in it. */
class World {
  readonly gateways: FakePort[] = [];
  readonly gone: string[] = [];
  readonly refused: MeshError[] = [];
  readonly hub: Hub = new Hub({
    redact: false,
    limits: defaultLimits,
    channel: () => undefined,
    show: (each) => each,
    closed: ({ id }) => this.hub.remove(id, 'lost'),
    left: ({ id }, reason) => this.gone.push(`${id} ${reason}`),
    malformed() {},
  });
  readonly reception: Reception;
  readonly brokers: Brokers;
  readonly page: ControlSide;

  constructor(authorize?: Authorize) {
    this.reception = new Reception(this.hub, defaultLimits, (name, ...args) => {
      if (name === 'refused') this.refused.push(args[0] as MeshError);
    });
    const start = (): Port => (this.gateways.push(new FakePort()), this.gateways.at(-1)!);
    this.brokers = new Brokers({
      hub: this.hub,
      reception: this.reception,
      policy: new RemotePolicy({ origins: [], authorizeTimeout: 8000, appPath: '/', authorize }, this.reception),
      ports: { channel: () => createMemoryChannel().ports, adopt: (raw) => raw as Port },
      gateways: { main: start, utility: start },
    });
    const [near, far] = createMemoryChannel().ports;
    this.hub.admit(peer('page', { id: 'page' }), far);
    this.page = new ControlSide(near);
  }

  join(path: string | readonly string[], timeout = 10_000): Promise<{ dispose(): void }> {
    const address = [path].flat().map((each) => ({ path: each, token: 'token' }));
    return this.brokers.join(checkJoin(address, { timeout }));
  }

  get gateway(): FakePort {
    return this.gateways.at(-1)!;
  }

  /** What the gateway was told since the last look. */
  told(): Message[] {
    return this.gateway.posts.splice(0).flat() as Message[];
  }

  say(...messages: Message[]): void {
    this.gateway.deliver(messages);
  }

  /** Joined, and told of a Node peer. */
  async joined(): Promise<{ dispose(): void }> {
    const joining = this.join('/broker');
    this.say([wire.JOINED, 1]);
    this.say([wire.TOLD, 1, [PEER, node('n'), {}, 0, [], []]]);
    const joined = await joining;
    await vi.advanceTimersByTimeAsync(0);
    return joined;
  }
}

function node(id: string, name = id): ReturnType<typeof peer> {
  return peer(name, { id, type: 'node', origin: '', process: { type: 'node', id: 'n1', pid: 1 } });
}

let world: World;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  world = new World();
});
afterEach(() => {
  world.brokers.close();
  world.hub.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('joining', () => {
  it('starts one gateway for all, and resolves when each has answered', async () => {
    let done = false;
    const joining = world.join(['/one', '/two']).then((each) => ((done = true), each));
    expect(world.gateways).toHaveLength(1);
    const [one, two] = world.told();
    expect([one, two]).toEqual([
      [wire.JOIN, 1, { path: '/one' }, 'token', expect.stringMatching(/\.1$/)],
      [wire.JOIN, 2, { path: '/two' }, 'token', expect.stringMatching(/\.2$/)],
    ]);
    world.say([wire.JOINED, 1]);
    await vi.advanceTimersByTimeAsync(0);
    expect([done, world.brokers.status.map(({ joined }) => joined)]).toEqual([false, [true, false]]);
    world.say([wire.JOINED, 2]);
    const registration = await joining;
    void world.join('/three').catch(() => {});
    expect(world.gateways).toHaveLength(1);
    registration.dispose();
    registration.dispose();
    expect(world.told().filter(([kind]) => kind === wire.PART)).toEqual([
      [wire.PART, 1],
      [wire.PART, 2],
    ]);
    expect(world.brokers.status.map(({ address }) => address)).toEqual([{ path: '/three' }]);
  });

  it('rejects with the refusal, and joins none of them then', async () => {
    const { MeshError } = await import('../../../../src/core/errors/mesh-error.js');
    const joining = rejection(world.join(['/one', '/two']));
    world.say([wire.JOINED, 1], [wire.UNJOINED, 2, 'NOT_AUTHORIZED', 'wrong secret', true]);
    const error = await joining;
    expect([MeshError.is(error), error.code, error.message]).toEqual([true, 'NOT_AUTHORIZED', 'wrong secret']);
    expect([world.brokers.status, world.told().slice(-2)]).toEqual([
      [],
      [
        [wire.PART, 1],
        [wire.PART, 2],
      ],
    ]);
  });

  it('waits for a broker that is not there yet, up to its time-out, and says what the last attempt failed with', async () => {
    const joining = rejection(world.join('/broker', 500));
    world.say([wire.UNJOINED, 1, 'BRIDGE_GONE', 'nobody listens', false]);
    expect(world.brokers.status).toEqual([
      { address: { path: '/broker' }, joined: false, peers: 0, problem: 'nobody listens' },
    ]);
    await vi.advanceTimersByTimeAsync(500);
    expect(await joining).toMatchObject({
      code: 'TIMEOUT',
      message:
        'bridge.joinBroker(): the broker at /broker did not answer within 500 ms. The last attempt: nobody listens',
      cause: { code: 'BRIDGE_GONE' },
    });
    expect(world.brokers.status).toEqual([]);
  });

  it('rejects when the bridge is closed meanwhile', async () => {
    const joining = rejection(world.join('/broker'));
    world.brokers.close();
    expect(await joining).toMatchObject({ code: 'CLOSED', message: expect.stringContaining('/broker') });
    expect(world.gateway.closed).toBe(true);
  });
});

describe('a gateway that dies', () => {
  it('takes the peers along; another one is started, and joins the brokers again under the old name', async () => {
    await world.joined();
    const [[, , , , name] = []] = world.told();
    expect(world.brokers.status).toMatchObject([{ joined: true, peers: 1 }]);
    world.say([wire.COUNTS, 3, 1000]);
    expect(world.brokers.gateway).toEqual({ running: true, links: 3, queued: 1000 });
    world.gateway.closeFar();
    expect(world.gone).toEqual(['n lost']);
    expect(world.brokers.status).toMatchObject([{ joined: false, peers: 0 }]);
    expect(world.brokers.gateway).toEqual({ running: false, links: 0, queued: 0 });
    await vi.advanceTimersByTimeAsync(50);
    expect(world.gateways).toHaveLength(2);
    expect(world.told()).toEqual([[wire.JOIN, 1, { path: '/broker' }, 'token', name]]);
    world.say([wire.JOINED, 1], [wire.TOLD, 1, [PEER, node('n'), {}, 0, [], []]]);
    await vi.advanceTimersByTimeAsync(0);
    expect(world.brokers.status).toMatchObject([{ joined: true, peers: 1 }]);
  });

  it('again and again is started ever less often', async () => {
    await world.joined();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      world.gateway.closeFar();
      const [start, count] = [Date.now(), world.gateways.length];
      let waited = 0;
      while (world.gateways.length === count) {
        await vi.advanceTimersByTimeAsync(10);
        waited += 10;
      }
      expect(Date.now()).toBeGreaterThanOrEqual(start);
      waits.push(waited);
    }
    expect(waits.at(0)).toBeLessThanOrEqual(60);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(2500);
  });

  it('is not started again when the bridge is closed', async () => {
    await world.joined();
    world.gateway.closeFar();
    world.brokers.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.gateways).toHaveLength(1);
  });
});

describe('a broker that is lost', () => {
  it('takes its peers along, and none of the others’', async () => {
    const joining = world.join(['/one', '/two']);
    world.say([wire.JOINED, 1], [wire.JOINED, 2]);
    for (const id of [1, 2]) world.say([wire.TOLD, id, [PEER, node(`n${id}`), {}, 0, [], []]]);
    await joining;
    await vi.advanceTimersByTimeAsync(0);
    world.say([wire.LOST, 1]);
    expect([world.gone, world.hub.peers().map(({ id }) => id)]).toEqual([['n1 lost'], ['page', 'n2']]);
    expect(world.brokers.status.map(({ joined }) => joined)).toEqual([false, true]);
  });
});

describe('links', () => {
  it('of a page to a Node peer go to the gateway, with the port; what comes to nothing says why', async () => {
    await world.joined();
    world.told();
    const [, far] = createMemoryChannel().ports;
    world.gateway.recording = false; // it would clone the port
    const sent: unknown[] = [];
    world.gateway.post = (messages, transfer) => void sent.push([messages, transfer]);
    world.page.port.post([[control.OPEN, 'n', 2, 5]], [far]);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([[[[wire.OPEN, 1, 'page', 'n', 2, 5]], [far]]]);
    world.say([wire.UNOPENED, 1, 'page', 'n', 2, 'no room']);
    await vi.advanceTimersByTimeAsync(0);
    expect(world.page.of(control.UNLINKED)).toEqual([['n', 2, 'no room']]);
  });

  it('of a Node peer to a page: the gateway listens, and gets one end of a channel for who has come', async () => {
    await world.joined();
    world.told();
    const sent: [Message[], readonly unknown[] | undefined][] = [];
    world.gateway.post = (messages, transfer) => void sent.push([messages as Message[], transfer]);
    world.say([wire.TOLD, 1, [FOR, 'page', [control.LISTEN, 't', 'key', 'n', 0]]]);
    expect(sent.shift()).toEqual([[[wire.LISTEN, 1, 't', 'key']], []]);
    world.say([wire.LISTENING, 't', { path: '/gateway' }]);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.shift()?.[0]).toEqual([[wire.TELL, 1, [FOR, 'page', [control.LISTENING, 't', { path: '/gateway' }]]]]);
    world.say([wire.DIALED, 't']);
    const [messages, [near] = []] = sent.shift()!;
    expect(messages).toEqual([[wire.JOINT, 't']]);
    await vi.advanceTimersByTimeAsync(0);
    expect(world.page.of(control.LINK)).toEqual([['n', control.CURRENT, 0]]);
    const said = new Promise((resolve) =>
      (world.page.ports[0] as Port).start({ message: resolve, unreadable() {}, close() {} }),
    );
    (near as Port).post('joined up');
    expect(await said).toBe('joined up');
    // The ticket is used up: nobody gets the other end.
    world.say([wire.DIALED, 't']);
    const [, [again] = []] = sent.shift()!;
    await new Promise<string>((resolve) => (again as Port).start({ message() {}, unreadable() {}, close: resolve }));
  });
});

it('a Node peer that does not read, so that too much waits in the gateway, is told of', async () => {
  await world.joined();
  world.say([wire.UNREAD, 123_456]);
  expect(world.refused).toMatchObject([
    { code: 'LIMIT', message: expect.stringMatching(/^123456 bytes wait in the gateway for a Node peer/) },
  ]);
});

describe('who a broker tells of', () => {
  it.each([
    ['calls itself main', node('x', 'main'), undefined],
    ['authorize() refuses', node('x'), () => false],
  ])('is not let in if it %s', async (_, who, authorize) => {
    world.brokers.close();
    world = new World(authorize);
    await world.joined();
    const before = world.reception.counts.refused;
    world.say([wire.TOLD, 1, [PEER, { ...who, id: 'y' }, {}, 0, [], []]]);
    await vi.advanceTimersByTimeAsync(0);
    expect(world.hub.has('y')).toBe(false);
    expect(world.reception.counts.refused).toBe(before + 1);
  });

  it('is not let in if authorize() does not answer in time, nor afterwards', async () => {
    world.brokers.close();
    const decision = deferred<boolean>();
    world = new World(() => decision.promise);
    await world.joined();
    await vi.advanceTimersByTimeAsync(7999);
    expect(world.refused).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.refused).toMatchObject([
      {
        code: 'TIMEOUT',
        message: "the bridge's authorize() for 'n' of a broker: no answer in 8000 ms (authorizeTimeout).",
      },
    ]);
    decision.resolve(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(world.hub.has('n')).toBe(false);
  });
});
