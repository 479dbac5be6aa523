import { assert } from 'chai';
import { MeshError } from '../../src/core/errors/mesh-error.js';
import type { Port } from '../../src/core/port/port.js';
import * as wire from '../../src/core/wire/frames.js';
import { transfer } from '../../src/core/wire/transfer.js';
import { LISTEN } from '../../src/core/directory/entry.js';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { idle, withMesh } from './with-mesh.js';

const limits = { size: 100_000, depth: 50 };

/** Objects in objects, so many. */
function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
}

/** The most that goes, and the least that doesn't, of each sort. */
const sizes: readonly (readonly [what: string, fits: () => unknown, beyond: () => unknown])[] = [
  ['100001 bytes', () => new Uint8Array(100_000), () => new Uint8Array(100_001)],
  ['100001 bytes', () => 'x'.repeat(100_000), () => 'x'.repeat(100_001)],
  ['deeper than 50', () => nested(50), () => nested(51)],
];

/** Posts on a link by hand, and collects the answers. */
class Hostile {
  /** Kind, id, value */
  readonly answers: unknown[][] = [];
  readonly #link: Port;
  #waiting: { readonly id: number; readonly resolve: () => void } | undefined;

  constructor(link: Port) {
    this.#link = link;
    link.start({ message: (data) => this.#onPost(data as unknown[]), unreadable() {}, close() {} });
  }

  /** Posts all, and resolves when the request of that id, the last one, is answered. */
  async post(last: number, ...posts: unknown[][]): Promise<void> {
    const answered = deferred();
    this.#waiting = { id: last, resolve: answered.resolve };
    for (const post of posts) this.#link.post(post);
    await answered.promise;
  }

  /** Nothing but answers, which are small. */
  #onPost(data: unknown[]): void {
    for (let at = 1; at < data.length;) {
      if (data[at] === wire.ECHO) at++;
      else if (data[at] === wire.STATE) at += 4;
      else if (data[at] === wire.STARTED) at += 2;
      else {
        this.answers.push(data.slice(at, at + 3));
        if (data[at + 1] === this.#waiting?.id) this.#waiting?.resolve();
        at += 3;
      }
    }
  }
}

/** What limits of size and depth promise, over every kind of port. */
export function limitContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind, { limits });
  const inFew = withMesh(kind, { limits: { channels: 2 } });
  return cases({
    'a channel beyond limits.channels is refused, with the call and the fix; those before it stay': inFew(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        for (const channel of ['x', 'y']) {
          await b.subscribe(channel, () => {});
          b.handle(channel, () => channel);
        }
        for (const call of ['on', 'handle'] as const) {
          assert.throws(() => void b[call]('z', () => {}), `${call}('z'): a peer can listen to 2 channels`);
        }
        assert.equal(b.listenerCount('z'), 0);
        b.removeAllListeners('x');
        await b.subscribe('z', () => {});
        assert.lengthOf(a.peers.listening('z'), 1);
        assert.equal(await a.request('y'), 'y');
      },
    ),
    'beyond a limit a call fails with LIMIT where it is made, and says what is too much; the next one goes': inMesh(
      async (mesh) => {
        const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
        const got: unknown[] = [];
        b.handle('echo', (_, value) => value);
        b.handle('items', async function* (_, ...items) {
          yield* items;
        });
        b.onPort('port', () => {});
        for (const bus of [b, c]) await bus.subscribe('e', (_, value) => got.push(value));
        const b_ = `b (${b.self.id})`;
        for (const [what, fits, beyond] of sizes) {
          const value = beyond();
          for (const caller of [a, a.to('b')]) {
            assert.throws(
              () => caller.send('e', value),
              MeshError,
              new RegExp(`^send\\('e'\\) to b \\(.*${what}.* Send `),
            );
          }
          const calls: Record<string, () => Promise<unknown>> = {
            request: () => a.request('echo', value),
            stream: () => a.stream('items', value).next(),
            ...(!kind.mixed && { openPort: () => a.openPort('port', value) }),
          };
          for (const [call, make] of Object.entries(calls)) {
            const error = await rejection(make());
            assert.equal(error.code, 'LIMIT', call);
            assert.include(error.message, `${call}('`);
            assert.include(error.message, what);
            if (call !== 'openPort') assert.include(error.message, ` to ${b_}: `);
          }
          assert.deepEqual(await a.request('echo', fits()), fits());
          got.length = 0;
          a.send('e', fits());
          await a.drain();
          assert.deepEqual(got, [fits(), fits()]);
        }
        assert.deepInclude(a.load, idle);
      },
    ),
    'a result, an item, or what is thrown, beyond a limit rejects the caller with LIMIT': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      for (const [i, [what, , beyond]] of sizes.entries()) {
        b.handle(`result ${i}`, beyond);
        b.handle(`later ${i}`, async () => beyond());
        b.handle(`thrown ${i}`, () => {
          throw beyond();
        });
        b.handle(`items ${i}`, async function* () {
          yield 1;
          yield beyond();
        });
        const stream = a.with({ wait: 1000 }).stream(`items ${i}`);
        assert.deepEqual(await stream.next(), { done: false, value: 1 });
        const calls = [a.request(`result ${i}`), a.request(`later ${i}`), a.request(`thrown ${i}`), stream.next()];
        for (const error of await Promise.all(calls.map(rejection))) {
          assert.equal(error.code, 'LIMIT');
          assert.match(error.message, new RegExp(`^handle\\('.* can't be sent: the message .*${what}`));
        }
      }
      assert.deepInclude(b.load, idle);
    }),
    'beyond a limit nothing moves': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.handle('echo', (_, value) => value);
      await b.subscribe('e', () => {});
      const bytes = new Uint8Array(100_001);
      assert.throws(() => a.send('e', transfer(bytes, [bytes.buffer])), MeshError, '100001 bytes');
      assert.equal((await rejection(a.request('echo', transfer(bytes, [bytes.buffer])))).code, 'LIMIT');
      assert.equal((await rejection(a.request('nobody', bytes))).code, 'LIMIT', 'it is not kept either');
      assert.equal(bytes.byteLength, 100_001);
    }),
    'M26: what a peer posts by hand beyond a limit is refused, and reported; its neighbours are not': inMesh(
      async (mesh) => {
        const b = await mesh.join('b');
        const [got, reports]: unknown[][] = [[], []];
        b.onError((error) => reports?.push([(error as MeshError).code, (error as Error).message]));
        b.on('e', (_, value) => got?.push(value));
        b.handle('echo', (_, value) => got?.push(value) && value);
        b.handle('items', () => assert.fail('it ran'));
        // One that may not send everything is not trusted: what it says is looked at.
        const peer = await mesh.joinByHand('hostile', { send: ['*'] });
        const hostile = new Hostile(await peer.link(b.self.id));
        for (const [i, [what, fits, beyond]] of sizes.entries()) {
          hostile.answers.length = got!.length = reports!.length = 0;
          await hostile.post(
            10 * i + 4,
            [0, wire.EVENT, 'e', 1, 1, wire.EVENT, 'e', 1, beyond(), wire.EVENT, 'e', 1, 2],
            [0, wire.REQUEST, 10 * i + 1, 'echo', 1, beyond(), wire.REQUEST, 10 * i + 2, 'echo', 1, 'small'],
            [0, wire.STREAM, 10 * i + 3, 'items', 5, 1, beyond()],
            [0, wire.REQUEST, 10 * i + 4, 'echo', 1, fits()],
          );
          assert.deepEqual(got, [1, 2, 'small', fits()]);
          const [first, second, third, fourth] = hostile.answers as [number, number, unknown][];
          for (const refused of [first, third]) {
            assert.equal(refused?.[0], wire.FAILURE);
            assert.include(JSON.stringify(refused), '"code":"LIMIT"');
          }
          assert.deepEqual(second, [wire.RESULT, 10 * i + 2, 'small']);
          assert.deepEqual(fourth, [wire.RESULT, 10 * i + 4, fits()]);
          // Told the 1st, the 2nd, the 4th, the 8th time, of three each.
          assert.isAtLeast(reports!.length, 1);
          for (const [code, text] of reports as [string, string][]) {
            assert.equal(code, 'PROTOCOL');
            assert.include(text, what);
          }
        }
        assert.deepInclude(b.load, { ...idle, links: 1 });
        peer.close();
      },
    ),
    'M26: what a peer answers by hand beyond a limit rejects the call with LIMIT': inMesh(async (mesh) => {
      const a = await mesh.join('a');
      const reports: unknown[] = [];
      a.onError((error) => reports.push((error as MeshError).code));
      const hostile = await mesh.joinHanging('hostile', ['x'], { send: ['*'] });
      const asked = sizes.flatMap((_, i) => [a.request('x', i), a.stream('x', i).next()].map(rejection));
      const port = await hostile.wake((data, self) => {
        const post = data as unknown[];
        for (let at = 1; at < post.length;) {
          const [kind, id] = post.slice(at) as [number, number];
          if (kind !== wire.REQUEST && kind !== wire.STREAM) return;
          at += kind === wire.REQUEST ? 5 : 6;
          const value = sizes[post[at - 1] as number]?.[2]();
          if (kind === wire.REQUEST) self.post([0, wire.RESULT, id, value]);
          else self.post([0, wire.STARTED, id, wire.ITEM, id, 1, value, wire.ITEM, id, 1, 'late']);
        }
      });
      for (const error of await Promise.all(asked)) {
        assert.equal(error.code, 'LIMIT');
        assert.match(error.message, /^(request|stream)\('x'\) to hostile \(.*\), its answer: the message /);
      }
      assert.deepInclude(a.load, idle);
      assert.deepEqual([...new Set(reports)], ['PROTOCOL']);
      port.close();
    }),
    'M26: a peer that opens link after link holds one': inMesh(async (mesh) => {
      const b = await mesh.join('b');
      b.handle('echo', (_, value) => value);
      const peer = await mesh.joinByHand('hostile');
      const openLink = async (
        epoch: number,
      ): Promise<{ first: Promise<'a post' | 'close'>; closed: Promise<void> }> => {
        const link = await peer.link(b.self.id, epoch);
        const first = deferred<'a post' | 'close'>();
        const closed = deferred();
        link.start({
          message: () => first.resolve('a post'),
          unreadable() {},
          close() {
            first.resolve('close');
            closed.resolve();
          },
        });
        return { first: first.promise, closed: closed.promise };
      };
      let link = await openLink(1);
      for (let epoch = 1; epoch < 20; epoch++) {
        assert.equal(await link.first, 'a post', 'what is handled there');
        if (kind.epochs) {
          assert.equal(await (await openLink(epoch)).first, 'close', 'there is a link');
          assert.equal(await (await openLink(epoch - 1)).first, 'close', 'it comes too late');
        }
        assert.equal(b.load.links, 1);
        const before = link;
        link = await openLink(epoch + 1);
        await before.closed;
      }
      assert.equal(b.load.links, 1);
      peer.close();
    }),
    'a peer that claims to have lost more links than there can have been is not believed: it can be linked to': inMesh(
      async (mesh) => {
        const b = await mesh.join('b');
        const peer = await mesh.joinByHand('hostile');
        await peer.announce([LISTEN, 'e']);
        if (kind.epochs) {
          const first = deferred<string>();
          const link = await peer.link(b.self.id, 2 ** 53 - 1);
          link.start({
            message: () => link.close(),
            unreadable() {},
            close: () => first.resolve('close'),
          });
          // It ends, one way or the other.
          link.post([0, wire.BYE]);
          await first.promise;
        }
        b.send('e', 'x');
        const link = await peer.linked;
        const got = deferred<unknown>();
        link.start({ message: got.resolve, unreadable() {}, close() {} });
        assert.include((await got.promise) as unknown[], 'x');
        await b.queryState().catch(() => {}); // the broker has read what b has said
        assert.deepEqual(mesh.malformed, [], 'of b');
        peer.close();
      },
    ),
  });
}
