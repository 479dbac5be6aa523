import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import type { Message, Welcome } from '../../../../src/core/broker/control.js';
import type { Grant } from '../../../../src/core/directory/grant.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import { Known } from '../../../../src/node/client/known.js';
import { peer } from '../../../contract/link-side.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

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

function known(...peers: Peer[]): { known: Known; told: Message[] } {
  const told: Message[] = [];
  const made = new Known((messages) => told.push(...messages));
  made.first(welcome(...peers.map((each) => [each] as const)));
  return { known: made, told };
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
  each.again(welcome());
  vi.advanceTimersByTime(8000);
  expect(told).toEqual([]);
  each.stop();
  vi.advanceTimersByTime(20_000);
  expect(told).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
