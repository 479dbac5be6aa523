import { afterEach, expect, it, vi } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import { join } from '../../../../src/core/bus/join.js';
import { HANDLE } from '../../../../src/core/directory/entry.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import { deferred, rejection } from '../../../contract/case.js';
import { peer } from '../../../contract/link-side.js';
import { ControlSide } from '../../support/control-side.js';
import { turn } from '../../support/turn.js';

afterEach(() => void vi.useRealTimers());

it('a peer that is back under its old id, before all was told of its leave, has left and joined; its link is a new one', async () => {
  const [near, far] = createMemoryChannel().ports;
  const broker = new ControlSide(far);
  const platform = { channel: () => createMemoryChannel().ports, adopt: (raw: unknown) => raw as Port };
  const joining = join(near, platform, { call: 'join()', timeout: 1000 });
  const other = peer('other', { id: 'o' });
  broker.post([
    control.WELCOME,
    { version: WIRE_VERSION, self: peer('me'), grant: {}, limits: defaultLimits, redact: false, peers: [] },
  ]);
  broker.post([control.JOIN, other, {}], [control.CHANGE, 'o', 1, [HANDLE, 'never']]);
  const bus = await joining;
  const told: unknown[] = [];
  bus.peers.on('join', ({ id }) => told.push(['join', id])).on('leave', ({ id }, why) => told.push(['leave', id, why]));
  await turn();
  const link = (): { port: object; closed: Promise<void> } => {
    const closed = deferred();
    const [mine, theirs] = createMemoryChannel().ports;
    mine.start({ message() {}, unreadable() {}, close: () => closed.resolve() });
    return { port: theirs, closed: closed.promise };
  };
  const first = link();
  broker.port.post([[control.LINK, 'o', control.CURRENT, 0]], [first.port]);
  await turn();
  const call = rejection(bus.to({ id: 'o' }).request('never'));
  broker.post([control.LEAVE, 'o', 'lost'], [control.JOIN, other, {}]);
  const second = link();
  broker.port.post([[control.LINK, 'o', control.CURRENT, 0]], [second.port]);
  expect(await call).toMatchObject({ code: 'PEER_GONE', reason: 'lost' });
  await first.closed;
  expect(told).toEqual([
    ['leave', 'o', 'lost'],
    ['join', 'o'],
  ]);
  expect(bus.load.links).toBe(1);
  await bus.close();
  await second.closed;
});

it('a broker that is blocked: what waits for its answer rejects with TIMEOUT after 30 s, and the listener is there', async () => {
  const [near, far] = createMemoryChannel().ports;
  const broker = new ControlSide(far);
  const platform = { channel: () => createMemoryChannel().ports, adopt: (raw: unknown) => raw as Port };
  const joining = join(near, platform, { call: 'join()', timeout: 1000 });
  broker.post([
    control.WELCOME,
    { version: WIRE_VERSION, self: peer('me'), grant: {}, limits: defaultLimits, redact: false, peers: [] },
  ]);
  const bus = await joining;
  vi.useFakeTimers();
  const late = [rejection(bus.subscribe('e', () => {})), rejection(bus.queryState())];
  await vi.advanceTimersByTimeAsync(29_999);
  const answered = rejection(bus.subscribe('f', () => {}));
  await vi.advanceTimersByTimeAsync(1);
  const text = 'no answer of the broker after 30000 ms: its process is blocked';
  expect(await Promise.all(late)).toMatchObject([
    { code: 'TIMEOUT', message: expect.stringMatching(`^subscribe\\('e'\\): ${text}`) },
    { code: 'TIMEOUT', message: expect.stringMatching(`^queryState\\(\\): ${text}`) },
  ]);
  expect(bus.listenerCount('e')).toBe(1);
  await bus.close();
  expect(await answered).toMatchObject({ code: 'CLOSED' });
  expect(vi.getTimerCount()).toBe(0);
});
