import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import { Hub, type HubOwner } from '../../../../src/core/broker/hub.js';
import type { MeshState } from '../../../../src/core/broker/mesh-state.js';
import { HANDLE, LISTEN } from '../../../../src/core/directory/entry.js';
import type { Grant } from '../../../../src/core/directory/grant.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { peer } from '../../../contract/link-side.js';
import { ControlSide } from '../../support/control-side.js';
import { turn } from '../../support/turn.js';

// What a hub does for peers on sockets: links by ticket, seats that are taken again, its state.

class World {
  readonly problems: string[] = [];
  readonly hub: Hub;
  #tickets = 0;

  constructor(more: Partial<HubOwner> = {}) {
    this.hub = new Hub({
      redact: false,
      limits: defaultLimits,
      channel: () => undefined,
      show: (shown) => shown,
      closed: ({ id }) => this.hub.remove(id, 'lost'),
      left() {},
      malformed: ({ id }, problem) => this.problems.push(`${id}: ${problem}`),
      ticket: () => ({ id: `t${++this.#tickets}`, key: `key ${this.#tickets}` }),
      state: () => ({ some: 'state' }) as unknown as MeshState,
      ...more,
    });
  }

  join(id: string, grant?: Grant): ControlSide {
    const [near, far] = createMemoryChannel().ports;
    this.hub.admit(peer(id, { id, process: { type: 'node', id: 'n', pid: 1 } }), far, grant);
    return new ControlSide(near);
  }
}

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world.hub.close());

const nonsense = ': a control message that makes no sense';

describe('a dial', () => {
  it('makes its target listen for the holder of a ticket; what it answers goes back', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    a.post([control.DIAL, 5, 'b', 2], [control.DIAL, 6, 'b', 2]);
    await turn();
    expect(b.of(control.LISTEN)).toEqual([
      ['t1', 'key 1', 'a', 2],
      ['t2', 'key 2', 'a', 2],
    ]);
    b.post([control.DEAF, 't2', 'no room'], [control.LISTENING, 't1', { path: '/b' }]);
    await turn();
    expect([a.of(control.TICKET), a.of(control.UNDIALED)]).toEqual([
      [[5, 't1', 'key 1', { path: '/b' }]],
      [[6, 'no room']],
    ]);
    expect([world.hub.state().links, world.problems]).toEqual([2, []]);
  });

  it('of somebody hidden, unknown, or oneself, has one answer, and reaches nobody', async () => {
    const [a, b] = [world.join('a'), world.join('b', { peers: ['other'] })];
    a.post([control.DIAL, 1, 'b', 0], [control.DIAL, 2, 'nobody', 0], [control.DIAL, 3, 'a', 0]);
    await turn();
    expect(a.of(control.UNDIALED)).toEqual([1, 2, 3].map((token) => [token, 'there is no such peer.']));
    expect([b.of(control.LISTEN), a.of(control.LISTEN), world.hub.state().links]).toEqual([[], [], 0]);
  });

  it('that is answered with a long text is answered with its beginning', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    a.post([control.DIAL, 5, 'b', 2]);
    await turn();
    b.post([control.DEAF, 't1', 'x'.repeat(1_000_000)]);
    await turn();
    expect(a.of(control.UNDIALED)).toEqual([[5, 'x'.repeat(1000)]]);
  });

  it('of a peer that leaves comes to nothing; an answer by somebody else is none', async () => {
    const [a, b, c] = [world.join('a'), world.join('b'), world.join('c')];
    a.post([control.DIAL, 1, 'b', 0]);
    await turn();
    c.post([control.LISTENING, 't1', { path: '/c' }], [control.DEAF, 't1', 'mine']);
    await turn();
    expect([a.of(control.TICKET), a.of(control.UNDIALED)]).toEqual([[], []]);
    b.post([control.BYE]);
    await turn();
    expect(a.of(control.UNDIALED)).toEqual([[1, 'b (b) has left.']]);
  });

  it('makes no sense where peers have ports', async () => {
    const other = new World({ ticket: undefined as never });
    other.join('a').post([control.DIAL, 1, 'b', 0]);
    await turn();
    expect(other.problems).toEqual([`a${nonsense}`]);
    other.hub.close();
  });

  it('is made 2,000 times at once by one peer, and 500 times a second from then on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const [a, b] = [world.join('a'), world.join('b')];
      a.post(...Array.from({ length: 5000 }, (_, token) => [control.DIAL, token, 'b', 0]));
      await turn();
      expect(b.of(control.LISTEN)).toHaveLength(2000);
      vi.advanceTimersByTime(1000);
      await turn();
      const after = b.of(control.LISTEN).length;
      expect(after).toBeGreaterThan(2450);
      expect(after).toBeLessThan(2550);
      a.post(...Array.from({ length: 20_000 }, (_, token) => [control.DIAL, token, 'b', 0]));
      await turn();
      expect(world.problems).toEqual([`a${nonsense}`]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a seat that is taken again', () => {
  it('is brought from what others knew to how it is, whatever it was', async () => {
    const a = world.join('a');
    const b = world.join('b');
    await turn();
    b.post([control.STATE, 7, ['e', 'f'], ['h']]);
    await turn();
    expect(a.of(control.STATE)).toEqual([['b', 7, ['e', 'f'], ['h']]]);
    b.post([control.CHANGES, 8, [LISTEN, 'g']]);
    await turn();
    const c = world.join('c');
    await turn();
    expect(a.of(control.CHANGE)).toEqual([['b', 8, [LISTEN, 'g']]]);
    const { peers } = c.of(control.WELCOME)[0]![0] as control.Welcome;
    expect(peers.find(([{ id }]) => id === 'b')).toMatchObject([{}, 8, ['e', 'f', 'g'], ['h'], {}]);
  });

  it('is proved by what its WELCOME says, where the owner gives that', async () => {
    const [near, far] = createMemoryChannel().ports;
    world.hub.admit(peer('a', { id: 'a' }), far, {}, { resume: 'secret' });
    const a = new ControlSide(near);
    await turn();
    expect(a.of(control.WELCOME)).toMatchObject([[{ resume: 'secret' }]]);
  });

  it('says so first, or not at all', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    b.post([control.CHANGES, 1, [LISTEN, 'e']]);
    b.post([control.STATE, 7, ['x'], []]);
    await turn();
    expect([a.of(control.STATE), world.problems]).toEqual([[], [`b${nonsense}`]]);
  });

  it.each([
    [['e'], 'no list'],
    [[1], []],
    [undefined, undefined],
    [['e', 'e'], [{}]],
  ])('a state that makes no sense is none: %j, %j', async (listens, handles) => {
    const [a, b] = [world.join('a'), world.join('b')];
    b.post([control.STATE, 3, listens, handles]);
    await turn();
    expect([a.of(control.STATE), world.hub.state().channels, world.problems]).toEqual([[], {}, [`b${nonsense}`]]);
  });

  it('is bounded as channels are', async () => {
    const b = world.join('b');
    b.post([control.STATE, 20_000, Array.from({ length: 10_001 }, (_, i) => `e${i}`), []]);
    await turn();
    expect([Object.keys(world.hub.state().channels), world.problems]).toEqual([[], [`b${nonsense}`]]);
  });

  it('tells those who watch for another broker of its channels, as changes', async () => {
    const told: unknown[] = [];
    const [b] = [world.join('b')];
    const stop = world.hub.watch({
      witness: { hangs: true, outbox: { post() {} } },
      joined() {},
      changed: (_, first, changes) => told.push([first, changes]),
      left() {},
    });
    b.post([control.STATE, 7, ['e', 'f'], ['h']]);
    await turn();
    world.join('liar').post([control.STATE, 1, ['e', 'f'], []]);
    await turn();
    stop();
    expect(told).toEqual([
      [5, [LISTEN, 'e', LISTEN, 'f', HANDLE, 'h']],
      [1, [LISTEN, 'e', LISTEN, 'f']],
    ]);
  });
});

describe('a query', () => {
  it('is answered to who may know, and to nobody else', async () => {
    const asked = [
      world.join('plain'),
      world.join('granted', { state: true }),
      world.join('sees all, but may link to some', { peers: ['a'], state: true }),
      world.join('refused', { state: false }),
      world.join('sees some', { peers: ['a'] }),
    ];
    const [near, far] = createMemoryChannel().ports;
    world.hub.admit(peer('page', { id: 'page' }), far);
    asked.push(new ControlSide(near));
    for (const each of asked) each.post([control.QUERY, 4]);
    await turn();
    expect(asked.map((each) => each.of(control.QUERY))).toEqual([
      [[4, { some: 'state' }]],
      [[4, { some: 'state' }]],
      [[4, { some: 'state' }]],
      [],
      [],
      [],
    ]);
    for (const each of asked.slice(3)) {
      expect(each.of(control.FAILED)).toEqual([[4, 'NOT_AUTHORIZED', expect.stringContaining('{ state: true }')]]);
    }
  });
});

it.each(
  [
    [control.DIAL, 'x', 'b', 0],
    [control.DIAL, 1, 2, 0],
    [control.DIAL, 1, 'b'],
    [control.LISTENING],
    [control.LISTENING, 3, {}],
    [control.DEAF, {}],
    [control.DEAF, 't'],
    [control.DEAF, 't', ['of which a text is made']],
    [control.QUERY],
    [control.QUERY, -1],
    [control.STATE, 'x', [], []],
    [control.FAILED, 1, 'LIMIT', ''],
    [control.STALE, true],
    [control.TICKET, 1, 't', 'k', {}],
  ].map((message) => [message]),
)('what makes no sense is told, and ignored: %j', async (message) => {
  const [a, b] = [world.join('a'), world.join('b')];
  await turn();
  const before = b.messages.length;
  a.post(message);
  await turn();
  expect([world.problems, b.messages.length, a.messages.slice(2)]).toEqual([[`a${nonsense}`], before, []]);
});
