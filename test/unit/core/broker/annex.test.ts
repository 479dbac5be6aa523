import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Annex, type AnnexOptions, type Opened } from '../../../../src/core/broker/annex.js';
import { CHANGED, FOR, GONE, PEER } from '../../../../src/core/broker/annexing.js';
import * as control from '../../../../src/core/broker/control.js';
import { Hub } from '../../../../src/core/broker/hub.js';
import { HANDLE, LISTEN, UNLISTEN } from '../../../../src/core/directory/entry.js';
import type { Grant } from '../../../../src/core/directory/grant.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { peer } from '../../../contract/link-side.js';
import { ControlSide } from '../../support/control-side.js';
import { turn } from '../../support/turn.js';

/** A broker with peers that speak by hand. */
class Side {
  readonly gone: string[] = [];
  readonly problems: string[] = [];
  readonly hub: Hub;
  #tickets = 0;

  constructor(readonly name: string) {
    this.hub = new Hub({
      redact: false,
      limits: defaultLimits,
      channel: () => undefined,
      show: (shown) => shown,
      closed: ({ id }) => this.hub.remove(id, 'lost'),
      left: ({ id }, reason) => this.gone.push(`${id} ${reason}`),
      malformed: (_, problem) => this.problems.push(problem),
      ticket: () => ({ id: `${name}${++this.#tickets}`, key: 'key' }),
    });
  }

  join(id: string, grant?: Grant): ControlSide {
    const [near, far] = createMemoryChannel().ports;
    this.hub.admit(peer(id, { id }), far, grant);
    return new ControlSide(near);
  }
}

/** Two brokers that tell each other of their peers, in the same turn. */
class Pair {
  readonly left = new Side('left');
  readonly right = new Side('right');
  readonly annexes: Annex[] = [];
  readonly said: unknown[] = [];

  connect(left: Partial<AnnexOptions> = {}, right: Partial<AnnexOptions> = {}): void {
    this.annexes.push(this.#make(this.left, left, () => this.annexes[1]));
    this.annexes.push(this.#make(this.right, right, () => this.annexes[0]));
    // What was said to the second one before it was there.
    for (const message of this.said.splice(0)) this.annexes[1]?.receive(message);
  }

  #make({ hub, problems }: Side, options: Partial<AnnexOptions>, other: () => Annex | undefined): Annex {
    return new Annex({
      hub,
      evicts: false,
      announces: ({ remote }) => !remote,
      send: (message) =>
        other() ? other()?.receive(structuredClone(message)) : this.said.push(structuredClone(message)),
      admit: (_, grant) => grant,
      seat: (admitted, port, grant, more) => hub.admit(admitted, port, grant, more),
      malformed: (problem) => problems.push(problem),
      ...options,
    });
  }
}

let pair: Pair;
beforeEach(() => void (pair = new Pair()));
afterEach(() => {
  expect([...pair.left.problems, ...pair.right.problems]).toEqual([]);
  pair.left.hub.close();
  pair.right.hub.close();
});

describe('two brokers', () => {
  it('tell each other of those who are there, and of what they listen to and handle', async () => {
    const a = pair.left.join('a');
    const b = pair.right.join('b');
    a.post([control.CHANGES, 1, [LISTEN, 'e', HANDLE, 'h', UNLISTEN, 'e']]);
    await turn();
    pair.connect();
    await turn();
    expect(b.of(control.JOIN)).toEqual([[peer('a', { id: 'a' }), {}]]);
    expect(b.of(control.STATE)).toEqual([['a', 3, [], ['h']]]);
    expect(a.of(control.JOIN)).toEqual([[peer('b', { id: 'b' }), {}]]);
    const c = pair.right.join('c');
    await turn();
    expect((c.of(control.WELCOME)[0]?.[0] as control.Welcome).peers.map(([{ id }, ...rest]) => [id, ...rest])).toEqual([
      ['b', 0, [], [], {}],
      ['a', 3, [], ['h'], {}],
    ]);
  });

  it('tell of changes and leaves as they come', async () => {
    pair.connect();
    const [a, b] = [pair.left.join('a'), pair.right.join('b')];
    await turn();
    a.post([control.CHANGES, 1, [LISTEN, 'e']]);
    await turn();
    expect(b.of(control.CHANGE)).toEqual([['a', 1, [LISTEN, 'e']]]);
    a.post([control.BYE]);
    await turn();
    expect(b.of(control.LEAVE)).toEqual([['a', 'bye']]);
    expect(pair.right.gone).toEqual(['a bye']);
  });

  it('ask for those too who have come there, and were not told of yet', async () => {
    const late: (() => void)[] = [];
    let held = false;
    const receive = (message: unknown): void => pair.annexes[0]?.receive(structuredClone(message));
    // What the right one says takes its time.
    pair.connect({}, { send: (message) => (held ? void late.push(() => receive(message)) : receive(message)) });
    const a = pair.left.join('a');
    await turn();
    held = true;
    const b = pair.right.join('b');
    a.post([control.CHANGES, 1, [LISTEN, 'e']], [control.CONFIRM, 7]);
    await turn();
    await turn();
    expect([b.of(control.CHANGE), a.of(control.CONFIRMED)]).toEqual([[['a', 1, [LISTEN, 'e']]], []]);
    held = false;
    for (const arrive of late.splice(0)) arrive();
    const [[token]] = b.of(control.ASK) as [[number]];
    expect(a.of(control.CONFIRMED)).toEqual([]);
    b.post([control.TOLD, token]);
    await turn();
    await turn();
    for (const [each] of b.of(control.ASK).slice(1)) b.post([control.TOLD, each]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[7]]);
  });

  it('do not wait for the other one when it is gone', async () => {
    pair.connect({}, { send: () => {} });
    const a = pair.left.join('a');
    await turn();
    a.post([control.CONFIRM, 7]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([]);
    pair.annexes[0]!.end('lost');
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[7]]);
  });

  it('say nothing to those who may not link', async () => {
    pair.connect();
    const b = pair.right.join('b', { peers: ['other'] });
    pair.left.join('a');
    await turn();
    expect(b.of(control.JOIN)).toEqual([]);
  });

  it('let in whom they want, with what they want', async () => {
    pair.connect({}, { admit: ({ name }) => (name === 'bad' ? undefined : Promise.resolve({ send: ['e'] })) });
    const b = pair.right.join('b');
    const a = pair.left.join('a');
    // While it is looked at.
    a.post([control.CHANGES, 1, [LISTEN, 'e']]);
    pair.left.join('bad').post([control.CHANGES, 1, [LISTEN, 'e']]);
    await turn();
    await turn();
    expect(b.of(control.JOIN)).toEqual([[peer('a', { id: 'a' }), { send: ['e'] }]]);
    expect(b.of(control.CHANGE)).toEqual([['a', 1, [LISTEN, 'e']]]);
  });

  it('never let in one that has left while it was looked at', async () => {
    let settle: (grant: Grant) => void = () => {};
    pair.connect({}, { admit: () => new Promise((resolve) => (settle = resolve)) });
    const b = pair.right.join('b');
    pair.left.join('a').post([control.BYE]);
    await turn();
    settle({});
    await turn();
    expect(b.of(control.JOIN)).toEqual([]);
    expect(pair.right.hub.size).toBe(1);
  });

  it('lose each other: those who sit there leave, the others stay', async () => {
    pair.connect();
    const [a, b] = [pair.left.join('a'), pair.right.join('b')];
    await turn();
    for (const annex of pair.annexes) annex.end('lost');
    await turn();
    expect([a.of(control.LEAVE), b.of(control.LEAVE)]).toEqual([[['b', 'lost']], [['a', 'lost']]]);
    expect(pair.left.hub.peers().map(({ id }) => id)).toEqual(['a']);
    pair.left.join('later');
    await turn();
    expect(pair.right.hub.size).toBe(1);
  });

  it('wait for those of the other, when one subscribes', async () => {
    pair.connect();
    const [a, b] = [pair.left.join('a'), pair.right.join('b')];
    await turn();
    a.post([control.CHANGES, 1, [LISTEN, 'e']], [control.CONFIRM, 7]);
    await turn();
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([]);
    const [[token] = []] = b.of(control.ASK);
    expect(b.messages.findIndex(([kind]) => kind === control.CHANGE)).toBeLessThan(
      b.messages.findIndex(([kind]) => kind === control.ASK),
    );
    b.post([control.TOLD, token]);
    await turn();
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[7]]);
  });

  it('introduce those who dial', async () => {
    pair.connect();
    const [a, b] = [pair.left.join('a'), pair.right.join('b')];
    await turn();
    a.post([control.DIAL, 5, 'b', 0]);
    await turn();
    expect(b.of(control.LISTEN)).toEqual([['left1', 'key', 'a', 0]]);
    b.post([control.LISTENING, 'left1', { path: '/there' }]);
    await turn();
    expect(a.of(control.TICKET)).toEqual([[5, 'left1', 'key', { path: '/there' }]]);
    b.post([control.DIAL, 6, 'a', 0]);
    await turn();
    a.post([control.DEAF, 'right1', 'no room']);
    await turn();
    expect(b.of(control.UNDIALED)).toEqual([[6, 'no room']]);
  });

  it('introduce nobody who may not link, whatever the other says', async () => {
    pair.connect({}, { admit: (_, grant) => ({ ...grant, peers: ['other'] }) });
    const [a, b] = [pair.left.join('a'), pair.right.join('b')];
    await turn();
    a.post([control.DIAL, 5, 'b', 0]);
    await turn();
    expect(b.of(control.LISTEN)).toEqual([]);
    expect(a.of(control.UNDIALED)).toEqual([[5, 'there is no such peer.']]);
  });

  it('evict a peer of the other only where that is allowed', async () => {
    pair.connect({ evicts: true });
    const [a, b] = [pair.left.join('a'), pair.right.join('b')];
    await turn();
    pair.right.hub.remove('a', 'evicted', 'go');
    await turn();
    expect(a.of(control.END)).toEqual([['evicted', 'go']]);
    expect(pair.left.gone).toEqual(['a evicted']);
    pair.left.hub.remove('b', 'evicted', 'go');
    await turn();
    expect(b.of(control.END)).toEqual([]);
    expect(pair.right.problems.splice(0)).toEqual(['a message between brokers that makes no sense']);
  });
});

describe('a bridge', () => {
  it('has its own way to make links with those who sit at the broker', async () => {
    const opened: Opened[] = [];
    const listened: unknown[] = [];
    pair.connect({
      open: (link) => opened.push(link),
      listen: (ticket, from, to, known) => {
        listened.push([ticket, from, to, known]);
        return Promise.resolve({ path: '/gateway' });
      },
    });
    const [a, b] = [pair.left.join('a'), pair.right.join('b')];
    await turn();
    const [port] = createMemoryChannel().ports;
    a.port.post([[control.OPEN, 'b', 2, 0]], [port]);
    await turn();
    expect(opened).toMatchObject([{ from: 'a', to: 'b', epoch: 2, known: 0 }]);
    (opened[0]?.port as Port | undefined)?.close();
    b.post([control.DIAL, 6, 'a', 3]);
    await turn();
    await turn();
    expect(listened).toEqual([[{ id: 'right1', key: 'key' }, 'b', 'a', 3]]);
    expect(b.of(control.TICKET)).toEqual([[6, 'right1', 'key', { path: '/gateway' }]]);
    expect(a.of(control.LISTEN)).toEqual([]);
  });

  it('closes a port that nobody can join up', async () => {
    pair.connect();
    const a = pair.left.join('a');
    pair.right.join('b');
    await turn();
    const [near, far] = createMemoryChannel().ports;
    const closed = new Promise((resolve) => near.start({ message() {}, unreadable() {}, close: resolve }));
    a.port.post([[control.OPEN, 'b', 0, 0]], [far]);
    await closed;
  });
});

describe('what makes no sense', () => {
  it.each([
    [undefined],
    [{}],
    [[]],
    [[PEER]],
    [[PEER, { id: 'x' }, {}, 0, [], []]],
    [[PEER, peer('x'), { send: 1 }, 0, [], []]],
    [[PEER, peer('x'), {}, -1, [], []]],
    [[GONE]],
    [[FOR, 'x']],
    [[CHANGED, 1]],
    [[99, 'x']],
  ])('is told, and ignored: %j', async (message) => {
    pair.connect();
    const a = pair.left.join('a');
    await turn();
    pair.annexes[0]?.receive(message);
    expect(pair.left.problems.splice(0)).toEqual(['a message between brokers that makes no sense']);
    expect(a.of(control.JOIN)).toEqual([]);
  });

  it('is that one speaks for a peer that sits here', async () => {
    pair.connect();
    const [a] = [pair.left.join('a'), pair.right.join('b')];
    await turn();
    pair.annexes[0]?.receive([PEER, peer('a', { id: 'a' }), {}, 0, [], []]);
    pair.annexes[0]?.receive([FOR, 'a', [control.DIAL, 1, 'b', 0]]);
    pair.annexes[0]?.receive([FOR, 'b', [control.BYE]]);
    expect(pair.left.problems.splice(0)).toHaveLength(3);
    pair.annexes[0]?.receive([GONE, 'a', 'bye']);
    pair.annexes[0]?.receive([CHANGED, 'a', 1, [LISTEN, 'e']]);
    await turn();
    expect(pair.left.hub.state().channels).toEqual({});
    expect(pair.left.hub.size).toBe(2);
    expect(a.of(control.UNDIALED)).toEqual([]);
  });
});
