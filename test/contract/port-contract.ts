import { assert } from 'chai';
import type { Port } from '../../src/core/port/port.js';
import { cases, deferred, type Case } from './case.js';

export interface PortKind {
  /** Two connected ends in this realm */
  readonly make: () => readonly [Port, Port];
  /** The same as the platform has them, and what makes a port of one. Default: `make`'s are their own raw ports */
  readonly raw?: () => readonly [object, object];
  readonly adopt?: (raw: object) => Port;
  /** Whether the two ends are ports of different kinds: then a port received at one can't go on at the other. */
  readonly mixed?: boolean;
  /** Whether cases that take seconds run too. */
  readonly slow?: boolean;
  /** Whether a value that the far end can't read is noticed there only; then this makes one */
  readonly unreadable?: () => unknown;
}

/** Collects what arrives, and resolves `wait(n)` when n messages have. */
function inbox(port: Port) {
  const messages: unknown[] = [];
  const ports: (readonly unknown[])[] = [];
  const closed = deferred<string>();
  let wanted = Infinity;
  let arrived = deferred();
  let closes = 0;
  const check = (): void => {
    if (messages.length >= wanted) arrived.resolve();
  };
  port.start({
    message(data, moved) {
      messages.push(data);
      ports.push(moved);
      check();
    },
    unreadable: () => messages.push('unreadable') && check(),
    close(reason) {
      closes++;
      closed.resolve(reason);
    },
  });
  return {
    messages,
    ports,
    closed: closed.promise,
    get closes() {
      return closes;
    },
    async wait(count: number): Promise<unknown[]> {
      wanted = count;
      arrived = deferred();
      check();
      await arrived.promise;
      return messages;
    },
  };
}

/** What every port owes, whatever carries it. */
export function portContract({ make, adopt = (raw) => raw as Port }: PortKind): Case[] {
  return cases({
    'delivers in the order posted, each exactly once': async () => {
      const [a, b] = make();
      const there = inbox(b);
      for (let i = 0; i < 1000; i++) a.post([i]);
      assert.deepEqual(
        await there.wait(1000),
        Array.from({ length: 1000 }, (_, i) => [i]),
      );
      a.close();
    },
    'carries both ways at once': async () => {
      const [a, b] = make();
      const here = inbox(a);
      const there = inbox(b);
      a.post(['to b']);
      b.post(['to a']);
      assert.deepEqual(await here.wait(1), [['to a']]);
      assert.deepEqual(await there.wait(1), [['to b']]);
      a.close();
    },
    'keeps what is posted before the far end starts': async () => {
      const [a, b] = make();
      a.post(['early']);
      await Promise.resolve();
      assert.deepEqual(await inbox(b).wait(1), [['early']]);
      a.close();
    },
    'sends a message as it is at the call': async () => {
      const [a, b] = make();
      const message = { n: 1 };
      a.post([message]);
      message.n = 2;
      assert.deepEqual(await inbox(b).wait(1), [[{ n: 1 }]]);
      a.close();
    },
    'delivers what was posted before close(), and then reports the close once': async () => {
      const [a, b] = make();
      const there = inbox(b);
      for (let i = 0; i < 100; i++) a.post([i]);
      a.close();
      await there.closed;
      assert.lengthOf(there.messages, 100);
      assert.equal(there.closes, 1);
    },
    'never reports its own close()': async () => {
      const [a, b] = make();
      const here = inbox(a);
      const there = inbox(b);
      a.close();
      await there.closed;
      // A round through a second channel of the same kind: an own close that were reported would be by now.
      const [c, d] = make();
      const other = inbox(d);
      c.close();
      await other.closed;
      assert.equal(here.closes, 0);
    },
    'close() is idempotent, and posting after it is without effect': async () => {
      const [a, b] = make();
      const there = inbox(b);
      a.close();
      a.close();
      a.post(['late']);
      await there.closed;
      b.post(['late']);
      b.close();
      assert.deepEqual(there.messages, []);
    },
    'null arrives as what can not be read: so a relay passes such on': async () => {
      const [a, b] = make();
      if (b.carries.hostObjects) return a.close(); // no relay, and no `MessagePortMain`
      const there = inbox(b);
      a.post(null);
      a.post([null]);
      assert.deepEqual(await there.wait(2), ['unreadable', [null]]);
      a.close();
    },
    'throws NOT_CLONEABLE for what can not be sent, and goes on': async () => {
      const [a, b] = make();
      const there = inbox(b);
      for (const value of [() => {}, Symbol('s'), new WeakMap()]) {
        try {
          // An empty transfer list: so the mesh posts what it hasn't made itself.
          a.post([value], []);
          assert.fail('posted');
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'NOT_CLONEABLE');
        }
      }
      a.post(['next']);
      assert.deepEqual(await there.wait(1), [['next']]);
      a.close();
    },
    'moves buffers if it says so': async () => {
      const [a, b] = make();
      if (!a.carries.buffers) return a.close();
      const there = inbox(b);
      const bytes = new Uint8Array([1, 2, 3]);
      a.post([bytes], [bytes.buffer]);
      assert.equal(bytes.byteLength, 0);
      const [[arrived]] = (await there.wait(1)) as [[Uint8Array]];
      assert.deepEqual([...arrived], [1, 2, 3]);
      a.close();
    },
    'keeps the ownership of what it could not move': async () => {
      const [a, b] = make();
      if (!a.carries.buffers) return a.close();
      inbox(b);
      const bytes = new Uint8Array([1, 2, 3]);
      assert.throws(() => a.post([bytes, () => {}], [bytes.buffer]));
      assert.equal(bytes.byteLength, 3);
      a.close();
    },
    'carries typed data exactly': async () => {
      const [a, b] = make();
      const message = [
        new Map([[1, new Set(['x'])]]),
        new Date(5),
        12345678901234567890n,
        /x/gi,
        new Float64Array([1.5, -0]),
        -0,
        NaN,
        undefined,
      ];
      a.post(message);
      const [arrived] = await inbox(b).wait(1);
      assert.deepEqual(arrived, message);
      a.close();
    },
    'given up before it was started, its raw port has everything waiting for the next owner': async () => {
      const [a, b] = make();
      a.post(['one']);
      await Promise.resolve();
      const raw = b.detach();
      a.post(['two']);
      assert.strictEqual(raw, b.raw);
      const heir = adopt(raw as object);
      const there = inbox(heir);
      assert.deepEqual(await there.wait(2), [['one'], ['two']]);
      heir.post(['back']);
      assert.deepEqual(await inbox(a).wait(1), [['back']]);
      heir.close();
    },
    'given up, it delivers nothing any more, neither a message nor a close, and the next owner gets all of it':
      async () => {
        const [a, b] = make();
        const before = inbox(b);
        a.post(['one']);
        await before.wait(1);
        const there = inbox(adopt(b.detach() as object));
        a.post(['two']);
        assert.deepEqual(await there.wait(1), [['two']]);
        a.close();
        await there.closed;
        assert.deepEqual([before.messages, before.closes], [[['one']], 0]);
      },
    'closed, from here or from there, it has no raw port to give up': async () => {
      const [a, b] = make();
      const there = inbox(b);
      a.close();
      assert.isUndefined(a.detach());
      await there.closed;
      assert.isUndefined(b.detach());
    },
    'nobody listens for long: 200 channels opened and closed leave nothing behind': async () => {
      for (let i = 0; i < 200; i++) {
        const [a, b] = make();
        const there = inbox(b);
        a.post([i]);
        await there.wait(1);
        a.close();
        await there.closed;
      }
    },
  });
}
