import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Allowance } from '../../../../src/core/broker/allowances.js';
import * as control from '../../../../src/core/broker/control.js';
import type { Message } from '../../../../src/core/broker/control.js';
import { Hub, refuse, type HubOwner } from '../../../../src/core/broker/hub.js';
import { Channels, HANDLE, LISTEN, UNLISTEN } from '../../../../src/core/directory/entry.js';
import type { Grant } from '../../../../src/core/directory/grant.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import type { Peer } from '../../../../src/core/directory/peer.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import { ControlSide } from '../../support/control-side.js';
import { FakePort } from '../../support/fake-port.js';
import { peer } from '../../../contract/link-side.js';
import { turn } from '../../support/turn.js';

/** A hub whose owner writes down what it is told, and peers that speak by hand. */
class World implements HubOwner {
  redact = false;
  readonly hub = new Hub(this);
  readonly problems: string[] = [];
  readonly gone: [string, string][] = [];
  limits = defaultLimits;

  /** @param process one of its own, of many peers */
  join(name: string, grant?: Grant, process?: string): ControlSide {
    const [near, far] = createMemoryChannel().ports;
    const who = peer(name, { id: name });
    this.hub.admit(process ? { ...who, process: { type: 'renderer', id: process, pid: 1 } } : who, far, grant);
    return new ControlSide(near);
  }

  /** How many links have been passed on. */
  links(): number {
    return this.hub.state().links;
  }

  channel(): readonly [object, object] {
    return createMemoryChannel().ports as readonly [Port, Port];
  }

  show(shown: Peer): Peer {
    const { id, name, type, origin, process } = shown;
    return { id, name, type, origin, process };
  }

  closed({ id }: Peer): void {
    this.hub.remove(id, 'lost');
  }

  left({ id }: Peer, reason: string): void {
    this.gone.push([id, reason]);
  }

  malformed({ id }: Peer, problem: string): void {
    this.problems.push(`${id}: ${problem}`);
  }
}

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world.hub.close());

/** A port, and whether its other end has been told of a close. */
function watchedPort(): { port: Port; isClosed: () => boolean } {
  const [near, far] = createMemoryChannel().ports;
  let closed = false;
  near.start({ message() {}, unreadable() {}, close: () => (closed = true) });
  return { port: far, isClosed: () => closed };
}

describe('admit', () => {
  it('answers with the stamped identity, the version and the directory', async () => {
    const a = world.join('a');
    a.post([control.CHANGES, 1, [LISTEN, 'e', HANDLE, 'h', LISTEN, 'f', UNLISTEN, 'e']]);
    await turn();
    const b = world.join('b');
    await turn();
    const expected = {
      version: WIRE_VERSION,
      self: peer('b', { id: 'b' }),
      grant: {},
      limits: defaultLimits,
      redact: false,
      peers: [[peer('a', { id: 'a' }), 4, ['f'], ['h'], {}]],
    };
    expect(b.messages).toEqual([[control.WELCOME, expected]]);
  });

  it('tells the others, in the order in which it learns', async () => {
    const a = world.join('a');
    const b = world.join('b');
    await turn();
    b.post([control.CHANGES, 1, [LISTEN, 'e']], [control.CHANGES, 2, [HANDLE, 'h']]);
    await turn();
    b.post([control.BYE]);
    await turn();
    expect(a.messages.slice(1)).toEqual([
      [control.JOIN, peer('b', { id: 'b' }), {}],
      [control.CHANGE, 'b', 1, [LISTEN, 'e']],
      [control.CHANGE, 'b', 2, [HANDLE, 'h']],
      [control.LEAVE, 'b', 'bye'],
    ]);
    expect(b.of(control.CHANGE)).toEqual([]);
  });

  it('says whether errors are to be redacted', async () => {
    world.redact = true;
    const a = world.join('a');
    await turn();
    expect(a.of(control.WELCOME)).toEqual([[expect.objectContaining({ redact: true })]]);
  });

  it('tells pages why a link came to nothing without paths, where errors are redacted', async () => {
    const [page, far] = [world.join('page'), world.join('node')];
    for (const redact of [false, true]) {
      world.redact = redact;
      world.hub.unlinked('page', 'node', 0, 'nobody listens at /tmp/portmesh-7/x.sock.');
    }
    await turn();
    expect(page.of(control.UNLINKED)).toEqual([
      ['node', 0, 'nobody listens at /tmp/portmesh-7/x.sock.'],
      ['node', 0, 'nobody listens at <path>'],
    ]);
    expect(far.of(control.UNLINKED)).toEqual([]);
  });

  it('tells nobody of changes that are not new, whatever they hold', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    b.post([control.CHANGES, 1, [LISTEN, 'e']]);
    b.post([control.CHANGES, 1, [LISTEN, 'e']], [control.CHANGES, 0, [UNLISTEN, 'e']], [control.CHANGES, 5, []]);
    await turn();
    expect(a.of(control.CHANGE)).toEqual([['b', 1, [LISTEN, 'e']]]);
    b.post([control.CHANGES, 0, [{ any: 'data' }, 'e']]);
    await turn();
    expect(a.of(control.CHANGE)).toHaveLength(1);
    expect(world.problems).toHaveLength(1);
  });

  it('shows a peer as its owner lets others see it', async () => {
    const a = world.join('a');
    const [near, far] = createMemoryChannel().ports;
    const framed = peer('b', { id: 'b', frame: { webContents: 1, routing: 1, top: true, url: 'app://secret' } });
    world.hub.admit(framed, far);
    const b = new ControlSide(near);
    await turn();
    expect(a.of(control.JOIN)).toEqual([[peer('b', { id: 'b' }), {}]]);
    expect((b.messages[0]?.[1] as control.Welcome).self).toEqual(framed);
  });

  it('says nothing of, or to, a peer that may not be linked to', async () => {
    const [a, b] = [world.join('a'), world.join('b', { peers: [] })];
    await turn();
    b.post([control.CHANGES, 1, [LISTEN, 'e']]);
    a.post([control.CHANGES, 1, [LISTEN, 'e']]);
    await turn();
    b.post([control.BYE]);
    await turn();
    expect(a.messages.map(([kind]) => kind)).toEqual([control.WELCOME]);
    expect(b.messages.map(([kind]) => kind)).toEqual([control.WELCOME, control.END]);
    expect(world.hub.state().channels).toEqual({ e: { listens: ['a'], handles: [] } });
  });
});

describe('links', () => {
  it('are passed on with the sender’s id, and the port', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    const { port, isClosed } = watchedPort();
    a.port.post([[control.OPEN, 'b', 3, 7]], [port]);
    await turn();
    expect(b.of(control.LINK)).toEqual([['a', 3, 7]]);
    expect(b.ports).toEqual([port]);
    expect(isClosed()).toBe(false);
    expect(world.hub.state().links).toBe(1);
  });

  it.each<[string, () => void, string]>([
    ['somebody unknown', () => {}, 'x'],
    ['oneself', () => {}, 'a'],
    ['somebody hidden', () => void world.join('c', { peers: [] }), 'c'],
    ['somebody who left', () => void world.hub.remove('b', 'crashed'), 'b'],
  ])('to %s are answered alike, and their port is closed', async (_, prepare, to) => {
    const [a, b] = [world.join('a'), world.join('b')];
    prepare();
    const { port, isClosed } = watchedPort();
    a.port.post([[control.OPEN, to, 3, 0]], [port]);
    await turn();
    expect(a.of(control.UNLINKED)).toEqual([[to, 3]]);
    expect(b.of(control.LINK)).toEqual([]);
    expect(isClosed()).toBe(true);
    expect(world.problems).toEqual([]);
  });
});

describe('sync', () => {
  it('is answered behind all that was known before', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    b.post([control.CHANGES, 1, [LISTEN, 'e']]);
    a.post([control.SYNC, 9]);
    await turn();
    expect(a.messages.slice(-2)).toEqual([
      [control.CHANGE, 'b', 1, [LISTEN, 'e']],
      [control.SYNCED, 9],
    ]);
  });

  it('is not behind what makes no sense, or says nothing new, however much it is', async () => {
    const a = world.join('a');
    await turn();
    a.post([control.CHANGES, 1, Array(70_000)], [control.CHANGES, 0, Array(200).fill([UNLISTEN, 'e']).flat()]);
    a.post([control.SYNC, 9]);
    await turn();
    expect(a.messages.at(-1)).toEqual([control.SYNCED, 9]);
    expect(world.problems).toHaveLength(1);
  });
});

describe('confirm', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** Answers each ASK, as a seat does. */
  function obliging(name: string): ControlSide {
    const side = world.join(name);
    side.onMessage = ([kind, token]) => kind === control.ASK && side.post([control.TOLD, token]);
    return side;
  }

  it('is answered when every other peer has said that it knows', async () => {
    const [a, b, c] = [world.join('a'), world.join('b'), world.join('c')];
    await turn();
    a.post([control.CHANGES, 1, [LISTEN, 'e']], [control.CONFIRM, 5]);
    await turn();
    for (const { messages } of [b, c])
      expect(messages.slice(-2).map(([kind]) => kind)).toEqual([control.CHANGE, control.ASK]);
    b.post([control.TOLD, ...b.of(control.ASK)[0]!]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([]);
    c.post([control.TOLD, ...c.of(control.ASK)[0]!]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[5]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is answered at once where nobody else is there', async () => {
    const a = world.join('a');
    a.post([control.CONFIRM, 1]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[1]]);
  });

  it('does not ask, nor wait for, who may not be linked to the one that asks', async () => {
    const a = world.join('a', { peers: ['b'] });
    const b = obliging('b');
    const [unseen, blind] = [world.join('unseen'), world.join('blind', { peers: [] })];
    a.post([control.CHANGES, 1, [LISTEN, 'e']], [control.CONFIRM, 1]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[1]]);
    b.post([control.CONFIRM, 2]);
    unseen.onMessage = ([kind, token]) => kind === control.ASK && unseen.post([control.TOLD, token]);
    a.onMessage = ([kind, token]) => kind === control.ASK && a.post([control.TOLD, token]);
    await turn();
    expect(b.of(control.CONFIRMED)).toEqual([[2]]);
    expect(blind.of(control.ASK)).toEqual([]);
    expect(unseen.of(control.ASK)).toHaveLength(1);
  });

  it('does not wait longer than a second for a peer that never answers', async () => {
    const [a] = [world.join('a'), obliging('b'), world.join('hung')];
    a.post([control.CONFIRM, 1]);
    await turn();
    vi.advanceTimersByTime(999);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([]);
    vi.advanceTimersByTime(1);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[1]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits once for a peer that hangs, and again when it has said something', async () => {
    const [a, hung] = [world.join('a'), world.join('hung')];
    a.post([control.CONFIRM, 1]);
    await turn();
    vi.advanceTimersByTime(1000);
    a.post([control.CONFIRM, 2], [control.CONFIRM, 3]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[1], [2], [3]]);
    expect(hung.of(control.ASK), 'it is asked nothing more while it hangs').toHaveLength(1);
    hung.post([control.TOLD, ...hung.of(control.ASK)[0]!]);
    a.post([control.CONFIRM, 4]);
    await turn();
    expect(a.of(control.CONFIRMED)).toHaveLength(3);
    hung.post([control.TOLD, ...hung.of(control.ASK)[1]!]);
    await turn();
    expect(a.of(control.CONFIRMED).at(-1)).toEqual([4]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ignores an answer that comes too late, twice, or from nobody asked', async () => {
    const [a, b, c] = [world.join('a'), world.join('b'), world.join('c')];
    a.post([control.CONFIRM, 1]);
    await turn();
    const [token] = b.of(control.ASK)[0]!;
    b.post([control.TOLD, token], [control.TOLD, token], [control.TOLD, 12345]);
    a.post([control.TOLD, token]);
    await turn();
    expect(a.of(control.CONFIRMED), 'c has not answered').toEqual([]);
    vi.advanceTimersByTime(1000);
    await turn();
    c.post([control.TOLD, token]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[1]]);
    expect(world.problems).toEqual([]);
  });

  it('does not wait for peers that leave meanwhile, nor ask those that come', async () => {
    const [a, b, c] = [world.join('a'), world.join('b'), world.join('c')];
    a.post([control.CONFIRM, 1]);
    await turn();
    const late = world.join('late');
    b.post([control.BYE]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([]);
    c.port.close();
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[1]]);
    expect(late.of(control.ASK)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is forgotten when who asked has left, or the hub closes', async () => {
    const [a] = [world.join('a'), world.join('b'), world.join('hung')];
    a.post([control.CONFIRM, 1]);
    await turn();
    a.post([control.BYE]);
    await turn();
    vi.advanceTimersByTime(1000);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([]);
    const [d] = [world.join('d'), world.join('new')];
    d.post([control.CONFIRM, 1]);
    await turn();
    expect(vi.getTimerCount()).toBe(1);
    world.hub.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is shared by those asked for while one is under way, however many', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    a.post(...Array.from({ length: 1000 }, (_, token) => [control.CONFIRM, token]));
    await turn();
    expect(b.of(control.ASK)).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(1);
    b.post([control.TOLD, ...b.of(control.ASK)[0]!]);
    await turn();
    expect(a.of(control.CONFIRMED)).toEqual([[0]]);
    expect(b.of(control.ASK), 'the others want to know what was announced after that').toHaveLength(2);
    b.post([control.TOLD, ...b.of(control.ASK)[1]!]);
    await turn();
    expect(a.of(control.CONFIRMED).flat()).toEqual([...Array(1000).keys()]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be asked by all at once', async () => {
    const all = Array.from({ length: 20 }, (_, i) => obliging(`p${i}`));
    for (const [i, side] of all.entries()) side.post([control.CONFIRM, i]);
    await turn();
    for (const [i, side] of all.entries()) expect(side.of(control.CONFIRMED)).toEqual([[i]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('comes later to a peer that does nothing but ask: 500 times at once, and then 50 times a second', async () => {
    vi.useFakeTimers();
    const [a, b] = [world.join('a'), obliging('b')];
    // One by one: as soon as it is answered.
    let asked = 0;
    const ask = (): void => a.post([control.CONFIRM, ++asked]);
    a.onMessage = ([kind]) => void (kind === control.CONFIRMED && ask());
    ask();
    await vi.advanceTimersByTimeAsync(0);
    expect(b.of(control.ASK)).toHaveLength(500);
    await vi.advanceTimersByTimeAsync(1000);
    expect(b.of(control.ASK)).toHaveLength(550);
    expect(a.of(control.CONFIRMED), 'all is answered').toHaveLength(550);
    const honest = world.join('honest');
    honest.post([control.CONFIRM, 1]);
    await vi.advanceTimersByTimeAsync(0);
    for (const side of [a, b]) side.post([control.TOLD, ...side.of(control.ASK).at(-1)!]);
    await vi.advanceTimersByTimeAsync(0);
    expect(honest.of(control.CONFIRMED), 'nobody else waits for that').toEqual([[1]]);
    world.hub.remove('a', 'evicted');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be waited for by 100,000 calls of one peer', async () => {
    const [a] = [world.join('a'), world.join('hung')];
    const ask = Array.from({ length: 100_002 }, (_, token) => [control.CONFIRM, token]);
    a.post(...ask);
    await turn();
    expect(world.problems).toEqual(['a: a control message that makes no sense']);
    vi.advanceTimersByTime(1000);
    await turn();
    expect(a.of(control.CONFIRMED)).toHaveLength(100_001);
  });
});

describe('changes', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const toggle = (number: number): Message => [control.CHANGES, number, [number % 2 ? LISTEN : UNLISTEN, 'x']];

  /** What a peer knows of another one's channels, as its directory does it. */
  function known(side: ControlSide, of: string): Channels {
    const channels = new Channels();
    const told = side.of(control.CHANGE).filter(([id]) => id === of);
    for (const [, first, changes] of told) {
      expect(channels.apply(first as number, changes as unknown[])).toBe(true);
    }
    return channels;
  }

  it('of a peer that does nothing but change are told 500 times at once, and then 50 times a second at most; the last of them, too', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    for (let i = 1; i <= 20_001; i++) a.post(toggle(i));
    await vi.advanceTimersByTimeAsync(0);
    expect(b.of(control.CHANGE)).toHaveLength(500);
    await vi.advanceTimersByTimeAsync(20);
    expect(b.of(control.CHANGE)).toHaveLength(501);
    expect([[...known(b, 'a').listens], known(b, 'a').number]).toEqual([['x'], 20_001]);
    for (let second = 0; second < 2; second++) {
      for (let i = 0; i < 1000; i++) {
        a.post(toggle(20_002 + second * 1000 + i));
        await vi.advanceTimersByTimeAsync(1);
      }
    }
    expect(b.of(control.CHANGE).length).toBeLessThan(501 + 2 * 110);
    expect(known(b, 'a').number).toBeGreaterThan(21_900);
    expect([world.problems, vi.getTimerCount()]).toEqual([[], expect.any(Number)]);
  });

  it('of all peers of a process count together; those of another one are told at once', async () => {
    const [a, a2, b] = [world.join('a', {}, 'p1'), world.join('a2', {}, 'p1'), world.join('b', {}, 'p2')];
    for (let i = 1; i <= 500; i++) a.post(toggle(i));
    a2.post([control.CHANGES, 1, [HANDLE, 'late']]);
    await vi.advanceTimersByTimeAsync(0);
    expect(b.of(control.CHANGE)).toHaveLength(500);
    b.post([control.CHANGES, 1, [HANDLE, 'in time']]);
    await vi.advanceTimersByTimeAsync(0);
    expect(a.of(control.CHANGE)).toEqual([['b', 1, [HANDLE, 'in time']]]);
    await vi.advanceTimersByTimeAsync(20);
    expect(b.of(control.CHANGE).at(-1)).toEqual(['a2', 1, [HANDLE, 'late']]);
  });

  it('that are told late are told before a SYNC or a CONFIRM is answered, and to who comes meanwhile', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    for (let i = 1; i <= 501; i++) a.post(toggle(i));
    await vi.advanceTimersByTimeAsync(0);
    b.post([control.SYNC, 7]);
    await vi.advanceTimersByTimeAsync(0);
    expect([b.of(control.CHANGE).length, b.of(control.SYNCED)]).toEqual([500, []]);
    expect(world.join('c').port).toBeDefined();
    await vi.advanceTimersByTimeAsync(20);
    const kinds = b.messages.map(([kind]) => kind);
    expect(kinds.indexOf(control.SYNCED)).toBeGreaterThan(kinds.lastIndexOf(control.CHANGE));
    a.post([control.CHANGES, 502, [HANDLE, 'h']], [control.CONFIRM, 1]);
    await vi.advanceTimersByTimeAsync(0);
    expect([...known(b, 'a').handles]).toEqual(['h']);
    const told = b.messages.map(([kind]) => kind);
    expect(told.lastIndexOf(control.ASK)).toBeGreaterThan(told.lastIndexOf(control.CHANGE));
  });

  it('that are told late leave who knows some of them from a link with the truth', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    for (let i = 1; i <= 500; i++) a.post(toggle(i));
    await vi.advanceTimersByTimeAsync(0);
    const rest = [
      [LISTEN, 'p'],
      [LISTEN, 'q'],
      [UNLISTEN, 'q'],
      [HANDLE, 'p'],
      [UNLISTEN, 'p'],
      [LISTEN, 'q'],
    ] as const;
    rest.forEach((change, i) => a.post([control.CHANGES, 501 + i, [...change]]));
    await vi.advanceTimersByTimeAsync(20);
    const late = b.of(control.CHANGE).slice(500) as [string, number, unknown[]][];
    expect(late).toHaveLength(1);
    for (let known = 0; known <= rest.length; known++) {
      const channels = new Channels();
      channels.number = 500;
      rest.slice(0, known).forEach((change, i) => channels.apply(501 + i, change));
      channels.apply(late[0]![1], late[0]![2]);
      rest.forEach((change, i) => channels.apply(501 + i, change));
      expect([[...channels.listens], [...channels.handles], channels.number]).toEqual([['q'], ['p'], 506]);
    }
  });

  it('by the thousand in one message are told as what comes of them', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    a.post([control.CHANGES, 1, Array.from({ length: 10_001 }, (_, i) => [i % 2 ? UNLISTEN : LISTEN, 'x']).flat()]);
    await vi.advanceTimersByTimeAsync(20);
    expect(b.of(control.CHANGE)).toEqual([['a', 10_001, [LISTEN, 'x']]]);
  });

  it('of who leaves meanwhile are told nobody any more, and leave nothing behind', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    for (let i = 1; i <= 501; i++) a.post(toggle(i));
    b.post([control.SYNC, 1]);
    a.post([control.BYE]);
    await vi.advanceTimersByTimeAsync(20);
    expect(b.of(control.CHANGE)).toHaveLength(500);
    expect([b.of(control.SYNCED), vi.getTimerCount()]).toEqual([[[1]], 0]);
  });
});

describe('a peer that says more than any honest one', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const rule = '100000 at once, then 5000 a second';

  it.each([
    ['nonsense', [99, 1], 0],
    ['answers to what nobody has asked', [control.TOLD, 1], 0],
    ['SYNC', [control.SYNC, 1], 0],
  ])('loses its seat, and is told why: %s', async (_, message) => {
    const [a, b] = [world.join('a'), world.join('b')];
    const sender = new FakePort();
    world.hub.admit({ ...peer('x', { id: 'x' }), process: { type: 'renderer', id: 'px', pid: 1 } }, sender);
    for (let i = 0; i < 110_000; i++) sender.deliver([message]);
    await vi.advanceTimersByTimeAsync(0);
    expect(world.gone).toEqual([['x', 'evicted']]);
    expect(world.problems.at(-1)).toBe(`x: too many control messages: ${rule}. Its seat is ended`);
    const end = sender.posts.flat().find((each) => (each as unknown[])[0] === control.END);
    const why = `its process has sent too many control messages: ${rule}. Is a channel subscribed in a loop?`;
    expect(end).toEqual([control.END, 'evicted', why]);
    expect(sender.closed).toBe(true);
    const { port, isClosed } = watchedPort();
    sender.deliverWith([[control.OPEN, 'a', 0, 0]], [port]);
    await vi.advanceTimersByTimeAsync(0);
    expect([isClosed(), a.of(control.LINK)]).toEqual([true, []]);
    // Back in a moment, it has not got another allowance.
    const again = new FakePort();
    world.hub.admit({ ...peer('y', { id: 'y' }), process: { type: 'renderer', id: 'px', pid: 1 } }, again);
    for (let i = 0; i < 50; i++) again.deliver([message]);
    expect([again.closed, b.of(control.LEAVE)]).toEqual([true, [['x', 'evicted']]]);
  });

  it('is none that makes 200,000 calls in a turn', async () => {
    const a = world.join('a');
    a.port.post(Array.from({ length: 200_000 }, (_, i) => [control.SYNC, i]));
    await vi.advanceTimersByTimeAsync(0);
    expect([a.of(control.SYNCED).length, world.gone]).toEqual([200_000, []]);
  });

  it('is none whose changes are said to be billions, and are none', async () => {
    const a = world.join('a');
    for (let i = 0; i < 100; i++)
      a.post([control.CHANGES, 1, Array(2 ** 32 - 2)], [control.CHANGES, 1, Array(2 ** 32 - 1)]);
    a.post([control.SYNC, 1]);
    await vi.advanceTimersByTimeAsync(20);
    expect([a.of(control.SYNCED), world.gone]).toEqual([[[1]], []]);
  });

  it('is none that answers what others ask, however often', async () => {
    const answered = vi.spyOn(Allowance.prototype, 'answered');
    const [a, b] = [world.join('a'), world.join('b')];
    a.post([control.CONFIRM, 1]);
    await vi.advanceTimersByTimeAsync(0);
    const [token] = b.of(control.ASK)[0]!;
    expect(answered).not.toHaveBeenCalled();
    b.post([control.TOLD, token], [control.TOLD, token], [control.TOLD, 99]);
    await vi.advanceTimersByTimeAsync(0);
    expect(answered).toHaveBeenCalledTimes(1);
    answered.mockRestore();
  });
});

describe('an OPEN', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is passed on at once 2,000 times, and then 500 times a second, in order; 10,000 wait, and are closed with the seat', async () => {
    const c = world.join('c');
    const port = new FakePort();
    world.hub.admit(peer('a', { id: 'a' }), port);
    let closed = 0;
    for (let i = 0; i < 12_001; i++) port.deliverWith([[control.OPEN, 'c', i, 0]], [{ close: () => void closed++ }]);
    await vi.advanceTimersByTimeAsync(0);
    expect(world.links()).toBe(2000);
    expect([world.problems, closed]).toEqual([['a: a control message that makes no sense'], 1]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(c.of(control.LINK).map(([, epoch]) => epoch)).toEqual([...Array(2500).keys()]);
    world.hub.remove('a', 'evicted');
    expect([closed, vi.getTimerCount()]).toEqual([1 + 9500, 0]);
  });
});

describe('limits.links', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('says how many a peer opens at once, and then, by a quarter, in a second; of channels made for it, too', async () => {
    world.limits = { ...defaultLimits, links: 8 };
    const [a, c] = [world.join('a'), world.join('c')];
    const port = new FakePort();
    world.hub.admit(peer('b', { id: 'b' }), port);
    for (let i = 0; i < 12; i++) port.deliverWith([[control.OPEN, 'c', i, 0]], [{ close() {} }]);
    a.post(...Array.from({ length: 12 }, (_, token) => [control.CHANNEL, token]));
    const passed = (): number[] => [c.of(control.LINK).length, a.of(control.CHANNEL).length];
    await vi.advanceTimersByTimeAsync(0);
    expect(passed()).toEqual([8, 8]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(passed()).toEqual([10, 10]);
    await vi.advanceTimersByTimeAsync(1000);
    expect([passed(), world.problems]).toEqual([[12, 12], []]);
  });
});

describe('a channel', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is made at once for 2,000 links, and as fast as 500 a second from then on; in the order asked', async () => {
    const a = world.join('a');
    a.post(...Array.from({ length: 2600 }, (_, token) => [control.CHANNEL, token]));
    await vi.advanceTimersByTimeAsync(0);
    expect(a.of(control.CHANNEL)).toHaveLength(2000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(a.of(control.CHANNEL)).toHaveLength(2500);
    await vi.advanceTimersByTimeAsync(1000);
    expect(a.of(control.CHANNEL).flat()).toEqual([...Array(2600).keys()]);
    expect([a.ports.length, world.problems, vi.getTimerCount()]).toEqual([5200, [], 0]);
  });

  it('is not made any more for a peer that has left; and 10,000 asks wait at most', async () => {
    const a = world.join('a');
    a.post(...Array.from({ length: 12_001 }, (_, token) => [control.CHANNEL, token]));
    await vi.advanceTimersByTimeAsync(0);
    expect(world.problems).toEqual(['a: a control message that makes no sense']);
    world.hub.remove('a', 'evicted');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('leaving', () => {
  it('is told once, to everybody, with the reason; the port is closed', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    expect(world.hub.remove('b', 'evicted', 'too loud')).toBe(true);
    expect(world.hub.remove('b', 'lost')).toBe(false);
    await b.closed;
    expect(b.messages.at(-1)).toEqual([control.END, 'evicted', 'too loud']);
    await turn();
    expect(a.of(control.LEAVE)).toEqual([['b', 'evicted']]);
    expect(world.gone).toEqual([['b', 'evicted']]);
    expect(world.hub.peers().map(({ id }) => id)).toEqual(['a']);
  });

  it('without a word is told to the owner, who knows why', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    await turn();
    b.port.close();
    await turn();
    expect(world.gone).toEqual([['b', 'lost']]);
    expect(a.of(control.LEAVE)).toEqual([['b', 'lost']]);
  });

  it('of the hub itself ends every seat', async () => {
    const all = [world.join('a'), world.join('b')];
    world.hub.close();
    await Promise.all(all.map(({ closed }) => closed));
    for (const { messages } of all) expect(messages.at(-1)).toEqual([control.END, 'bridge-gone', 'it was closed']);
    expect(world.hub.size).toBe(0);
  });
});

describe('a malformed control post', () => {
  it.each<[string, unknown]>([
    ['no array', 'text'],
    ['nothing', undefined],
    ['an object', { length: 1, 0: [control.SYNC, 1] }],
    ['an empty array', []],
    ['no message in it', [5]],
    ['an empty message', [[]]],
    ['holes', Array(3)],
    ['a message, and then holes', Object.assign([[99]], { length: 2 ** 32 - 1 })],
    ['more holes than can be walked over', Object.assign([], { length: 2 ** 32 - 1 })],
    ['an unknown kind', [[99]]],
    ['a kind of the broker’s', [[control.WELCOME, {}]]],
    ['a kind that is a text', [['3', 1]]],
    ['changes without a number', [[control.CHANGES, 'x', []]]],
    ['changes that are none', [[control.CHANGES, 1, 'x']]],
    ['half a change', [[control.CHANGES, 1, [LISTEN]]]],
    ['an unknown change', [[control.CHANGES, 1, [9, 'e']]]],
    ['a sync without a token', [[control.SYNC]]],
    ['a sync with half a token', [[control.SYNC, 0.5]]],
    ['a confirmation without a token', [[control.CONFIRM, null]]],
    ['an answer without a token', [[control.TOLD, '1']]],
    ['an open to nobody', [[control.OPEN, 5, 0, 0]]],
    ['an open without an epoch', [[control.OPEN, 'b', -1, 0]]],
    ['an open without a number', [[control.OPEN, 'b', 0]]],
  ])('%s: is told to the owner, its port is closed, and the seat stays', async (_, data) => {
    const [a, b] = [world.join('a'), world.join('b')];
    await turn();
    const seen = b.messages.length;
    const { port, isClosed } = watchedPort();
    a.port.post(data, [port]);
    a.port.post(data);
    await turn();
    expect(isClosed()).toBe(true);
    expect(world.problems).toEqual(Array(2).fill('a: a control message that makes no sense'));
    expect(b.messages.length).toBe(seen);
    a.post([control.SYNC, 1]);
    await turn();
    expect(a.of(control.SYNCED)).toEqual([[1]]);
  });

  it('an open without its port is one', async () => {
    const [a] = [world.join('a'), world.join('b')];
    a.post([control.OPEN, 'b', 0, 0]);
    await turn();
    expect(world.problems).toHaveLength(1);
    expect(world.hub.state().links).toBe(0);
  });

  it('loses what stands behind the bad message, and keeps what stood before it', async () => {
    const a = world.join('a');
    const { port, isClosed } = watchedPort();
    a.port.post([[control.SYNC, 1], [99], [control.OPEN, 'a', 0, 0]], [port]);
    await turn();
    expect(a.of(control.SYNCED)).toEqual([[1]]);
    expect(a.of(control.UNLINKED)).toEqual([]);
    expect(isClosed()).toBe(true);
  });

  it('reads nothing behind a goodbye', async () => {
    const [a, b] = [world.join('a'), world.join('b')];
    const { port, isClosed } = watchedPort();
    a.port.post([[control.BYE], [control.CHANGES, 1, [LISTEN, 'e']], [control.OPEN, 'b', 0, 0]], [port]);
    await turn();
    expect(b.messages.slice(-1)).toEqual([[control.LEAVE, 'a', 'bye']]);
    expect(world.hub.state()).toEqual({ links: 0, channels: {} });
    void isClosed;
  });

  it('a port beside a message that needs none is closed', async () => {
    const a = world.join('a');
    const { port, isClosed } = watchedPort();
    a.port.post([[control.SYNC, 1]], [port]);
    await turn();
    expect(a.of(control.SYNCED)).toEqual([[1]]);
    expect(isClosed()).toBe(true);
  });

  it('a second port beside a link is closed, and only that one', async () => {
    const [a] = [world.join('a'), world.join('b')];
    const [one, two] = [watchedPort(), watchedPort()];
    a.port.post([[control.OPEN, 'b', 0, 0]], [one.port, two.port]);
    await turn();
    expect([one.isClosed(), two.isClosed()]).toEqual([false, true]);
  });

  it('one that can not even be read is told to the owner', async () => {
    const port = new FakePort();
    world.hub.admit(peer('a', { id: 'a' }), port);
    port.deliverUnreadable();
    expect(world.problems).toEqual(['a: a control message that can not be read']);
    expect(world.hub.size).toBe(1);
  });
});

it('state() is plain data, whatever channels are called', async () => {
  const [a, b] = [world.join('a'), world.join('b')];
  a.post([control.CHANGES, 1, [LISTEN, '__proto__', HANDLE, 'constructor']]);
  b.post([control.CHANGES, 1, [LISTEN, '__proto__']]);
  await turn();
  const { channels } = world.hub.state();
  expect(Object.entries(channels)).toEqual([
    ['__proto__', { listens: ['a', 'b'], handles: [] }],
    ['constructor', { listens: [], handles: ['a'] }],
  ]);
  expect(structuredClone(channels)).toBeDefined();
});

it('a refusal is answered on the port that came, which is then closed', async () => {
  const [near, far] = createMemoryChannel().ports;
  refuse(far, 'NOT_AUTHORIZED', 'not you');
  const side = new ControlSide(near);
  await side.closed;
  expect(side.messages).toEqual([[control.REFUSED, 'NOT_AUTHORIZED', 'not you', true]]);
});

it('others are told of a grant what they enforce, not the names in it', async () => {
  const [a, b] = [
    world.join('a', { peers: ['b', 'hidden'], names: ['main'], send: ['e'] }),
    world.join('b', { receive: ['f'] }),
  ];
  const c = world.join('c', { peers: ['b'], services: [], provides: ['files'] });
  await turn();
  expect(b.of(control.WELCOME).map(([welcome]) => (welcome as control.Welcome).peers.map((each) => each[4]))).toEqual([
    [{ send: ['e'] }],
  ]);
  expect(b.of(control.JOIN).map(([, grant]) => grant)).toEqual([{ services: [], provides: ['files'] }]);
  expect((a.of(control.WELCOME)[0]?.[0] as control.Welcome).grant).toMatchObject({ peers: ['b', 'hidden'] });
  c.port.close();
});
