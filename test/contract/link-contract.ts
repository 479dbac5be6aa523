import { assert } from 'chai';
import type { LeaveReason } from '../../src/core/errors/mesh-error.js';
import { abortError, fail, type Call } from '../../src/core/link/calls.js';
import type { Link } from '../../src/core/link/link.js';
import * as wire from '../../src/core/wire/frames.js';
import { cases, deferred, rejection, type Case } from './case.js';
import { LinkSide } from './link-side.js';
import type { PortKind } from './port-contract.js';
import { whenDrained } from './when-drained.js';

/** One side of a link that answers requests by a table, and records what it is told. */
class Side extends LinkSide {
  readonly events: [string, ...unknown[]][] = [];
  readonly handlers = new Map<string, (...args: unknown[]) => unknown>();
  readonly aborted: unknown[] = [];
  readonly passed: unknown[][] = [];
  readonly ending = deferred<{ reason: LeaveReason; lost: number }>();
  onEvent: (() => void) | undefined;

  get problems(): unknown[][] {
    return this.of('malformed');
  }

  get ends(): number {
    return this.of('ended').length;
  }

  override event(_: Link, channel: string, args: unknown[]): void {
    this.events.push([channel, ...args.slice(1)]);
    this.onEvent?.();
  }

  override request(link: Link, id: number, channel: string, args: unknown[]): void {
    const handler = this.handlers.get(channel);
    if (!handler) return link.missed(id, channel, args);
    let result: unknown;
    try {
      result = handler(...args.slice(1));
    } catch (error) {
      return link.fail(id, channel, error);
    }
    if (!(result instanceof Promise)) {
      try {
        return link.answer(id, channel, result);
      } catch (error) {
        return link.fail(id, channel, error);
      }
    }
    link.serve(id, { channel, abort: (reason) => this.aborted.push(reason) });
    result.then(
      (value) => link.answer(id, channel, value),
      (error: unknown) => link.fail(id, channel, error),
    );
  }

  override missed(_: Link, call: Call, args: unknown[]): void {
    this.passed.push(args);
    fail(call, () => new Error('missed'));
  }

  override linkEnded(link: Link, reason: LeaveReason, lost: number): void {
    super.linkEnded(link, reason, lost);
    this.ending.resolve({ reason, lost });
  }
}

function pair({ make }: PortKind): [Side, Side] {
  const [near, far] = make();
  return [new Side(near, 'b'), new Side(far, 'a', { opened: false })];
}

/** What every link owes, over every kind of port. */
export function linkContract(kind: PortKind): Case[] {
  return cases({
    'dispatches events, requests and answers in the order sent': async () => {
      const [a, b] = pair(kind);
      const order: unknown[] = [];
      b.handlers.set('ask', (n) => order.push(n));
      b.onEvent = () => order.push(b.events.at(-1)?.[1]);
      a.send('e', 0);
      const first = a.request_('ask', 1);
      a.send('e', new Map([[2, 2]]));
      a.send('e', 3);
      const second = a.request_('ask', new Uint8Array(70_000));
      a.send('e', 5);
      await whenDrained(a.link);
      await Promise.all([first, second]);
      assert.deepEqual(order, [0, 1, new Map([[2, 2]]), 3, new Uint8Array(70_000), 5]);
      a.link.bye(() => undefined);
    },
    'rejects with the remote error, as itself': async () => {
      const [a, b] = pair(kind);
      b.handlers.set('boom', () => {
        throw Object.assign(new RangeError('too far'), { code: 'E_FAR' });
      });
      b.handlers.set('later', async () => {
        throw 'a text';
      });
      const error = await rejection(a.request_('boom'));
      assert.instanceOf(error, RangeError);
      assert.equal(error.code, 'E_FAR');
      assert.include(error.stack, "request('boom') to b");
      assert.equal(await rejection(a.request_('later')), 'a text' as never);
      a.link.bye(() => undefined);
    },
    'an answer that can not be sent rejects the call, not the link': async () => {
      const [a, b] = pair(kind);
      b.handlers.set('fn', () => () => {});
      const error = await rejection(a.request_('fn'));
      assert.equal(error.code, 'NOT_CLONEABLE');
      b.handlers.set('ok', () => 1);
      assert.equal(await a.request_('ok'), 1);
      a.link.bye(() => undefined);
    },
    'gives back the arguments of what is not handled': async () => {
      const [a] = pair(kind);
      await rejection(a.request_('nobody', 1, { two: [2] }, new Set([3])));
      assert.deepEqual(a.passed, [[1, { two: [2] }, new Set([3])]]);
      a.link.bye(() => undefined);
    },
    'tells the peer to stop when the caller no longer waits, and ignores the late answer': async () => {
      const [a, b] = pair(kind);
      const started = deferred();
      const finish = deferred<string>();
      b.handlers.set('slow', () => {
        started.resolve();
        return finish.promise;
      });
      b.handlers.set('ok', () => 'ok');
      const { promise, call } = a.ask({}, 'slow');
      await started.promise;
      call.link?.cancel(call, () => abortError(call));
      assert.equal((await rejection(promise)).code, 'ABORTED');
      assert.equal(await a.request_('ok'), 'ok');
      assert.lengthOf(b.aborted, 1);
      finish.resolve('late');
      assert.equal(await a.request_('ok'), 'ok');
      assert.deepEqual(a.link.load, { calls: 0, serving: 0 });
      assert.deepEqual(b.link.load, { calls: 0, serving: 0 });
      assert.deepEqual(a.problems, []);
      a.link.bye(() => undefined);
    },
    'sends what looks like its own frames as it was': async () => {
      const [a, b] = pair(kind);
      b.handlers.set('echo', (...args) => args);
      const tricky = [wire.BYE, wire.EVENT, 'e', 1, [1, wire.BYE], wire.ABORT, 1];
      assert.deepEqual(await a.request_('echo', ...tricky), tricky);
      a.send('e', ...tricky);
      await whenDrained(a.link);
      assert.deepEqual(b.events, [['e', ...tricky]]);
      a.link.bye(() => undefined);
    },
    'knows how much is under way, and when it has been dispatched': async () => {
      const [a, b] = pair(kind);
      for (let i = 0; i < 3000; i++) a.link.sendEvent('e', [], [i]);
      assert.equal(a.link.pending, 3000);
      await whenDrained(a.link);
      assert.equal(a.link.pending, 0);
      assert.lengthOf(b.events, 3000);
      a.link.bye(() => undefined);
    },
    'BYE ends both sides at once, with what was sent before it': async () => {
      const [a, b] = pair(kind);
      b.handlers.set('slow', () => new Promise(() => {}));
      const pending = rejection(b.request_('x'));
      for (let i = 0; i < 10; i++) a.send('e', i);
      a.link.bye(() => undefined);
      assert.deepEqual(await b.ending.promise, { reason: 'bye', lost: 0 });
      assert.lengthOf(b.events, 10);
      const error = await pending;
      assert.equal(error.code, 'PEER_GONE');
      assert.equal(error.reason, 'bye');
      assert.equal(a.ends + b.ends, 2);
    },
    'a close without BYE fails new calls at once, and pending ones when the reason is known': async () => {
      const [near, far] = kind.make();
      const a = new Side(near, 'b');
      far.start({ message() {}, unreadable() {}, close() {} });
      const pending = rejection(a.request_('x'));
      a.send('e', 1);
      far.close();
      while (a.link.open) await new Promise((resolve) => setTimeout(resolve, 1));
      a.link.left('crashed');
      assert.equal((await pending).reason, 'crashed');
      assert.deepEqual(await a.ending.promise, { reason: 'crashed', lost: 1 });
    },
    'a close without any word ends it as lost': async () => {
      const [near, far] = kind.make();
      const a = new Side(near, 'b');
      far.start({ message() {}, unreadable() {}, close() {} });
      const pending = rejection(a.request_('x'));
      far.close();
      assert.equal((await pending).reason, 'lost');
      const drained = whenDrained(a.link);
      await drained;
      assert.equal(a.ends, 1);
    },
    'both sides may open at once: each direction stays in order, and either close ends it': async () => {
      const [a1, b1] = kind.make();
      const [b2, a2] = kind.make();
      const a = new Side(a1, 'b');
      const b = new Side(b2, 'a');
      for (const side of [a, b]) side.handlers.set('echo', (n) => n);
      a.send('e', 1);
      b.send('e', 1);
      const asked = [a.request_('echo', 'a'), b.request_('echo', 'b')];
      assert.isTrue(a.link.join(a2));
      assert.isTrue(b.link.join(b1));
      a.send('e', 2);
      b.send('e', 2);
      assert.deepEqual(await Promise.all(asked), ['a', 'b']);
      await Promise.all([whenDrained(a.link), whenDrained(b.link)]);
      assert.deepEqual(a.events, [
        ['e', 1],
        ['e', 2],
      ]);
      assert.deepEqual(b.events, a.events);
      const [c] = kind.make();
      assert.isFalse(a.link.join(c), 'a second port joins once only');
      c.close();
      a.link.end('lost');
      assert.equal((await b.ending.promise).reason, 'lost');
    },
    'hostile posts are reported, and leave the link as it was': async () => {
      const [near, far] = kind.make();
      const a = new Side(near, 'b');
      far.start({ message() {}, unreadable() {}, close() {} });
      const hostile: unknown[] = [
        'text',
        { length: 3 },
        [],
        [0, 99],
        [-1],
        [1e9],
        ['x', wire.EVENT],
        [0, wire.EVENT],
        [0, wire.EVENT, '', 0],
        [0, wire.EVENT, 'c', 1e9],
        [0, wire.EVENT, 'c', -1],
        [0, wire.REQUEST, 'id', 'c', 0],
        [0, wire.REQUEST, 1, { toString: 'x' }, 0],
        [0, wire.RESULT],
        [0, wire.FAILURE, 1],
        [0, wire.UNREADABLE, 'x'],
        [0, wire.CHANGES, 1, 4, 1],
        [0, wire.MISSED, 5, 99],
      ];
      for (const post of hostile) far.post(post);
      far.post([0, wire.EVENT, 'fine', 1, 'still here']);
      const arrived = deferred();
      a.onEvent = arrived.resolve;
      await arrived.promise;
      assert.deepEqual(a.events, [['fine', 'still here']]);
      assert.isAtLeast(a.problems.length, hostile.length - 1);
      assert.isTrue(a.link.open);
      a.link.end('lost');
    },
  });
}
