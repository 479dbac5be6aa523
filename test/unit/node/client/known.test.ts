import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import type { Message, Welcome } from '../../../../src/core/broker/control.js';
import type { Grant } from '../../../../src/core/directory/grant.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import { Known } from '../../../../src/node/client/known.js';
import { rejection } from '../../../contract/case.js';
import { peer } from '../../../contract/link-side.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const [a, b, c] = ['a', 'b', 'c'].map((name) => peer(name, { id: name })) as [Peer, Peer, Peer];
type Peer = ReturnType<typeof peer>;

function welcome(...peers: (readonly [Peer, Grant?])[]): Welcome {
  return {
    version: WIRE_VERSION,
    self: peer('me'),
    grant: {},
    limits: defaultLimits,
    redact: false,
    peers: peers.map(([each, grant = {}]) => [each, 3, ['e'], ['h'], grant]),
  };
}

const gone = new MeshError('BRIDGE_GONE', 'the broker is gone');

/** One that knows those peers, and has lost its broker. `links`: how often each has been heard of that is linked. */
function known(...peers: Peer[]): { known: Known; told: Message[]; links: Map<string, number> } {
  const told: Message[] = [];
  const links = new Map<string, number>();
  const made = new Known({ tell: (messages) => told.push(...messages), hears: (id) => links.get(id) });
  made.first(welcome(...peers.map((each) => [each] as const)));
  made.lost(gone);
  return { known: made, told, links };
}

it('who was there stays, brought to how it is now; who is new joins', () => {
  const { known: each } = known(a);
  expect(each.again(welcome([a], [b]))).toEqual([
    [control.STATE, 'a', 3, ['e'], ['h']],
    [control.JOIN, b, {}],
    [control.STATE, 'b', 3, ['e'], ['h']],
  ]);
});

it('who has other rights now is somebody else: it leaves, and joins', () => {
  const { known: each } = known(a);
  expect(each.again(welcome([a, { send: ['x'] }]))).toEqual([
    [control.LEAVE, 'a', 'lost'],
    [control.JOIN, a, { send: ['x'] }],
    [control.STATE, 'a', 3, ['e'], ['h']],
  ]);
  expect(each.joined([control.JOIN, a, { send: ['x'] }])).toEqual([]);
  expect(each.joined([control.JOIN, a, {}])).toEqual([
    [control.LEAVE, 'a', 'lost'],
    [control.JOIN, a, {}],
  ]);
});

it('who comes back by another name is somebody else: nobody takes it for the one of the old name', () => {
  const { known: each } = known(a);
  const renamed = { ...a, name: 'main helper' };
  expect(each.again(welcome([renamed]))).toEqual([
    [control.LEAVE, 'a', 'lost'],
    [control.JOIN, renamed, {}],
    [control.STATE, 'a', 3, ['e'], ['h']],
  ]);
});

it('who is not there yet has ten seconds to come back', () => {
  const { known: each, told } = known(a, b, c);
  each.again(welcome([a]));
  vi.advanceTimersByTime(9999);
  expect(each.joined([control.JOIN, b, {}])).toEqual([]);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([[control.LEAVE, 'c', 'lost']]);
  expect(each.joined([control.JOIN, c, {}])).toEqual([[control.JOIN, c, {}]]); // later, it joins
});

it('who leaves meanwhile is not told to have left twice', () => {
  const { known: each, told } = known(a);
  each.again(welcome());
  each.left('a');
  vi.advanceTimersByTime(20_000);
  expect(told).toEqual([]);
});

it('the time begins anew with each rejoin, and ends with stop()', () => {
  const { known: each, told } = known(a);
  each.again(welcome());
  vi.advanceTimersByTime(8000);
  each.lost(gone);
  each.again(welcome());
  vi.advanceTimersByTime(8000);
  expect(told).toEqual([]);
  each.stop();
  vi.advanceTimersByTime(20_000);
  expect(told).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

describe('a peer that is linked, and not back', () => {
  it('stays while it is silent, as one that is stopped, and leaves when its link ends', () => {
    const { known: each, told, links } = known(a);
    links.set('a', 7);
    each.again(welcome());
    vi.advanceTimersByTime(60_000);
    expect([told, each.away('a')]).toEqual([[], true]);
    links.delete('a');
    each.unlinked('a', 'lost');
    expect(told).toEqual([[control.LEAVE, 'a', 'lost']]);
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that goes on again after that has the time to come back', () => {
    const { known: each, told, links } = known(a);
    links.set('a', 7);
    each.again(welcome());
    vi.advanceTimersByTime(60_000);
    for (let heard = 8; heard < 17; heard++) {
      links.set('a', heard);
      vi.advanceTimersByTime(1000);
    }
    expect(told).toEqual([]);
    expect(each.joined([control.JOIN, a, {}])).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect([told, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('has left after ten seconds if it lives all that time: it is not shown any more', () => {
    const { known: each, told, links } = known(a);
    links.set('a', 7);
    each.again(welcome());
    for (let heard = 8; heard < 17; heard++) {
      links.set('a', heard);
      vi.advanceTimersByTime(1000);
    }
    expect(told).toEqual([]);
    links.set('a', 17);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([[control.LEAVE, 'a', 'lost']]);
  });
});

describe('a peer whose link has ended since the broker was lost', () => {
  it('has left at once if it said BYE, whether or not the broker is back', () => {
    const { known: each, told } = known(a, b);
    each.unlinked('a', 'bye');
    expect(told.splice(0)).toEqual([[control.LEAVE, 'a', 'bye']]);
    each.again(welcome());
    each.unlinked('b', 'bye');
    expect(told).toEqual([[control.LEAVE, 'b', 'bye']]);
    expect([each.away('a'), each.away('b')]).toEqual([false, false]);
  });

  it('has left soon after the rejoin if its process is gone, and is waited for if not', () => {
    const kill = vi.spyOn(process, 'kill').mockImplementation((pid) => {
      if (pid === 4242) throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
      return true;
    });
    const dead = { ...b, process: { ...b.process, pid: 4242 } };
    const unlinked = { ...c, process: { ...c.process, pid: 4242 } };
    const { known: each, told } = known(a, dead, unlinked);
    each.unlinked('a', 'lost');
    each.unlinked('b', 'lost');
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]); // it takes a broker to tell who is back
    each.again(welcome());
    vi.advanceTimersByTime(1000);
    expect(told.splice(0)).toEqual([[control.LEAVE, 'b', 'lost']]);
    for (const [, signal] of kill.mock.calls) expect(signal).toBe(0);
    vi.advanceTimersByTime(9000);
    expect(told).toEqual([
      [control.LEAVE, 'a', 'lost'],
      [control.LEAVE, 'c', 'lost'],
    ]);
  });

  it('is not known to have left as long as the broker tells of it', () => {
    const { known: each, told } = known(a);
    each.again(welcome([a]));
    each.unlinked('a', 'bye');
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
  });
});

describe('back()', () => {
  it('resolves when the peer is back', async () => {
    const { known: each } = known(a);
    each.again(welcome());
    const both = Promise.all([each.back('a'), each.back('a')]);
    each.joined([control.JOIN, a, {}]);
    await both;
    expect(each.away('a')).toBe(false);
  });

  it.each<[string, (each: Known) => unknown]>([
    ['it is not back in ten seconds', () => vi.advanceTimersByTime(10_000)],
    ['it is told to have left', (each) => each.left('a')],
    ['it has other rights now, and is somebody else', (each) => each.joined([control.JOIN, a, { send: ['x'] }])],
  ])('rejects when %s', async (_, act) => {
    const { known: each } = known(a);
    each.again(welcome());
    const failed = rejection(each.back('a'));
    act(each);
    expect((await failed).message).toBe('it has left.');
  });

  it('rejects when the broker is lost again, and when this is stopped', async () => {
    const { known: each } = known(a);
    each.again(welcome());
    const failed = rejection(each.back('a'));
    each.lost(gone);
    expect(await failed).toBe(gone);
    const stopped = rejection(each.back('a'));
    each.stop();
    expect((await stopped).code).toBe('CLOSED');
  });
});
