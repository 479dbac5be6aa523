import { MessageChannel, MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkFlow, type FlowOptions } from '../../../../src/core/link/flow.js';
import { Outbox } from '../../../../src/core/link/outbox.js';
import { Turn } from '../../../../src/core/link/turn.js';
import type { Lone } from '../../../../src/core/link/window.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { ECHO, EVENT, UNREADABLE } from '../../../../src/core/wire/frames.js';
import { whenDrained } from '../../../contract/when-drained.js';
import { FakePort } from '../../support/fake-port.js';
import { eventsOf } from '../../support/events-of.js';
import { turn } from '../../support/turn.js';

/** A port whose transfer list may hold ports: they are not cloned, only written down. */
class PortTaker extends FakePort {
  override post(message: unknown, transfer: readonly unknown[] = []): void {
    super.post(
      message,
      transfer.filter((each) => each instanceof ArrayBuffer),
    );
    this.transfers[this.transfers.length - 1] = transfer;
  }
}

class Fixture {
  readonly port: FakePort;
  readonly turn = new Turn();
  readonly unpostable: [Lone, unknown][] = [];
  failures = 0;
  readonly outbox: Outbox;

  constructor(flow: FlowOptions = {}, port: FakePort | undefined = new PortTaker(), attached = true) {
    this.port = port;
    this.outbox = new Outbox({
      port: attached ? port : undefined,
      turn: this.turn,
      flow: checkFlow('test', flow),
      onFailure: () => this.failures++,
      onUnpostable: (lone, error) => this.unpostable.push([lone, error]),
    });
  }

  event(...values: unknown[]): void {
    for (const value of values) this.outbox.frame(1).push(EVENT, value, 0);
  }

  alone(name: string, value: unknown = 0, transfer: readonly object[] = [], bytes = 0): void {
    this.outbox.postAlone([EVENT, name, 1, value], transfer, { kind: EVENT, id: 0, channel: name }, 1, bytes);
  }

  /** The other side has dispatched our posts up to this one, and says so in an empty post. */
  ack(post: number): void {
    expect(this.outbox.acknowledge(post)).toBe(true);
    this.outbox.dispatched(0, false);
  }

  /** The names of the events posted, each post as a text; `!` for one that asks to be acknowledged. */
  get posts(): string[] {
    return this.port.posts.map((post) => eventsOf(post).join('') + (post.at(-1) === ECHO ? '!' : ''));
  }
}

const make = (...args: ConstructorParameters<typeof Fixture>): Fixture => new Fixture(...args);

describe('a crowd of posts', () => {
  const crowd = 16;
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  async function one(flow: Fixture, name: string): Promise<void> {
    flow.event(name);
    await turn();
  }

  async function crowded(): Promise<Fixture> {
    const flow = make();
    vi.advanceTimersByTime(5);
    for (let i = 0; i <= crowd; i++) await one(flow, '.');
    expect(flow.posts).toHaveLength(crowd + 1);
    return flow;
  }

  it('is asked about before it is one; what is sent into it leaves together, when the other side has come to some of it', async () => {
    const flow = await crowded();
    expect(flow.posts.join('')).toBe('.........!....!....!');
    for (const name of ['a', 'b', 'c']) await one(flow, name);
    expect(flow.posts).toHaveLength(crowd + 1);
    flow.ack(1);
    expect(flow.posts).toHaveLength(crowd + 1);
    flow.ack(9);
    expect(flow.posts.slice(crowd + 1)).toEqual(['abc']);
    await one(flow, 'd');
    expect(flow.posts.at(-1)).toBe('d');
    flow.ack(crowd + 3);
    expect(flow.outbox.pending).toBe(0);
  });

  it('is joined once a millisecond all the same: who works on without a pause hears of nothing', async () => {
    const flow = await crowded();
    for (const name of ['a', 'b', 'c', 'd']) {
      vi.advanceTimersByTime(0.4);
      await one(flow, name);
    }
    expect(flow.posts.slice(crowd + 1).map((post) => post.replace('!', ''))).toEqual(['abc']);
    vi.advanceTimersByTime(10);
    await one(flow, 'e');
    expect(flow.posts.slice(crowd + 2).map((post) => post.replace('!', ''))).toEqual(['de']);
  });

  it('holds up the last of all for some milliseconds only, whether or not the other side ever says anything', async () => {
    const flow = await crowded();
    await one(flow, 'a');
    vi.advanceTimersByTime(19);
    expect(flow.posts).toHaveLength(crowd + 1);
    vi.advanceTimersByTime(1);
    expect(flow.posts.at(-1)).toMatch(/^a/);
    await one(flow, 'b');
    flow.outbox.close(undefined);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not hold up what goes alone, what asks, and the last of all', async () => {
    const flow = await crowded();
    await one(flow, 'a');
    flow.alone('b');
    expect(flow.posts.slice(crowd + 1).map((post) => post.replace('!', ''))).toEqual(['a', 'b']);
    await one(flow, 'c');
    void whenDrained(flow.outbox).catch(() => {});
    expect(flow.posts.at(-1)).toMatch(/^c/);
    await one(flow, 'd');
    flow.outbox.finish(EVENT, 'bye', 0);
    expect(flow.posts.at(-1)).toMatch(/^dbye/);
    flow.outbox.close(undefined);
  });

  it('is none, as long as the other side keeps up', async () => {
    const flow = make();
    for (let i = 1; i <= 100; i++) {
      await one(flow, '.');
      flow.ack(i);
    }
    expect(flow.posts).toHaveLength(100);
  });
});

describe('the window', () => {
  it('lets posts leave while less is under way than it is large, then they wait, in order', async () => {
    const flow = make({ highWater: 2 });
    for (const name of ['a', 'b', 'c', 'd']) flow.alone(name);
    flow.event('e');
    await turn();
    expect(flow.posts).toEqual(['a', 'b!']);
    expect(flow.outbox.pending).toBe(5);
    flow.ack(1);
    expect(flow.posts).toEqual(['a', 'b!', 'c!']);
    flow.ack(3);
    expect(flow.posts.slice(3).map((post) => post[0])).toEqual(['d', 'e']);
    flow.ack(5);
    expect(flow.outbox.pending).toBe(0);
  });

  it('gathers on behind what waits, and posts all of it as one', async () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    for (const name of ['b', 'c', 'd']) {
      flow.event(name);
      await turn();
    }
    expect(flow.posts).toHaveLength(1);
    flow.ack(1);
    expect(flow.port.posts[1]!.filter((_, i) => i % 3 === 2)).toEqual(['b', 'c', 'd']);
  });

  it('leaves to the end of the turn what was gathered in it', async () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    flow.event('b');
    flow.ack(1);
    flow.event('c');
    expect(flow.posts).toHaveLength(1);
    await turn();
    expect(flow.posts[1]).toBe('bc!');
  });

  it('counts bytes of large messages; one larger than the window goes when there is room for any', () => {
    const flow = make({ highWater: 100 });
    flow.alone('a', 0, [], 2048 * 500);
    flow.alone('b');
    expect(flow.posts).toEqual(['a!']);
    flow.ack(1);
    expect(flow.posts).toEqual(['a!', 'b']);
    flow.alone('c', 0, [], 2048 * 500);
    expect(flow.posts[2]).toBe('c!');
  });

  it('counts the texts of what waits', async () => {
    const flow = make({ highWater: 10 });
    flow.alone('x', 0, [], 2048 * 10);
    for (let i = 0; i < 512; i++) flow.outbox.frame(1).push(EVENT, 'e', 1, { nested: ['x'.repeat(200)] });
    flow.alone('y');
    flow.ack(1);
    expect(flow.port.posts).toHaveLength(2);
    flow.ack(2);
    expect(flow.port.posts).toHaveLength(3);
    await turn();
  });

  it('asks for an acknowledgement beyond half of it, and again each quarter', () => {
    const flow = make({ highWater: 16 });
    for (let i = 0; i < 16; i++) flow.alone(String.fromCharCode(97 + i));
    expect(flow.posts.join('')).toBe('abcdefghi!jklm!nop');
    flow.ack(9);
    for (const name of ['q', 'r', 's']) flow.alone(name);
    expect(flow.posts.slice(16)).toEqual(['q', 'r!', 's']);
  });

  it('never keeps an acknowledgement back, and that one asks for nothing', async () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    flow.alone('b');
    flow.event('c');
    flow.outbox.dispatched(1, true);
    expect(flow.port.posts[1]).toEqual([1]);
    flow.outbox.dispatched(256, false);
    expect(flow.port.posts[2]).toEqual([2]);
    await turn();
    expect(flow.port.posts).toHaveLength(3);
    flow.outbox.close(undefined);
  });

  it('never keeps back that a post could not be read, and tells it with the acknowledgement of that very post', () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    flow.alone('b');
    flow.outbox.dispatched(0, false);
    flow.outbox.unreadable();
    expect(flow.port.posts[1]).toEqual([2, UNREADABLE, 2]);
    expect(flow.outbox.pending).toBe(2);
    flow.ack(2);
    flow.ack(3);
    expect(flow.outbox.pending).toBe(0);
  });

  it('acknowledges, with what leaves by an acknowledgement, the post that brought it', () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    flow.alone('b');
    flow.outbox.acknowledge(1);
    flow.outbox.dispatched(500, true);
    expect(flow.port.posts.map(([head]) => head)).toEqual([0, 1]);
  });
});

describe('what waits alone', () => {
  it('leaves as it was at the call', () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    const value = new Map([['k', 1]]);
    flow.alone('b', value);
    value.set('k', 2);
    flow.ack(1);
    expect(flow.port.posts[1]![4]).toEqual(new Map([['k', 1]]));
  });

  it('has its buffers and ports from the call on, and hands them on when it leaves', () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    const { port1, port2 } = new MessageChannel();
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    flow.alone('b', { buffer }, [port1, buffer]);
    expect(buffer.byteLength).toBe(0);
    flow.ack(1);
    expect(new Uint8Array((flow.port.posts[1]![4] as { buffer: ArrayBuffer }).buffer)).toEqual(
      new Uint8Array([1, 2, 3]),
    );
    const [first, second] = flow.port.transfers[1] as [MessagePort, ArrayBuffer];
    expect(first).toBeInstanceOf(MessagePort);
    expect(second.byteLength, 'moved on').toBe(0);
    port2.close();
  });

  it('loses nothing of what comes to its ports meanwhile, started or not', async () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    const { port1, port2 } = new MessageChannel();
    port1.start();
    flow.alone('b', 0, [port1]);
    port2.postMessage('meanwhile');
    await new Promise((resolve) => setImmediate(resolve));
    flow.ack(1);
    const [moved] = flow.port.transfers[1] as [MessagePort];
    expect(await new Promise((resolve) => moved.once('message', resolve))).toBe('meanwhile');
    moved.close();
  });

  it('is refused at the call if it cannot be cloned: nothing is sent, counted or detached', () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    const buffer = new ArrayBuffer(4);
    const post = (): void => flow.alone('b', [buffer, () => {}], [buffer]);
    expect(post).toThrow(expect.objectContaining({ code: 'NOT_CLONEABLE' }));
    expect([buffer.byteLength, flow.outbox.pending]).toEqual([4, 1]);
    flow.ack(1);
    expect(flow.posts).toHaveLength(1);
  });

  it('keeps its number, which is given when it leaves', () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    flow.alone('b');
    flow.outbox.dispatched(1, true); // takes the number 2
    expect(flow.outbox.takeLone(2)).toBeUndefined();
    flow.ack(1);
    expect(flow.outbox.takeLone(3)?.channel).toBe('b');
  });

  it('is told to the owner if the port will not take it; its neighbours go on', async () => {
    const flow = make({ highWater: 1 });
    const { port1, port2 } = new MessageChannel();
    const closed = new Promise((resolve) => port2.on('close', resolve));
    flow.alone('a');
    flow.alone('bad', 0, [port1]);
    flow.alone('c');
    const drained = whenDrained(flow.outbox);
    const post = flow.port.post.bind(flow.port);
    const error = new MeshError('NOT_CLONEABLE', 'no ports here');
    flow.port.post = (message, transfer) => {
      if (transfer?.some((each) => each instanceof MessagePort)) throw error;
      post(message, transfer);
    };
    flow.ack(1);
    expect(flow.unpostable).toEqual([[expect.objectContaining({ channel: 'bad' }), error]]);
    expect([flow.posts[1], flow.failures]).toEqual(['c!', 0]);
    await closed;
    flow.ack(2);
    flow.ack(3);
    await drained;
    expect(flow.outbox.pending).toBe(0);
  });
});

describe('a batch that waited and cannot be posted', () => {
  it('is a failure of the port, and its events count as lost', () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    flow.event('b', 'c');
    flow.alone('d');
    flow.port.post = () => {
      throw new Error('not a contract of mine');
    };
    let lost = 0;
    vi.spyOn(flow, 'failures', 'set').mockImplementation(() => (lost = flow.outbox.close(undefined)));
    flow.ack(1);
    expect(lost).toBe(3);
  });
});

describe('drain, where something waits', () => {
  it('is not over because what came behind it could not be posted', async () => {
    class Picky extends PortTaker {
      override post(message: unknown, transfer?: readonly unknown[]): void {
        if ((message as unknown[])[2] === 'bad') throw new Error('not on this port');
        super.post(message, transfer);
      }
    }
    const flow = make({}, new Picky(), false);
    flow.event('a');
    const drained = vi.fn<() => void>();
    flow.outbox.drain(drained);
    for (let i = 0; i < 3; i++) flow.alone('bad');
    flow.event('b');
    const behind = vi.fn<() => void>();
    flow.outbox.drain(behind);
    flow.outbox.attach(flow.port);
    await turn();
    expect(flow.unpostable).toHaveLength(3);
    expect([drained.mock.calls.length, behind.mock.calls.length]).toEqual([0, 0]);
    flow.ack(1);
    expect([drained.mock.calls.length, behind.mock.calls.length]).toEqual([1, 0]);
    flow.ack(flow.port.posts.length);
    expect(behind).toHaveBeenCalledOnce();
    expect(flow.outbox.pending).toBe(0);
  });

  it('waits for all that was handed over before, and asks for the acknowledgement behind it', async () => {
    const flow = make({ highWater: 1 });
    flow.alone('a');
    flow.alone('b');
    let drained = false;
    const done = whenDrained(flow.outbox).then(() => (drained = true));
    flow.event('c');
    flow.ack(1);
    await turn();
    flow.ack(2);
    await turn();
    expect(flow.port.posts[2]!.slice(0, 2)).toEqual([2, ECHO]);
    expect(drained).toBe(false);
    flow.ack(3);
    await done;
  });
});

describe('full', () => {
  it('is told when as many messages wait as the limit says, and no longer when one has left', () => {
    const flow = make({ highWater: 1, limit: 3 });
    flow.alone('a');
    flow.event('b', 'c');
    expect(flow.outbox.full).toBe(false);
    flow.event('d');
    expect(flow.outbox.full).toBe(true);
    flow.alone('answer');
    expect(flow.outbox.full).toBe(true);
    flow.ack(1);
    expect(flow.outbox.full).toBe(false);
    flow.outbox.close(undefined);
  });

  it('is told when as many bytes wait', () => {
    const flow = make({ highWater: 1, limitBytes: 1000 });
    flow.alone('a', 0, [], 5000);
    flow.alone('b', 0, [], 999);
    expect(flow.outbox.full).toBe(false);
    flow.outbox.frame().push(EVENT, 'c', 1, 'x');
    flow.alone('d');
    expect(flow.outbox.full).toBe(true);
    flow.ack(1);
    expect(flow.outbox.full).toBe(false);
  });

  it('is not what is under way, however much', async () => {
    const flow = make({ limit: 1 });
    for (let i = 0; i < 4000; i++) flow.event(i);
    await turn();
    expect(flow.outbox.full).toBe(false);
    for (let i = 0; i < 512; i++) flow.event(i);
    await turn();
    expect(flow.outbox.full, 'the window is closed, nothing waits').toBe(false);
    flow.event('waits');
    expect(flow.outbox.full).toBe(true);
  });

  it('never happens where everything is buffered', () => {
    const flow = make({ highWater: 1, limit: 1, limitBytes: 1, overflow: 'buffer' });
    for (let i = 0; i < 5000; i++) flow.event('x');
    flow.alone('y', 0, [], 1e9);
    expect(flow.outbox.full).toBe(false);
  });
});

describe('without a port', () => {
  it('keeps everything, and sends it when there is one', async () => {
    const flow = make({}, undefined, false);
    expect(flow.outbox.carries).toEqual({ buffers: false, nestedPorts: false, hostObjects: false });
    const value = new Map([['k', 1]]);
    flow.event('a');
    await turn();
    flow.alone('b', value);
    value.clear();
    flow.event('c');
    const drained = whenDrained(flow.outbox);
    await turn();
    expect([flow.posts.length, flow.outbox.pending]).toEqual([0, 4]);
    flow.outbox.attach(flow.port);
    expect(flow.outbox.port).toBe(flow.port);
    expect(flow.posts).toEqual(['a', 'b', 'c!']);
    expect(flow.port.posts[1]![4]).toEqual(new Map([['k', 1]]));
    flow.ack(3);
    await drained;
  });

  it('can be closed, and closes the port that comes too late', () => {
    const flow = make({}, undefined, false);
    flow.event('a');
    flow.alone('b');
    expect(flow.outbox.close(undefined)).toBe(2);
    flow.outbox.attach(flow.port);
    expect([flow.port.closed, flow.posts]).toEqual([true, []]);
  });
});

describe('the end', () => {
  it('counts the events that wait as lost, closes the ports among them, and keeps nothing', async () => {
    const flow = make({ highWater: 1 });
    const { port1, port2 } = new MessageChannel();
    const closed = new Promise((resolve) => port2.on('close', resolve));
    flow.alone('a');
    flow.event('b', 'c');
    flow.alone('d', 0, [port1]);
    flow.event('e');
    expect(flow.outbox.close(undefined)).toBe(5);
    await closed;
    expect([flow.outbox.pending, flow.outbox.full]).toEqual([0, false]);
    for (let i = 0; i < 2000; i++) flow.event('late');
    flow.alone('late');
    await turn();
    expect([flow.posts.length, flow.outbox.pending]).toEqual([1, 0]);
  });

  it('in order posts all that waits, and the last frame behind it', () => {
    const flow = make({ highWater: 1 });
    for (const name of ['a', 'b', 'c']) flow.alone(name);
    flow.event('d');
    flow.outbox.finish(EVENT, 'z', 0);
    expect(flow.posts.map((post) => post.replace('!', ''))).toEqual(['a', 'b', 'c', 'dz']);
  });
});

/** A port in whose post something else happens: Electron's main process runs microtasks there. */
class Busy extends PortTaker {
  during: (() => void)[] = [];

  override post(message: unknown, transfer?: readonly unknown[]): void {
    super.post(message, transfer);
    this.during.shift()?.();
  }
}

describe('what is handed over while a post is made', () => {
  it('comes behind it, once', async () => {
    const port = new Busy();
    const flow = make({}, port);
    port.during = [
      () => {
        flow.event('b');
        flow.outbox.endTurn();
        flow.alone('c');
        flow.event('d');
        flow.outbox.endTurn();
      },
    ];
    flow.event('a');
    await turn();
    expect(flow.posts).toEqual(['a', 'b', 'c', 'd']);
    flow.ack(port.posts.length);
    expect(flow.outbox.pending).toBe(0);
  });

  it('a drain waits for the post that is just made, too, whether or not somebody waits already', async () => {
    for (const before of [false, true]) {
      const port = new Busy();
      const flow = make({}, port);
      const drained = vi.fn<() => void>();
      if (before) {
        flow.event('a');
        flow.outbox.drain(() => {});
      }
      port.during = [() => flow.outbox.drain(drained)];
      flow.alone('b');
      await turn();
      expect(flow.outbox.pending).toBe(before ? 4 : 2);
      for (let post = 1; post < port.posts.length; post++) flow.ack(post);
      expect(drained).not.toHaveBeenCalled();
      flow.ack(port.posts.length);
      expect(drained).toHaveBeenCalledOnce();
      expect(flow.outbox.pending).toBe(0);
    }
  });

  it('a drain is over in its time, though the post that is just made fails', async () => {
    const port = new Busy();
    const flow = make({}, port);
    const [first, drained] = [vi.fn<() => void>(), vi.fn<() => void>()];
    flow.event('a');
    flow.outbox.drain(first);
    port.during = [
      () => {
        flow.outbox.drain(drained);
        throw new Error('not on this port');
      },
    ];
    expect(() => flow.alone('b')).toThrow('not on this port');
    port.posts.pop(); // written down, and then refused
    await turn();
    expect(flow.outbox.pending).toBe(3);
    flow.ack(1);
    expect([first.mock.calls.length, drained.mock.calls.length]).toEqual([1, 0]);
    flow.ack(2);
    expect(drained).toHaveBeenCalledOnce();
    expect(flow.outbox.pending).toBe(0);
  });

  it('leaves with what is gathered until then, where it has a turn of its own', async () => {
    const port = new Busy();
    const flow = make({}, port);
    port.during = [() => flow.event('b')];
    flow.alone('a');
    flow.event('c');
    await turn();
    expect(flow.posts).toEqual(['a', 'bc']);
  });
});
