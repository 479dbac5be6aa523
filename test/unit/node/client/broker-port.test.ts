import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import type { Message, Welcome } from '../../../../src/core/broker/control.js';
import { HANDLE, LISTEN, UNLISTEN } from '../../../../src/core/directory/entry.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import { BrokerPort, type Resume } from '../../../../src/node/client/broker-port.js';
import type { Mux } from '../../../../src/node/socket/mux.js';
import { rejection } from '../../../contract/case.js';
import { peer } from '../../../contract/link-side.js';
import { FakePort } from '../../support/fake-port.js';

/** A connection to a broker, of which the test is the far end. */
class FakeMux {
  readonly port = new FakePort();
  closed = false;

  close(): void {
    this.closed = true;
  }

  /** The broker says something, in one post. */
  say(...messages: Message[]): void {
    this.port.deliver(messages);
  }

  get heard(): Message[] {
    return this.port.posts.flat() as Message[];
  }
}

/** A peer's control port, the connections it has made so far, and what it has told the seat above it. */
class Case {
  readonly muxes = [new FakeMux()];
  readonly resumes: Resume[] = [];
  readonly told: Message[] = [];
  closes = 0;
  /** What comes of the next attempts to connect; none: they succeed. */
  readonly failures: MeshError[] = [];
  /** Waits before it connects. */
  hold: Promise<void> = Promise.resolve();
  readonly port = new BrokerPort(this.muxes[0] as unknown as Mux, { path: '/broker' }, async (resume) => {
    this.resumes.push(resume);
    await this.hold;
    const failure = this.failures.shift();
    if (failure) throw failure;
    this.muxes.push(new FakeMux());
    return this.muxes.at(-1) as unknown as Mux;
  });

  constructor() {
    this.port.start({
      message: (messages) => this.told.push(...(messages as Message[])),
      unreadable() {},
      close: () => this.closes++,
    });
  }

  get mux(): FakeMux {
    return this.muxes.at(-1)!;
  }

  /** Its connection is lost. */
  lose(): void {
    this.mux.port.closeFar();
  }

  /** What it has told since the last look. */
  news(): Message[] {
    return this.told.splice(0);
  }
}

const [a, b] = [peer('a', { id: 'a' }), peer('b', { id: 'b' })];
const gone = expect.stringContaining('the broker is gone');

function welcome(resume: string | undefined, ...peers: (typeof a)[]): Message {
  const all = peers.map((each) => [each, 0, [], [], {}] as const);
  const answer: Welcome = {
    version: WIRE_VERSION,
    self: peer('me', { id: 'me' }),
    grant: {},
    limits: defaultLimits,
    redact: false,
    peers: all,
  };
  return [control.WELCOME, resume === undefined ? answer : { ...answer, resume }];
}

/** One whose seat is taken, and who knows `a` and `b`. */
function seated(): Case {
  const made = new Case();
  made.mux.say(welcome('secret', a, b));
  made.news();
  return made;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
});

describe('a connection that is lost', () => {
  it('before the broker has answered, is the end of it', () => {
    const lost = new Case();
    lost.lose();
    expect([lost.closes, lost.mux.closed, vi.getTimerCount()]).toEqual([1, false, 0]);
  });

  it('is told as such, fails what was pending through it, and is made again with what shows whose the seat is', async () => {
    const lost = seated();
    lost.port.post([
      [control.SYNC, 1],
      [control.CONFIRM, 2],
    ]);
    const dialed = rejection(lost.port.dial('a', 0));
    lost.mux.say([control.SYNCED, 1]);
    lost.news();
    lost.lose();
    expect(lost.news()).toEqual([
      [control.FAILED, 2, 'BRIDGE_GONE', gone],
      [control.STALE, true],
    ]);
    expect(await dialed).toMatchObject({ code: 'BRIDGE_GONE' });
    expect(await rejection(lost.port.dial('a', 0))).toMatchObject({ code: 'BRIDGE_GONE' });
    lost.port.post([[control.QUERY, 3]]);
    await vi.advanceTimersByTimeAsync(0);
    expect(lost.news()).toEqual([[control.FAILED, 3, 'BRIDGE_GONE', gone]]);
    await vi.advanceTimersByTimeAsync(50);
    expect(lost.resumes).toEqual([{ id: 'me', secret: 'secret' }]);
    expect(lost.mux.heard).toEqual([]); // it has announced nothing
    lost.mux.say(welcome('newer', a, b), [control.ASK, 7]);
    expect(lost.news()).toEqual([
      [control.STATE, 'a', 0, [], []],
      [control.STATE, 'b', 0, [], []],
      [control.STALE, false],
      [control.ASK, 7],
    ]);
    lost.lose();
    await vi.advanceTimersByTimeAsync(50);
    expect(lost.resumes.at(-1)).toEqual({ id: 'me', secret: 'newer' });
  });

  it('is made again with all that the peer had announced, and announces meanwhile', async () => {
    const lost = seated();
    lost.port.post([[control.CHANGES, 1, [LISTEN, 'e', HANDLE, 'h', LISTEN, 'f']]]);
    lost.lose();
    lost.port.post([[control.CHANGES, 4, [UNLISTEN, 'e']]]);
    await vi.advanceTimersByTimeAsync(50);
    lost.port.post([[control.CHANGES, 5, [LISTEN, 'g']]]);
    expect(lost.mux.heard).toEqual([
      [control.STATE, 4, ['f'], ['h']],
      [control.CHANGES, 5, [LISTEN, 'g']],
    ]);
  });

  it('of those who are not back in ten seconds tells that they have left', async () => {
    const lost = seated();
    lost.lose();
    await vi.advanceTimersByTimeAsync(50);
    lost.mux.say(welcome('secret', a));
    lost.news();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lost.news()).toEqual([[control.LEAVE, 'b', 'lost']]);
  });

  it('is tried again and again, ever less often, also if it is lost before the broker has answered; it is stale once', async () => {
    const lost = seated();
    lost.failures.push(...Array.from({ length: 9 }, () => new MeshError('BRIDGE_GONE', 'nobody listens')));
    lost.lose();
    const waits: number[] = [];
    for (let tried = 0; tried < 9;) {
      const start = Date.now();
      while (lost.resumes.length === tried) await vi.advanceTimersToNextTimerAsync();
      tried = lost.resumes.length;
      waits.push(Date.now() - start);
    }
    expect(waits.at(0)).toBeLessThanOrEqual(50);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(2500);
    await vi.advanceTimersByTimeAsync(5000);
    expect(lost.muxes).toHaveLength(2);
    lost.lose();
    await vi.advanceTimersByTimeAsync(5000);
    expect(lost.muxes).toHaveLength(3);
    lost.mux.say([control.SYNCED, 1]); // not what a broker says first
    lost.mux.say(welcome('secret', a, b));
    const stale = lost.news().filter(([kind]) => kind === control.STALE);
    expect(stale).toEqual([
      [control.STALE, true],
      [control.STALE, false],
    ]);
    lost.lose(); // from the beginning: it was there
    await vi.advanceTimersByTimeAsync(50);
    expect(lost.muxes).toHaveLength(4);
  });

  it.each([
    ['NOT_AUTHORIZED', 'another secret'],
    ['VERSION_MISMATCH', 'another version'],
  ] as const)('is not tried again where that is of no use: %s', async (code, text) => {
    const lost = seated();
    lost.failures.push(new MeshError(code, text));
    lost.lose();
    lost.news();
    await vi.advanceTimersByTimeAsync(50);
    expect(lost.news()).toEqual([[control.END, 'bridge-gone', text]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([lost.resumes.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('is not tried again when the next broker refuses the peer', async () => {
    const lost = seated();
    lost.lose();
    lost.news();
    await vi.advanceTimersByTimeAsync(50);
    lost.mux.say([control.REFUSED, 'NOT_AUTHORIZED', 'not you', true]);
    expect(lost.news()).toEqual([[control.END, 'bridge-gone', 'not you']]);
    expect([lost.mux.closed, vi.getTimerCount()]).toEqual([true, 0]);
  });
});

describe('a dial to a peer', () => {
  /** `a` is back, and `b` is not yet. */
  async function half(): Promise<Case> {
    const made = seated();
    made.lose();
    await vi.advanceTimersByTimeAsync(50);
    made.mux.say(welcome('secret', a));
    made.news();
    return made;
  }

  it('that is back goes to the broker at once; to one that is not, when it is', async () => {
    const made = await half();
    void made.port.dial('a', 3);
    const dialed = rejection(made.port.dial('b', 4));
    expect([made.port.away('a'), made.port.away('b')]).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(0);
    expect(made.mux.heard).toEqual([[control.DIAL, 1, 'a', 3]]);
    made.mux.say([control.JOIN, b, {}]);
    await vi.advanceTimersByTimeAsync(0);
    expect(made.mux.heard.slice(1)).toEqual([[control.DIAL, 2, 'b', 4]]);
    expect([made.news(), made.port.away('b')]).toEqual([[], false]);
    made.mux.say([control.UNDIALED, 2, 'it hangs']);
    expect((await dialed).message).toBe('it hangs');
  });

  it('that does not come back fails when it has left', async () => {
    const made = await half();
    const dialed = rejection(made.port.dial('b', 4));
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await dialed).message).toBe('it has left.');
    expect([made.news(), made.mux.heard]).toEqual([[[control.LEAVE, 'b', 'lost']], []]);
  });

  it('that is not back fails with BRIDGE_GONE when the broker is lost again, also before it has answered', async () => {
    const made = await half();
    const dialed = rejection(made.port.dial('b', 4));
    made.lose();
    expect((await dialed).code).toBe('BRIDGE_GONE');
    await vi.advanceTimersByTimeAsync(50); // connected again
    expect((await rejection(made.port.dial('b', 4))).code).toBe('BRIDGE_GONE');
    expect([made.port.away('a'), made.mux.heard]).toEqual([true, []]);
  });
});

describe('close()', () => {
  it('ends the connection, and is told nothing more; twice is once', () => {
    const closed = seated();
    closed.port.close();
    closed.port.close();
    closed.mux.say([control.ASK, 1]);
    closed.lose();
    expect([closed.mux.closed, closed.news(), closed.closes, vi.getTimerCount()]).toEqual([true, [], 0, 0]);
  });

  it('while another connection is waited for, ends the waiting', async () => {
    const closed = seated();
    closed.lose();
    closed.port.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([closed.resumes, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('while one is being made, ends it when it is there', async () => {
    const closed = seated();
    let go: () => void = () => {};
    closed.hold = new Promise((resolve) => (go = resolve));
    closed.lose();
    await vi.advanceTimersByTimeAsync(50);
    expect(closed.resumes).toHaveLength(1);
    closed.port.close();
    go();
    await vi.advanceTimersByTimeAsync(0);
    expect([closed.muxes.length, closed.mux.closed, vi.getTimerCount()]).toEqual([2, true, 0]);
  });
});
