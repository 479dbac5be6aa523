import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import { takeSeat, type Seat, type SeatListener } from '../../../../src/core/broker/seat.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import type { Patience } from '../../../../src/core/within.js';
import { rejection } from '../../../contract/case.js';
import { ControlSide } from '../../support/control-side.js';
import { everything } from '../../../../src/core/directory/grant.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { peer } from '../../../contract/link-side.js';
import { turn } from '../../support/turn.js';
import { spy } from '../../support/spy.js';

const welcome: control.Welcome = {
  version: WIRE_VERSION,
  self: peer('me'),
  redact: false,
  grant: everything,
  limits: defaultLimits,
  peers: [[peer('other'), 1, ['e'], [], everything]],
};

interface Taken {
  readonly seat: Seat;
  readonly welcome: control.Welcome;
  /** What the seat's listener has been told. */
  readonly told: unknown[][];
}

/** A join under way, and the broker's side of it. */
function begin(options: Partial<Patience> = {}): { joining: Promise<Taken>; broker: ControlSide } {
  const [near, far] = createMemoryChannel().ports;
  const call = "connect({ name: 'me' })";
  const joining = takeSeat(near, { call, timeout: 10_000, ...options }, (seat, answer): Taken => {
    const told: unknown[][] = [];
    seat.start(listener(told));
    return { seat, welcome: answer, told };
  });
  joining.catch(() => {}); // looked at later
  return { joining, broker: new ControlSide(far) };
}

async function seated(): Promise<Taken & { broker: ControlSide }> {
  const { joining, broker } = begin();
  broker.post([control.WELCOME, welcome]);
  return { ...(await joining), broker };
}

function listener(told: unknown[][]): SeatListener {
  const note =
    (kind: string) =>
    (...args: unknown[]): void =>
      void told.push([kind, ...args]);
  return {
    join: note('join'),
    leave: note('leave'),
    change: note('change'),
    link: note('link'),
    unlinked: note('unlinked'),
    state: note('state'),
    stale: note('stale'),
    ended: note('ended'),
  };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  expect(vi.getTimerCount(), 'no timer is left over').toBe(0);
  vi.useRealTimers();
});

describe('takeSeat', () => {
  it('resolves with the welcome, and tells what came behind it, in the same post and the same turn', async () => {
    const { joining, broker } = begin();
    broker.post([control.WELCOME, welcome], [control.JOIN, peer('third'), {}]);
    broker.post([control.LEAVE, 'id-third', 'bye']);
    const taken = await joining;
    expect(taken.welcome).toEqual(welcome);
    broker.post([control.CHANGE, 'id-other', 2, [1, 'f']]);
    await turn();
    expect(taken.told).toEqual([
      ['join', peer('third'), {}],
      ['leave', 'id-third', 'bye'],
      ['change', 'id-other', 2, [1, 'f']],
    ]);
  });

  it.each([
    ['with a word', [[control.END, 'evicted', 'at once']], ['ended', 'evicted', 'at once']],
    ['without a word', [], ['ended', 'bridge-gone', 'its process is gone']],
  ])('hears of an end in the same turn, %s', async (_, last, expected) => {
    const { joining, broker } = begin();
    broker.post([control.WELCOME, welcome], ...last);
    broker.port.close();
    expect((await joining).told).toEqual([expected]);
  });

  it('rejects with the refusal, under the name of the call, and closes the port', async () => {
    const { joining, broker } = begin();
    broker.post([control.REFUSED, 'NOT_AUTHORIZED', 'not you. Ask somebody else.']);
    expect(await rejection(joining)).toMatchObject({
      code: 'NOT_AUTHORIZED',
      message: "connect({ name: 'me' }): not you. Ask somebody else.",
    });
    await broker.closed;
  });

  it('rejects with TIMEOUT when nobody answers, and says what to look at', async () => {
    const { joining, broker } = begin({ timeout: 500 });
    vi.advanceTimersByTime(499);
    broker.port.post('nothing a broker says');
    broker.post([control.JOIN, peer('third'), {}]);
    await turn();
    vi.advanceTimersByTime(1);
    const error = await rejection(joining);
    expect(error).toMatchObject({ code: 'TIMEOUT' });
    expect(error.message).toMatch(
      /^connect\({ name: 'me' }\): the bridge did not answer within 500 ms\. Is createBridge\(\) called/,
    );
    await broker.closed;
  });

  it('waits for ever if it is told to', async () => {
    const { joining, broker } = begin({ timeout: Infinity });
    expect(vi.getTimerCount()).toBe(0);
    broker.post([control.WELCOME, welcome]);
    await joining;
  });

  it.each(['before', 'during'])('rejects with ABORTED when the signal aborts %s it', async (when) => {
    const controller = new AbortController();
    if (when === 'before') controller.abort('changed my mind');
    const { joining, broker } = begin({ signal: controller.signal });
    await turn();
    controller.abort('changed my mind');
    expect(await rejection(joining)).toMatchObject({ code: 'ABORTED', cause: 'changed my mind' });
    await broker.closed;
  });

  it('lets go of the signal once it is answered', async () => {
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const { joining, broker } = begin({ signal: controller.signal });
    broker.post([control.WELCOME, welcome]);
    const { told } = await joining;
    expect(remove).toHaveBeenCalledTimes(1);
    controller.abort();
    await turn();
    expect(told).toEqual([]);
  });

  it('rejects with VERSION_MISMATCH, both versions named, and closes the port', async () => {
    const { joining, broker } = begin();
    broker.post([control.WELCOME, { ...welcome, version: WIRE_VERSION + 1 }]);
    const error = await rejection(joining);
    expect(error).toMatchObject({ code: 'VERSION_MISMATCH' });
    expect(error.message).toMatch(new RegExp(`version ${WIRE_VERSION + 1} of the wire, this side ${WIRE_VERSION}\\.`));
    await broker.closed;
  });

  it('rejects with BRIDGE_GONE when the port closes before an answer', async () => {
    const { joining, broker } = begin();
    broker.port.close();
    expect(await rejection(joining)).toMatchObject({
      code: 'BRIDGE_GONE',
      message: expect.stringMatching(/^connect\(/),
    });
  });

  it('takes the first answer only', async () => {
    const { joining, broker } = begin();
    broker.post([control.REFUSED, 'NOT_AUTHORIZED', 'no']);
    broker.post([control.WELCOME, welcome]);
    expect(await rejection(joining)).toMatchObject({ code: 'NOT_AUTHORIZED' });
  });
});

describe('Seat', () => {
  it('tells the broker, and hears from it', async () => {
    const { seat, broker, told } = await seated();
    seat.changes(1, [1, 'e']);
    const [, port] = createMemoryChannel().ports;
    seat.open('id-other', 2, 5, port);
    await turn();
    expect(broker.messages).toEqual([
      [control.CHANGES, 1, [1, 'e']],
      [control.OPEN, 'id-other', 2, 5],
    ]);
    expect(broker.ports).toEqual([port]);
    const [, other] = createMemoryChannel().ports;
    broker.port.post(
      [
        [control.UNLINKED, 'id-other', 2],
        [control.LINK, 'id-other', 3, 4],
      ],
      [other],
    );
    await turn();
    expect(told).toEqual([
      ['unlinked', 'id-other', 2, undefined],
      ['link', 'id-other', 3, 4, other],
    ]);
  });

  it('resolves sync() and confirm() by their tokens, in whatever order they are answered', async () => {
    const { seat, broker } = await seated();
    const done: string[] = [];
    void seat.sync().then(() => done.push('sync'));
    void seat.confirm().then(() => done.push('confirm'));
    await turn();
    const [sync, confirm] = [broker.of(control.SYNC)[0]?.[0], broker.of(control.CONFIRM)[0]?.[0]];
    broker.post([control.CONFIRMED, confirm]);
    await turn();
    expect(done).toEqual(['confirm']);
    broker.post([control.SYNCED, 999], [control.SYNCED, sync]);
    await turn();
    expect(done).toEqual(['confirm', 'sync']);
  });

  it('says that it knows, behind all it was told before', async () => {
    const { broker, told } = await seated();
    let known = 0;
    broker.onMessage = ([kind]) => kind === control.TOLD && (known = told.length);
    broker.post([control.CHANGE, 'id-other', 2, [1, 'f']], [control.ASK, 77], [control.JOIN, peer('third'), {}]);
    await turn();
    expect(broker.of(control.TOLD)).toEqual([[77]]);
    expect(known).toBeGreaterThan(0);
  });

  it('leaves in order, once; what it waits for rejects', async () => {
    const { seat, broker, told } = await seated();
    const waiting = rejection(seat.sync());
    seat.changes(1, [1, 'e']);
    seat.bye();
    seat.bye();
    expect(await waiting).toMatchObject({ code: 'CLOSED' });
    await broker.closed;
    expect(broker.messages.map(([kind]) => kind)).toEqual([control.SYNC, control.CHANGES, control.BYE]);
    expect(await rejection(seat.sync())).toMatchObject({ code: 'CLOSED' });
    expect(told, 'it knows itself').toEqual([]);
  });

  it('ends when the broker says so, with its words', async () => {
    const { seat, broker, told } = await seated();
    const waiting = rejection(seat.confirm());
    await turn();
    broker.post([control.END, 'evicted', 'too loud']);
    broker.port.close();
    await turn();
    expect(told).toEqual([['ended', 'evicted', 'too loud']]);
    expect(await waiting).toMatchObject({ code: 'CLOSED' });
  });

  it("ends with 'bridge-gone' when the broker is gone without a word", async () => {
    const { broker, told } = await seated();
    broker.port.close();
    await turn();
    expect(told).toEqual([['ended', 'bridge-gone', 'its process is gone']]);
  });

  it('reads nothing behind the end, and closes a port that came with it', async () => {
    const { broker, told } = await seated();
    const [near, far] = createMemoryChannel().ports;
    const closed = spy();
    near.start({ message() {}, unreadable() {}, close: closed });
    broker.port.post(
      [
        [control.END, 'evicted', ''],
        [control.JOIN, peer('third'), {}],
        [control.LINK, 'id-other', 0, 0],
      ],
      [far],
    );
    await turn();
    expect(told).toEqual([['ended', 'evicted', '']]);
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it('overlooks what no broker says', async () => {
    const { broker, told } = await seated();
    broker.port.post('text');
    broker.post([99], []);
    broker.post([control.JOIN, peer('third'), {}]);
    await turn();
    expect(told).toEqual([['join', peer('third'), {}]]);
  });
});

it('hears that the broker is gone, and there again', async () => {
  const { broker, told } = await seated();
  broker.post([control.STALE, true], [control.STATE, 'other', 3, ['e'], []], [control.STALE, false]);
  await turn();
  expect(told).toEqual([
    ['stale', true],
    ['state', 'other', 3, ['e'], []],
    ['stale', false],
  ]);
});

it('asks for the state; what comes to nothing rejects as it is told', async () => {
  const { seat, broker } = await seated();
  const [state, failed, synced] = [seat.query(), rejection(seat.query()), rejection(seat.sync())];
  await turn();
  expect(broker.messages).toEqual([
    [control.QUERY, 1],
    [control.QUERY, 2],
    [control.SYNC, 3],
  ]);
  broker.post([control.FAILED, 2, 'NOT_AUTHORIZED', 'not you'], [control.QUERY, 1, { some: 'state' }]);
  broker.post([control.FAILED, 3, 'BRIDGE_GONE', 'gone'], [control.FAILED, 3, 'BRIDGE_GONE', 'twice']);
  expect(await state).toEqual({ some: 'state' });
  expect(await failed).toMatchObject({ code: 'NOT_AUTHORIZED', message: 'not you' });
  expect(await synced).toMatchObject({ code: 'BRIDGE_GONE', message: 'gone' });
});
