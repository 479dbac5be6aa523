import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import * as wire from '../../../../src/core/wire/frames.js';
import { transfer } from '../../../../src/core/wire/transfer.js';
import { rejection } from '../../../contract/case.js';
import { whenDrained } from '../../../contract/when-drained.js';
import { FakePort } from '../../support/fake-port.js';
import { LinkSide } from '../../../contract/link-side.js';
import { turn } from '../../support/turn.js';
import { spy } from '../../support/spy.js';
import { afraid, poison } from '../../support/afraid.js';

// What a link owes over every kind of port stands in test/contract. Here: what needs a far end that does as it is told.

function pair(): [LinkSide, LinkSide] {
  const [near, far] = createMemoryChannel().ports;
  return [new LinkSide(afraid(near), 'b'), new LinkSide(afraid(far), 'a')];
}

describe('a value that the far process can not read', () => {
  it('rejects that request alone: the others of the same turn are answered', async () => {
    const [a, b] = pair();
    b.onRequest = (id, channel, args) => b.link.answer(id, channel, args[1]);
    const asked = [a.request_('echo', 1), a.request_('echo', poison), a.request_('echo', 3)];
    const error = await rejection(asked[1]!);
    expect(error).toMatchObject({ code: 'NOT_CLONEABLE' });
    expect(error.message).toMatch(/^request\('echo'\) to b \(id-b\): b \(id-b\) can't read a value of it/);
    expect(await Promise.all([asked[0], asked[2]])).toEqual([1, 3]);
    expect(a.link.load.calls).toBe(0);
    expect(b.of('request').map(([, , value]) => value)).toEqual([1, 3]);
  });

  it('as a result rejects the request, and the caller learns that the handler is to blame', async () => {
    const [a, b] = pair();
    b.onRequest = (id, channel, args) => b.link.answer(id, channel, args[1] === 'bad' ? poison : args[1]);
    const asked = [a.request_('get', 'good'), a.request_('get', 'bad'), a.request_('get', 'fine')];
    const error = await rejection(asked[1]!);
    expect(error).toMatchObject({ code: 'NOT_CLONEABLE' });
    expect(error.message).toMatch(/^handle\('get'\): .* Return plain data/);
    expect(await Promise.all([asked[0], asked[2]])).toEqual(['good', 'fine']);
  });

  it('thrown by a handler rejects the request too', async () => {
    const [a, b] = pair();
    b.onRequest = (id, channel) => b.link.fail(id, channel, poison);
    expect(await rejection(a.request_('get'))).toMatchObject({ code: 'NOT_CLONEABLE' });
  });

  it('in an event is told to the sender, by channel; the other events arrive', async () => {
    const [a, b] = pair();
    a.send('e', 1);
    a.send('bad', poison);
    a.send('e', 2);
    await whenDrained(a.link);
    await turn();
    expect(b.of('event')).toEqual([
      ['e', 1],
      ['e', 2],
    ]);
    expect(a.of('unreadable')).toEqual([['bad', expect.objectContaining({ code: 'NOT_CLONEABLE' })]]);
    expect(a.link.pending).toBe(0);
  });

  it('counts as a post: whatever comes behind it keeps its number', async () => {
    const [a] = pair();
    for (let i = 0; i < 5; i++) {
      a.send(`bad${i}`, poison);
      a.send('good', new Map([[i, i]]));
    }
    await whenDrained(a.link);
    await turn();
    expect(a.of('unreadable').map(([channel]) => channel)).toEqual(['bad0', 'bad1', 'bad2', 'bad3', 'bad4']);
    expect(a.of('malformed')).toEqual([]);
  });

  it('is named by the number of its post', async () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    port.deliver([0, wire.EVENT, 'e', 0], [0]);
    port.deliverUnreadable();
    await turn();
    expect(port.posts).toEqual([[3, wire.UNREADABLE, 3]]);
    expect(side.of('event')).toEqual([['e']]);
    side.link.end('lost');
  });
});

describe('a message that had to wait, and that the port will not take then', () => {
  it('is lost alone: its call rejects, its event is told, an answer becomes a failure', async () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    for (let i = 0; i < 5000; i++) side.link.sendEvent('e', [], []);
    const asked = side.request_('get', new Map());
    side.send('lost', new Map());
    port.deliver([0, wire.REQUEST, 1, 'serve', 0]);
    side.link.answer(1, 'serve', new Map());
    await turn();
    const posts = port.posts.length;
    const post = port.post.bind(port);
    port.post = (message, transfer) => {
      if (transfer) throw new MeshError('NOT_CLONEABLE', 'no maps here.');
      post(message);
    };
    port.deliver([posts]);
    const text = "request('get') to far (id-far): no maps here.";
    expect(await rejection(asked)).toMatchObject({ code: 'NOT_CLONEABLE', message: text });
    await turn();
    expect(side.of('unreadable')).toEqual([
      ['lost', expect.objectContaining({ message: "send('lost'): no maps here." })],
    ]);
    const failure = port.posts.at(-1)!;
    expect(failure.slice(1, 3)).toEqual([wire.FAILURE, 1]);
    side.link.end('lost');
  });
});

describe('a peer that asks for signs of life, and acknowledges none', () => {
  it.each([
    ['asks', (port: FakePort) => port.deliver([0, wire.ECHO])],
    ['could not be read', (port: FakePort) => port.deliverUnreadable()],
  ])('%s: the link ends before that fills the memory', async (_, say) => {
    const port = new FakePort();
    const side = new LinkSide(port);
    port.recording = false;
    for (let i = 0; i < 100_000 && !port.closed; i++) say(port);
    expect(side.of('ended')).toEqual([['lost', 0]]);
    expect(port.closed).toBe(true);
  });

  it('is let be as long as it acknowledges', async () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    port.recording = false;
    for (let i = 0; i < 100_000; i++) port.deliver([i, wire.ECHO]);
    expect([side.of('ended'), side.of('malformed'), side.link.pending]).toEqual([[], [], 0]);
    side.link.end('lost');
  });
});

describe('a peer that claims it could not read', () => {
  it('an answered request, a batch or a post never sent: nothing happens', async () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    const asked = side.request_('get', new Map());
    side.link.sendEvent('e', [], []);
    await turn();
    port.deliver([1, wire.RESULT, 1, 'fine']);
    expect(await asked).toBe('fine');
    port.deliver([1, wire.UNREADABLE, 2], [1, wire.UNREADABLE, 99], [1, wire.UNREADABLE, 0]);
    await turn();
    expect(side.of('unreadable')).toEqual([]);
    expect(side.of('malformed')).toEqual([]);
    side.link.end('lost');
  });

  it('without a number is malformed', () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    port.deliver([0, wire.UNREADABLE], [0, wire.UNREADABLE, -1], [0, wire.UNREADABLE, '1']);
    expect(side.of('malformed').map(([, count]) => count)).toEqual([1, 2, 3]);
    side.link.end('lost');
  });
});

describe('a request that is no longer handled', () => {
  it('whose arguments can not be given back is NO_HANDLER, and the next one is answered', async () => {
    const [near, far] = createMemoryChannel().ports;
    const [a, b] = [new LinkSide(near, 'b'), new LinkSide(far, 'a')];
    // As a port is, once it has moved.
    const kept = Object.assign([1, () => {}], { length: 2 });
    b.onRequest = (id, channel, args) =>
      channel === 'gone' ? b.link.missed(id, channel, kept) : b.link.answer(id, channel, args[1]);
    expect(await rejection(a.request_('gone'))).toMatchObject({ code: 'NO_HANDLER' });
    expect(await a.request_('echo', 1)).toBe(1);
    await whenDrained(a.link);
    expect(a.link.pending).toBe(0);
  });
});

describe('what a handler threw', () => {
  it('goes without its stack where errors are redacted', async () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'far', { redact: true });
    side.onRequest = (id, channel) => side.link.fail(id, channel, new RangeError("can't read /etc/passwd"));
    port.deliver([0, wire.REQUEST, 1, 'c', 0]);
    await turn();
    expect(port.posts).toEqual([[1, wire.FAILURE, 1, ['RangeError', 'RangeError', "can't read <path>", '', {}, null]]]);
    side.link.end('lost');
  });
});

describe('what a handler threw that is no error', () => {
  const secret = "can't read /etc/passwd";
  it.each<[unknown, unknown]>([
    [secret, "can't read <path>"],
    [
      { code: 404, fatal: true, message: secret, stack: 'at /home/me/app.js:1:2', inner: { secret }, list: [secret] },
      { code: 404, fatal: true, message: "can't read <path>", inner: undefined, list: undefined },
    ],
    [null, null],
    [undefined, undefined],
    [7, 7],
  ])('%j goes without paths and stacks where errors are redacted', async (thrown, expected) => {
    for (const redact of [true, false]) {
      const port = new FakePort();
      const side = new LinkSide(port, 'far', { redact });
      side.onRequest = (id, channel) => side.link.fail(id, channel, thrown);
      port.deliver([0, wire.REQUEST, 1, 'c', 0]);
      await turn();
      expect(port.posts).toEqual([[1, wire.THROWN, 1, redact ? expected : thrown]]);
      side.link.end('lost');
    }
  });
});

describe('a listener that ends the link', () => {
  it('hears nothing of what stood behind its event in the post', () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    const { event } = side;
    side.event = (...args) => {
      event.apply(side, args);
      side.link.end('evicted');
    };
    port.deliver([0, wire.EVENT, 'first', 0, wire.EVENT, 'second', 0, wire.REQUEST, 1, 'c', 0]);
    expect(side.of('event')).toEqual([['first']]);
    expect(side.of('request')).toEqual([]);
  });
});

describe('a channel with control characters', () => {
  it('stands in the errors without them', async () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'far', { trusted: false, grant: { send: [] } });
    port.deliver([0, wire.EVENT, 'e\u001b[2J', 0, wire.REQUEST, 1, 'r\n', 0]);
    await turn();
    expect(
      side
        .of('refused')
        .flat()
        .find((each) => each instanceof Error),
    ).toMatchObject({
      message: expect.stringMatching(/^send\('e\?\[2J'\): far /) as string,
    });
    expect(JSON.stringify(port.posts)).toContain("request('r?'): far ");
    side.link.end('lost');
  });
});

describe('nonsense', () => {
  it.each<[string, unknown]>([
    ['with a toString of its own', { toString: 1, valueOf: 2 }],
    ['that can not become a text', Object.assign([], { toString: 'x' })],
    ['that becomes a text of gigabytes', Array.from({ length: 60 }).reduce<unknown>((list) => [list, list], 'ha')],
    ['that is a text of megabytes', 'x'.repeat(1_000_000)],
  ])('%s is reported in few words', (_, kind) => {
    const port = new FakePort();
    const side = new LinkSide(port);
    port.deliver([0, kind]);
    const [[problem]] = side.of('malformed') as [[string]];
    expect(problem.length).toBeLessThan(100);
    side.link.end('lost');
  });
});

describe('places of ports that make no sense', () => {
  const place = {};
  it.each<[string, unknown, number]>([
    ['too few', [], 1],
    ['too many', [place, {}], 1],
    ['none, as there is no list', undefined, 1],
    ['no objects', [1], 1],
    ['one twice', [place, place], 2],
    ['without a port', [place], 0],
  ])('%s: the ports are closed, and nobody is told what they came with', async (_, places, count) => {
    const port = new FakePort();
    const side = new LinkSide(port);
    const ends = Array.from({ length: count }, () => createMemoryChannel().ports);
    const closed = ends.map(
      ([near]) => new Promise<void>((close) => near.start({ message() {}, unreadable() {}, close: () => close() })),
    );
    const raw = ends.map(([, far]) => far);
    port.deliverWith([0, wire.PORTS, places, wire.PORT, 1, 'video', 1, place], raw);
    await Promise.all(closed);
    port.deliverWith([0, wire.EVENT, 'next', 0], []);
    const text = `a frame of kind ${wire.PORTS} that makes no sense`;
    expect(side.told).toEqual([
      ['malformed', text, 1],
      ['event', 'next'],
    ]);
    side.link.end('lost');
  });

  it('a second list: the ports of the first are closed too', async () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    const [near, far] = createMemoryChannel().ports;
    const closed = new Promise<void>((close) => near.start({ message() {}, unreadable() {}, close: () => close() }));
    const post = [0, wire.PORTS, [place], wire.PORTS, [place], wire.EVENT, 'take', 1, place];
    port.deliverWith(post, [far]);
    await closed;
    expect(side.of('event')).toEqual([]);
    expect(side.of('malformed')).toHaveLength(1);
    side.link.end('lost');
  });
});

describe('a link of two ports, as both sides opened it', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function make(): { own: FakePort; other: FakePort; side: LinkSide } {
    const [own, other] = [new FakePort(), new FakePort()];
    const side = new LinkSide(own);
    expect(side.link.join(other)).toBe(true);
    return { own, other, side };
  }

  it('hears what comes on the one behind the close of the other', () => {
    const { own, other, side } = make();
    side.link.left('crashed');
    own.closeFar();
    other.deliver([0, wire.EVENT, 'last', 0]);
    expect([side.of('event'), side.of('ended')]).toEqual([[['last']], []]);
    other.closeFar();
    expect(side.of('ended')).toEqual([['crashed', 0]]);
  });

  it('ends when one of them closes and the other does not, a little later', () => {
    const { own, other, side } = make();
    other.closeFar();
    expect(side.link.open).toBe(false);
    vi.advanceTimersByTime(235);
    expect(side.of('ended')).toEqual([['lost', 0]]);
    expect([own.closed, other.closed]).toEqual([true, true]);
  });

  it('takes no third', () => {
    const { side } = make();
    expect(side.link.join(new FakePort())).toBe(false);
    side.link.end('lost');
  });
});

describe('a link whose peer left', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function make(): { port: FakePort; side: LinkSide } {
    const port = new FakePort();
    return { port, side: new LinkSide(port) };
  }

  it('still dispatches what was under way, until the port closes', () => {
    const { port, side } = make();
    side.link.left('crashed');
    port.deliver([0, wire.EVENT, 'last', 0]);
    expect(side.of('event')).toEqual([['last']]);
    expect(side.of('ended')).toEqual([]);
    port.closeFar();
    expect(side.of('ended')).toEqual([['crashed', 0]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits 235 ms for a port that does not close', async () => {
    const { port, side } = make();
    const asked = rejection(side.request_('get'));
    side.link.left('crashed');
    vi.advanceTimersByTime(234);
    expect(side.of('ended')).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(side.of('ended')).toEqual([['crashed', 0]]);
    expect(port.closed).toBe(true);
    expect(await asked).toMatchObject({ code: 'PEER_GONE', reason: 'crashed' });
  });

  it('ends at once where it was evicted: it must not be heard any more', () => {
    const { port, side } = make();
    side.link.left('evicted');
    expect(side.of('ended')).toEqual([['evicted', 0]]);
    expect(port.closed).toBe(true);
  });

  it('takes no new calls while it waits for the reason, and tells it to those that wait', async () => {
    const { port, side } = make();
    const asked = rejection(side.request_('get'));
    port.closeFar();
    expect(side.link.open).toBe(false);
    vi.advanceTimersByTime(100);
    side.link.left('killed');
    expect(await asked).toMatchObject({ code: 'PEER_GONE', reason: 'killed' });
  });

  it("is 'lost' where nobody says why", async () => {
    const { port, side } = make();
    const asked = rejection(side.request_('get'));
    port.closeFar();
    vi.advanceTimersByTime(235);
    expect(await asked).toMatchObject({ code: 'PEER_GONE', reason: 'lost' });
    expect(side.of('ended')).toEqual([['lost', 0]]);
  });

  it('ends once, whatever comes after', () => {
    const { port, side } = make();
    side.link.end('killed');
    side.link.end('lost');
    side.link.left('crashed');
    side.link.bye(() => undefined);
    port.closeFar();
    port.deliver([0, wire.EVENT, 'late', 0]);
    port.deliverUnreadable();
    vi.advanceTimersByTime(1000);
    expect(side.told).toEqual([['ended', 'killed', 0]]);
    expect(port.posts).toEqual([]);
  });
});

describe('what a link holds', () => {
  it('goes back to nothing when it ends: calls reject, served requests are aborted', async () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    const aborted = spy();
    side.onRequest = (id) => side.link.serve(id, { channel: 'slow', abort: aborted });
    port.deliver([0, wire.REQUEST, 1, 'slow', 0, wire.REQUEST, 2, 'slow', 0]);
    const asked = rejection(side.request_('get'));
    expect(side.link.load).toEqual({ calls: 1, serving: 2 });
    side.link.end('killed');
    expect(side.link.load).toEqual({ calls: 0, serving: 0 });
    expect(aborted).toHaveBeenCalledTimes(2);
    expect(aborted.mock.calls[0]).toEqual([expect.objectContaining({ code: 'PEER_GONE', reason: 'killed' })]);
    expect(await asked).toMatchObject({ reason: 'killed' });
    expect(side.of('released')).toEqual([['get']]);
  });

  it('counts events that may have been lost, for its owner', async () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    side.link.sendEvent('e', [], []);
    await turn();
    port.deliver([1]);
    side.link.sendEvent('e', [], []);
    await turn();
    side.send('e', new Map());
    side.link.sendEvent('e', [], []);
    side.link.end('lost');
    expect(side.of('ended')).toEqual([['lost', 3]]);
  });

  it('ends what it serves on a channel that is served no more, and only that: its caller is told why', () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    const aborted: unknown[] = [];
    side.onRequest = (id) =>
      side.link.serve(id, { channel: id === 3 ? 'other' : 'slow', abort: (reason) => aborted.push(id, reason) });
    for (const id of [1, 2, 3]) port.deliver([0, wire.REQUEST, id, 'slow', 0]);
    const error = new MeshError('NO_SERVICE', 'no more');
    side.link.withdraw('slow', error);
    expect(aborted).toEqual([1, error, 2, error]);
    expect(side.link.load.serving).toBe(1);
    side.link.withdraw('slow', error);
    expect(aborted).toHaveLength(4);
  });

  it('refuses a second request of an id that it serves', () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    side.onRequest = (id) => side.link.serve(id, { channel: 'slow', abort() {} });
    port.deliver([0, wire.REQUEST, 1, 'slow', 0], [0, wire.REQUEST, 1, 'slow', 0]);
    expect(side.of('request')).toHaveLength(1);
    expect(side.of('malformed')).toHaveLength(1);
    expect(side.link.load.serving).toBe(1);
    side.link.end('lost');
  });

  it('is as many requests of one peer as its limit says; the next is answered LIMIT', async () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'far', { limits: { ...defaultLimits, serving: 1000 } });
    side.onRequest = (id) => side.link.serve(id, { channel: 'slow', abort() {} });
    for (let id = 0; id < 1000; id++) port.deliver([0, wire.REQUEST, id, 'slow', 0]);
    expect(side.link.load.serving).toBe(1000);
    port.posts.length = 0;
    port.deliver([0, wire.REQUEST, 1000, 'slow', 0]);
    await turn();
    expect(side.link.load.serving).toBe(1000);
    expect(port.posts.flat()).toContainEqual(
      expect.arrayContaining(['MeshError', expect.objectContaining({ code: 'LIMIT' })]),
    );
    port.deliver([0, wire.ABORT, 5], [0, wire.REQUEST, 1001, 'slow', 0]);
    expect(side.link.load.serving).toBe(1000);
    side.link.end('lost');
  });
});

describe('what is more than a message may hold', () => {
  const limits = { ...defaultLimits, size: 65_536, depth: 32 };
  const large = 'x'.repeat(65_537);

  it('is refused frame by frame, and reported; the others of the post are dispatched', async () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'far', { limits, trusted: false });
    const small = [wire.EVENT, 'e', 1, 'small'];
    port.deliver([0, ...small, wire.EVENT, 'e', 1, large, ...small, wire.REQUEST, 1, 'get', 1, large, ...small]);
    await turn();
    expect(side.of('event')).toEqual([
      ['e', 'small'],
      ['e', 'small'],
      ['e', 'small'],
    ]);
    expect(side.of('request')).toEqual([]);
    expect(side.of('malformed')).toEqual([
      [expect.stringMatching(/^send\('e'\): the message has 65537 bytes, and may have 65536\. Send/), 1],
      [expect.stringMatching(/^request\('get'\): the message has 65537 bytes/), 2],
    ]);
    const [kind, id, error] = port.posts.flat().slice(1) as [number, number, unknown[]];
    expect([kind, id]).toEqual([wire.FAILURE, 1]);
    expect(error.slice(2)).toEqual([
      expect.stringMatching(/^request\('get'\): the message has/),
      expect.anything(),
      expect.objectContaining({ code: 'LIMIT' }),
      null,
    ]);
    side.link.end('lost');
  });

  it('closes the ports that came with it, unseen', async () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'far', { limits, trusted: false });
    const raws = [new FakePort(), new FakePort(), new FakePort()];
    port.deliverWith([0, wire.PORTS, [{}], wire.PORT, 1, 'way', 1, large], [raws[0]]);
    port.deliverWith([0, wire.PORTS, [{}], wire.EVENT, 'e', 1, large], [raws[1]]);
    port.deliverWith([0, wire.PORTS, [{}], wire.STREAM, 2, 'items', 5, 1, large], [raws[2]]);
    expect(side.told.map(([what]) => what)).toEqual(['malformed', 'malformed', 'malformed']);
    expect(raws.map(({ closed }) => closed)).toEqual([true, true, true]);
    side.link.end('lost');
  });

  it('as an answer, an error or an item ends the call that waits for it, and tells the peer; what nobody waits for is let pass', async () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'far', { limits, trusted: false });
    const items: unknown[] = [];
    const stream = {
      credit: 5,
      started() {},
      item: (_: number, value: unknown) => items.push(value) > 0,
    };
    const asked = [
      side.request_('get'),
      side.request_('get'),
      side.request_('get'),
      side.ask({ kind: wire.STREAM, stream }, 'items').promise,
      side.request_('get'),
    ].map(rejection);
    await turn();
    port.posts.length = 0;
    const error = ['Error', 'Error', 'bad', '', { large }, null];
    port.deliver([1, wire.RESULT, 1, large, wire.THROWN, 2, large, wire.FAILURE, 3, error]);
    port.deliver([
      1,
      wire.ITEM,
      4,
      1,
      'first',
      wire.ITEM,
      4,
      1,
      large,
      wire.ITEM,
      4,
      1,
      'late',
      wire.RESULT,
      99,
      large,
    ]);
    side.link.bye(() => new MeshError('CLOSED', 'closed'));
    const errors = await Promise.all(asked);
    expect(errors.map((each) => each.code)).toEqual(['LIMIT', 'LIMIT', 'LIMIT', 'LIMIT', 'CLOSED']);
    expect(errors[0]?.message).toMatch(/^request\('get'\) to far \(id-far\), its answer: the message has 65537 bytes/);
    expect(errors[3]?.message).toMatch(/^stream\('items'\) to far/);
    expect(items).toEqual(['first']);
    expect(side.of('malformed')).toHaveLength(4);
    expect(port.posts.flat()).toEqual(expect.arrayContaining([wire.ABORT, 4]));
    expect(side.link.load).toEqual({ calls: 0, serving: 0 });
  });

  it('is not looked for in what comes from a peer that could speak for this side anyway', () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'far', { limits, trusted: true });
    port.deliver([0, wire.EVENT, 'e', 1, large]);
    expect(side.of('event')).toEqual([['e', large]]);
    side.link.end('lost');
  });

  it('is not sent: a call throws, an error that is too large goes without its properties', async () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'far', { limits });
    expect(() => side.send('e', large)).toThrow(expect.objectContaining({ code: 'LIMIT' }));
    expect(() => side.link.sendItem(1, 'items', large)).toThrow(expect.objectContaining({ code: 'LIMIT' }));
    side.link.fail(1, 'get', Object.assign(new RangeError('far'), { large }));
    side.link.fail(2, 'get', large);
    await turn();
    const [, kind, id, error, next, second, why] = port.posts.flat() as unknown[][];
    expect([kind, id, next, second]).toEqual([wire.FAILURE, 1, wire.FAILURE, 2]);
    expect(error).toEqual(['RangeError', 'RangeError', 'far', expect.stringContaining('far')]);
    expect(why?.[2]).toMatch(/^handle\('get'\): what it threw can't be sent: the message has 65537 bytes/);
    expect(why?.[4]).toEqual({ code: 'LIMIT' });
    side.link.end('lost');
  });

  it('is answered like all that is refused: a peer that takes none of the answers loses its link', async () => {
    const port = new FakePort();
    port.recording = false;
    const flow = { highWater: 10, limit: 50, limitBytes: 1e6 };
    const few = { ...limits, serving: 100 };
    const side = new LinkSide(port, 'far', { limits: few, trusted: false, flow });
    let id = 0;
    while (side.link.open && id < 50_000) {
      port.deliver([0, wire.REQUEST, ++id, 'get', 1, large]);
      if (id % 100 === 0) await turn();
    }
    expect(side.of('ended')).toEqual([['lost', 0]]);
    expect(side.of('request')).toEqual([]);
  });

  it('keeps the stack of what could not be sent from a peer that shall not see it', async () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'far', { redact: true });
    side.link.fail(1, 'get', () => {});
    await turn();
    const why = port.posts.flat()[3] as unknown[];
    expect(why.slice(0, 2)).toEqual(['MeshError', 'MeshError']);
    expect(why[3]).toBe('');
    side.link.end('lost');
  });
});

describe('a peer that takes nothing of what it is sent', { timeout: 20_000 }, () => {
  const flow = { highWater: 10, limit: 50, limitBytes: 1e6 };

  it('is refused what it asks for when too much waits for it, until it takes that', async () => {
    const port = new FakePort();
    const side = new LinkSide(port, 'greedy', { flow });
    side.onRequest = (id, channel) => side.link.answer(id, channel, 'much');
    let id = 0;
    let taken = 0;
    const ask = (): void => port.deliver([taken, wire.REQUEST, ++id, 'get', 0]);
    for (let i = 0; i < 200; i++) {
      ask();
      await turn();
    }
    const served = side.of('request').length;
    expect(served).toBeGreaterThan(50);
    expect(served).toBeLessThan(70);
    taken = port.posts.length;
    for (let i = 0; i < 20 && side.of('request').length === served; i++) {
      ask();
      await turn();
      taken = port.posts.length;
    }
    expect(side.of('request').length).toBe(served + 1);
  });

  it.each<[string, object, (side: LinkSide, id: number) => void]>([
    ['more than is served', {}, (side, id) => side.link.serve(id, { channel: 'slow', abort() {} })],
    ['what is not handled here', {}, (side, id) => side.link.missed(id, 'get', [undefined])],
    ['what it is not granted', { grant: { send: [] } }, () => {}],
  ])(
    'and asks on for %s, is refused that too, but not for ever: its link ends, and what waits is freed',
    async (...row) => {
      const [, grant, serve] = row;
      const port = new FakePort();
      port.recording = false;
      const side = new LinkSide(port, 'greedy', { flow, limits: { ...defaultLimits, serving: 100 }, ...grant });
      side.onRequest = (id) => serve(side, id);
      let most = 0;
      let id = 0;
      for (; side.link.open && id < 50_000; most = Math.max(most, side.link.pending)) {
        port.deliver([0, wire.REQUEST, ++id, 'get', 0]);
        if (id % 100 === 0) await turn();
      }
      expect(most).toBeGreaterThan(10_000);
      expect(most, 'as much as may wait, and be served, and 10,000 refusals').toBeLessThan(1000 + 100 + 10_000);
      expect(side.of('refused')).toEqual([['get', expect.objectContaining({ code: 'LIMIT' }), 1]]);
      expect((side.of('refused')[0]![1] as Error).message).toMatch(
        /^link with greedy .* takes less than it asks for\. The link is ended\.$/,
      );
      expect(side.of('ended')).toEqual([['lost', 0]]);
      expect([port.closed, side.link.pending]).toEqual([true, 0]);
    },
  );

  it('but slowly, is refused as long as too much waits for it, and never loses its link', async () => {
    const [near, far] = createMemoryChannel().ports;
    const arrived: (() => void)[] = [];
    const slow: Port = {
      carries: far.carries,
      raw: far.raw,
      post: (message) => far.post(message),
      close: () => far.close(),
      detach: () => far.detach(),
      start: (listener) =>
        far.start({ ...listener, message: (...post) => void arrived.push(() => listener.message(...post)) }),
    };
    const flow = { highWater: 1000, limit: 50, limitBytes: 1e6 };
    const [a, b] = [
      new LinkSide(near, 'slow', { flow, limits: { ...defaultLimits, serving: 100 } }),
      new LinkSide(slow, 'a'),
    ];
    a.onRequest = (id, channel) => a.link.answer(id, channel, 'it may ask again');
    for (let i = 0; i < 12_000; i++) {
      a.send('e', i);
      if (i < 1000) await turn();
    }
    const codes: unknown[] = [];
    // It takes one post in a turn, and asks for something with each event in it.
    b.event = () =>
      void b.request_('get').then(
        (value) => codes.push(value),
        (error) => codes.push(error.code),
      );
    while (codes.length < 12_000) {
      arrived.shift()?.();
      await turn();
    }
    expect(codes.filter((code) => code === 'LIMIT').length, 'more than a peer that takes nothing gets').toBeGreaterThan(
      10_100,
    );
    expect([a.link.open, a.of('refused'), a.of('malformed')]).toEqual([true, [], []]);
    a.link.end('lost');
    b.link.end('lost');
  });
});

describe('a batch that can not be posted', () => {
  /** What was gathered, on a port that takes nothing any more. */
  function gathered(events: number): LinkSide {
    const port = new FakePort();
    const side = new LinkSide(port);
    for (let i = 0; i < events; i++) side.link.sendEvent('e', [i], [i]);
    port.post = () => {
      throw new Error('not a contract of mine');
    };
    return side;
  }

  it('ends the link: who sends the next event is not to blame, and it is counted among the lost', () => {
    const side = gathered(512);
    side.link.sendEvent('e', ['next'], ['next']);
    expect(side.of('ended')).toEqual([['lost', 513]]);
  });

  it('nor is who sends one that goes alone', async () => {
    const side = gathered(1);
    const { port1, port2 } = new MessageChannel();
    const closed = new Promise((resolve) => port2.addEventListener('close', resolve));
    port2.start();
    side.link.sendEvent('e', [transfer(port1, [port1])], undefined);
    expect(side.of('ended')).toEqual([['lost', 2]]);
    await closed; // nobody will get its other end
  });

  it('a call behind it rejects as all others do', async () => {
    for (const value of [1, new Map()]) {
      const side = gathered(512);
      const error = await rejection(side.request_('ask', value));
      expect(error).toMatchObject({ code: 'PEER_GONE', reason: 'lost' });
      expect(error.message).toMatch(/^request\('ask'\) to far/);
      expect(side.of('ended')).toEqual([['lost', 512]]);
    }
  });

  it.each([1, 512])('drain() behind %d events rejects', async (events) => {
    const side = gathered(events);
    expect(await rejection(whenDrained(side.link))).toMatchObject({ code: 'PEER_GONE', reason: 'lost' });
    expect(side.of('ended')).toEqual([['lost', events]]);
  });

  it('does not keep the link from its end in order', async () => {
    const side = gathered(3);
    const asked = side.request_('ask', 1);
    side.link.bye(() => new Error('closed by me'));
    expect((await rejection(asked)).message).toBe('closed by me');
    expect(side.of('ended')).toEqual([['bye', 3]]);
  });

  it('nor does an acknowledgement reach whoever brings a post', () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    port.post = () => {
      throw new Error('not a contract of mine');
    };
    expect(() => port.deliver([0, wire.EVENT, 'e', 0, wire.ECHO])).not.toThrow();
    expect(side.of('ended')).toEqual([['lost', 0]]);
  });

  it('nor the word that a post can not be read', () => {
    const port = new FakePort();
    const side = new LinkSide(port);
    port.post = () => {
      throw new Error('not a contract of mine');
    };
    expect(() => port.deliverUnreadable()).not.toThrow();
    expect(side.of('ended')).toEqual([['lost', 0]]);
  });
});
