import { assert } from 'chai';
import type { Bus } from '../../src/core/bus/bus.js';
import { HANDLE } from '../../src/core/directory/entry.js';
import { MeshError } from '../../src/core/errors/mesh-error.js';
import * as wire from '../../src/core/wire/frames.js';
import { transfer } from '../../src/core/wire/transfer.js';
import {
  consume,
  currentCall,
  defineService,
  provide,
  release,
  retain,
  type Service,
} from '../../src/service/index.js';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { stoppedContract } from './service-stopped.js';
import { untakenContract } from './service-untaken.js';
import { idle, withMesh } from './with-mesh.js';

interface Files {
  read(path: string): Promise<Uint8Array>;
  size(path: string): number;
  fail(): Promise<never>;
  watch(count: number): AsyncIterable<number>;
  scan(options: { onFound(path: string): void }): Promise<number>;
  ask(question: (text: string) => Promise<string>): Promise<string>;
  sum(numbers: AsyncIterable<number>): Promise<number>;
  listen(listener: (text: string) => void): Promise<void>;
  unlisten(listener: (text: string) => void): Promise<boolean>;
  shout(text: string): Promise<unknown>;
  counter(start: number): Promise<{ next(): Promise<number>; more: { name: string } }>;
  wait(): Promise<void>;
  take(bytes: Uint8Array): Promise<number>;
}

interface FileEvents {
  changed: [path: string, size: number];
}

const files: Service<Files, FileEvents> = defineService<Files, FileEvents>('files', { version: '1.2' });

class FilesImpl {
  readonly listeners = new Set<(text: string) => unknown>();
  finished = 0;
  aborted: unknown;
  waiting = deferred();
  #secret = 'none';
  read(path: string): Uint8Array {
    return new TextEncoder().encode(path + this.#secret.slice(4));
  }
  size(path: string): number {
    return path.length;
  }
  async fail(): Promise<never> {
    throw new RangeError('too far', { cause: new TypeError('inside') });
  }
  async *watch(count: number) {
    try {
      for (let i = 0; i < count; i++) yield i;
      if (count < 0) throw new RangeError('in the midst');
    } finally {
      this.finished++;
    }
  }
  async scan({ onFound }: { onFound(path: string): void }) {
    onFound('a');
    onFound('b');
    return 2;
  }
  async ask(question: (text: string) => Promise<string>) {
    return `${await question('who?')}!`;
  }
  async sum(numbers: AsyncIterable<number>) {
    let sum = 0;
    for await (const each of numbers) sum += each;
    return sum;
  }
  async listen(listener: (text: string) => void) {
    this.listeners.add(retain(listener));
  }
  async unlisten(listener: (text: string) => void) {
    const known = this.listeners.delete(listener);
    if (known) release(listener);
    return known;
  }
  async shout(text: string) {
    return await Promise.all([...this.listeners].map((each) => each(text)));
  }
  async counter(start: number) {
    let count = start;
    return { next: async () => count++, more: { name: 'counter' } };
  }
  async wait() {
    const { signal } = currentCall();
    this.waiting.resolve();
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
  async take(bytes: Uint8Array) {
    return bytes.length;
  }
}

const nothing = idle;

function settledLoad(bus: Bus): object {
  const { links: _, ...load } = bus.load;
  return load;
}

/** What services promise, over every kind of port. */
export function serviceContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind);
  const own = cases({
    'a method is called, and answers: bytes, numbers, errors with their causes': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      provide(b, files, new FilesImpl());
      const f = consume(a, files);
      assert.deepEqual(await f.read('x/y'), new TextEncoder().encode('x/y'));
      assert.equal(await f.size('four'), 4);
      const error = await rejection(f.fail());
      assert.instanceOf(error, RangeError);
      assert.equal(error.message, 'too far');
      assert.instanceOf(error.cause, TypeError);
      assert.deepEqual([settledLoad(a), settledLoad(b)], [nothing, nothing]);
    }),
    'S2: what is not a method is refused, and nothing runs': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      let ran = 0;
      class Base {
        inherited() {
          return 'yes';
        }
      }
      class Impl extends Base {
        _private = () => ran++;
        override toString() {
          ran++;
          return 'no';
        }
        then() {
          ran++;
        }
        get accessor() {
          ran++;
          return () => ran++;
        }
        ok() {
          return 1;
        }
      }
      const any = defineService<{ [name: string]: () => Promise<unknown> }>('any');
      provide(b, any, new Impl() as never);
      const f = consume(a, any) as unknown as { [name: string]: () => Promise<unknown> };
      assert.equal(await f.ok!(), 1);
      assert.equal(await f.inherited!(), 'yes');
      const names = [
        'toString',
        'constructor',
        '__proto__',
        '_private',
        'accessor',
        'hasOwnProperty',
        'nothing',
        'valueOf',
      ];
      for (const name of names) assert.equal((await rejection(f[name]!())).code, 'NO_METHOD', name);
      // By hand, past the handle: every shape a name could have.
      for (const name of [...names, 'then', { toString: 'ok' }, 7, null, [['ok']], [undefined], '$on']) {
        assert.equal(
          (await rejection(a.request('service:any', undefined, name))).code,
          'NO_METHOD',
          JSON.stringify(name),
        );
      }
      assert.equal(ran, 0);
    }),
    'S3: a call waits for a provider; is it stopped, what is pending rejects once; provided again, the handle works':
      inMesh(async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        const f = consume(a, files);
        const news: string[] = [];
        f.$on('$start', ({ name }) => news.push(`start ${name}`));
        f.$on('$stop', ({ name }, reason) => news.push(`stop ${name} ${reason}`));
        assert.isFalse(f.$available);
        const early = f.size('abc');
        const first = new FilesImpl();
        const provided = provide(b, files, first);
        assert.equal(await early, 3);
        assert.isTrue(f.$available);
        const pending = f.wait();
        await first.waiting.promise;
        provided.stop();
        provided.stop();
        assert.equal((await rejection(pending)).code, 'NO_SERVICE');
        const second = new FilesImpl();
        let waits = 0;
        second.wait = async () => void waits++;
        const again = provide(b, files, second);
        assert.equal(await f.size('abcd'), 4);
        assert.equal(waits, 0);
        again.stop();
        const late = await rejection(f.$with({ timeout: 30 }).size('x'));
        assert.equal(late.code, 'NO_SERVICE');
        assert.include(late.message, 'files.size()');
        provide(b, files, new FilesImpl());
        await f.$ready();
        assert.deepEqual(
          (await f.$status()).providers.map(({ peer, version }) => [peer.name, version]),
          [['b', '1.2']],
        );
        assert.deepEqual(news.slice(0, 5), ['start b', 'stop b undefined', 'start b', 'stop b undefined', 'start b']);
      }),
    'S3: a provider that is gone rejects what is pending with the reason, and the next one is found': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        const impl = new FilesImpl();
        provide(b, files, impl);
        const f = consume(a, files);
        const stopped = deferred<unknown>();
        f.$on('$stop', (_, reason) => stopped.resolve(reason));
        const pending = f.wait();
        await impl.waiting.promise;
        const reason = mesh.kill(b, 'reloaded');
        const error = await rejection(pending);
        assert.deepEqual([error.code, error.reason], ['PEER_GONE', reason]);
        assert.include(error.message, 'files.wait()');
        assert.equal(await stopped.promise, reason);
        const next = f.size('xyz');
        provide(await mesh.join('c'), files, new FilesImpl());
        assert.equal(await next, 3);
      },
    ),
    'S4: events reach every user that listens, and nobody else': inMesh(async (mesh) => {
      const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map((name) => mesh.join(name)));
      const provided = provide(b!, files, new FilesImpl());
      const got: string[] = [];
      await consume(a!, files).$subscribe('changed', (path, size) => got.push(`a ${path} ${size}`));
      const f = consume(c!, files);
      const once = (path: string): unknown => got.push(`c once ${path}`);
      f.$once('changed', once);
      const off = (path: string): unknown => got.push(`c off ${path}`);
      f.$on('changed', off).$off('changed', off);
      await f.$subscribe('changed', (path) => got.push(`c ${path}`));
      consume(d!, files);
      provided.emit('changed', 'x', 1);
      provided.emit('changed', 'y', 2);
      await b!.drain();
      assert.deepEqual(got.sort(), ['a x 1', 'a y 2', 'c once x', 'c x', 'c y']);
      f.$close();
      await consume(a!, files).$ready();
      assert.equal(c!.eventNames().length, 0);
      assert.equal(d!.eventNames().length, 0);
    }),
    'S4: an event of somebody who does not provide the service is not one of it': inMesh(async (mesh) => {
      const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => mesh.join(name)));
      const provided = provide(b!, files, new FilesImpl());
      const got: string[] = [];
      await consume(a!, files).$subscribe('changed', (path) => got.push(path));
      c!.send('service:files/changed', '1.2', 'forged', 1);
      await c!.drain();
      provided.emit('changed', 'true', 1);
      await b!.drain();
      assert.deepEqual(got, ['true']);
    }),
    'S4: what was told before the service stopped arrives, though the word of its end may come sooner': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        const got: number[] = [];
        await consume(a, files).$subscribe('changed', (_, size) => got.push(size));
        for (const many of [100, 6000]) {
          const provided = provide(b, files, new FilesImpl());
          for (let i = 0; i < many; i++) provided.emit('changed', 'x', i);
          provided.stop();
          await b.drain();
          assert.equal(got.length, many);
          got.length = 0;
        }
      },
    ),
    'S5: callbacks in option objects are called while the call lasts, and are dead afterwards': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const impl = new FilesImpl();
      let kept: ((path: string) => unknown) | undefined;
      impl.scan = async (options) => {
        kept = options.onFound;
        options.onFound('a');
        await Promise.resolve(options.onFound('b'));
        return 2;
      };
      provide(b, files, impl);
      const f = consume(a, files);
      const found: string[] = [];
      assert.equal(await f.scan({ onFound: (path) => void found.push(path) }), 2);
      assert.deepEqual(found, ['a', 'b']);
      const error = await rejection(kept!('c') as Promise<unknown>);
      assert.equal(error.code, 'CLOSED');
      assert.include(error.message, 'retain()');
      assert.deepEqual(found, ['a', 'b']);
      assert.throws(() => retain(kept!), /retain\(\)/);
      assert.equal(await f.ask(async (text) => `you said ${text}`), 'you said who?!');
      const thrown = await rejection(f.ask(() => Promise.reject(new RangeError('no'))));
      assert.instanceOf(thrown, RangeError);
      assert.deepEqual([settledLoad(a), settledLoad(b)], [nothing, nothing]);
    }),
    'S5: a callback that is retained lives on, is the same function each time, and is released': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        provide(b, files, new FilesImpl());
        const f = consume(a, files);
        const got: string[] = [];
        const listener = (text: string): number => got.push(text);
        await f.listen(listener);
        assert.equal(a.load.references, 1);
        assert.deepEqual(await f.shout('one'), [1]);
        assert.deepEqual(await f.shout('two'), [2]);
        assert.isTrue(await f.unlisten(listener));
        assert.isFalse(await f.unlisten(listener));
        assert.deepEqual(await f.shout('three'), []);
        assert.deepEqual(got, ['one', 'two']);
        assert.deepEqual([settledLoad(a), settledLoad(b)], [nothing, nothing]);
      },
    ),
    'S5: functions in a result are kept until they are released': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      provide(b, files, new FilesImpl());
      const f = consume(a, files);
      const counter = await f.counter(5);
      assert.deepEqual(counter.more, { name: 'counter' });
      assert.deepEqual([await counter.next(), await counter.next()], [5, 6]);
      release(counter.next);
      release(counter.next);
      assert.equal((await rejection(counter.next())).code, 'CLOSED');
      await f.size('x');
      assert.deepEqual([settledLoad(a), settledLoad(b)], [nothing, nothing]);
    }),
    'S5: the end of a peer ends its callbacks, and 10,000 calls with fresh ones leave nothing behind': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        const impl = new FilesImpl();
        provide(b, files, impl);
        const f = consume(a, files);
        let count = 0;
        const total = kind.slow ? 10_000 : 500;
        for (let i = 0; i < total; i += 500) {
          await Promise.all(Array.from({ length: 500 }, () => f.scan({ onFound: () => void count++ })));
        }
        assert.equal(count, 2 * total);
        await f.size('x'); // behind it, the answers of the callbacks
        assert.deepEqual([settledLoad(a), settledLoad(b)], [nothing, nothing]);
        await f.listen(() => {});
        const [listener] = impl.listeners;
        const left = deferred();
        b.peers.on('leave', () => left.resolve());
        mesh.kill(a, 'crashed');
        await left.promise;
        assert.equal((await rejection(listener!('x') as Promise<unknown>)).code, 'CLOSED');
        assert.equal(b.load.references, 0);
      },
    ),
    'S5: a callback that nobody waits for does not bring the provider down by what it throws': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      provide(b, files, new FilesImpl());
      const f = consume(a, files);
      const result = await f.scan({
        onFound: () => {
          throw new Error('on purpose');
        },
      });
      assert.equal(result, 2);
    }),
    'an async iterable as a result: in order, ended early, and its error arrives': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const impl = new FilesImpl();
      provide(b, files, impl);
      const f = consume(a, files);
      const got: number[] = [];
      for await (const each of f.watch(3)) got.push(each);
      assert.deepEqual(got, [0, 1, 2]);
      for await (const each of f.watch(1e9)) if (each === 5) break;
      await f.size('x');
      assert.equal(impl.finished, 2);
      const error = await rejection(
        (async () => {
          for await (const each of f.watch(-1)) got.push(each);
        })(),
      );
      assert.instanceOf(error, RangeError);
      assert.deepEqual([settledLoad(a), settledLoad(b)], [nothing, nothing]);
    }),
    'an async iterable as an argument is taken from there': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      provide(b, files, new FilesImpl());
      const f = consume(a, files);
      let ended = false;
      const numbers = async function* () {
        try {
          for (let i = 1; i <= 100; i++) yield i;
        } finally {
          ended = true;
        }
      };
      assert.equal(await f.sum(numbers()), 5050);
      assert.isTrue(ended);
      assert.deepEqual([settledLoad(a), settledLoad(b)], [nothing, nothing]);
    }),
    'a time-out, and an abort, reject, and the provider is told': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const impl = new FilesImpl();
      provide(b, files, impl);
      const f = consume(a, files);
      const late = await rejection(f.$with({ timeout: 40 }).wait());
      assert.equal(late.code, 'TIMEOUT');
      assert.include(late.message, 'files.wait()');
      assert.include(late.message, ' $with({ timeout })');
      impl.waiting = deferred();
      const controller = new AbortController();
      const pending = f.$with({ signal: controller.signal }).wait();
      await impl.waiting.promise;
      controller.abort();
      assert.equal((await rejection(pending)).code, 'ABORTED');
      await f.size('x');
      assert.deepEqual([settledLoad(a), settledLoad(b)], [nothing, nothing]);
    }),
    'S7: the same major and a newer minor will do; else both versions are told': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const provided = provide(b, files, new FilesImpl());
      assert.equal(await consume(a, defineService<Files>('files', { version: '1.1' })).size('x'), 1);
      assert.equal(await consume(a, defineService<Files>('files')).size('x'), 1);
      const got: string[] = [];
      const errors: unknown[] = [];
      a.onError((error) => errors.push(error));
      for (const version of ['1.3', '2.0', '0.9', '2']) {
        const g = consume(a, defineService<Files, FileEvents>('files', { version }));
        const error = await rejection(g.size('x'));
        assert.equal(error.code, 'VERSION_MISMATCH');
        assert.include(error.message, `'${version}'`);
        assert.include(error.message, `${b.self.name} (${b.self.id}) has '1.2'`);
        assert.equal((await rejection(g.$ready())).code, 'VERSION_MISMATCH');
        await g.$subscribe('changed', (path) => got.push(path));
      }
      provided.emit('changed', 'x', 1);
      await b.drain();
      assert.deepEqual(got, []);
      assert.deepEqual(
        errors.map((each) => MeshError.is(each, 'VERSION_MISMATCH')),
        [true, true, true, true],
      );
    }),
    'several providers take turns, or one is chosen': inMesh(async (mesh) => {
      const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => mesh.join(name)));
      const who = defineService<{ name(): string }>('who');
      for (const bus of [b!, c!]) provide(bus, who, { name: () => bus.self.name });
      const f = consume(a!, who);
      await f.$ready();
      assert.equal((await f.$status()).providers.length, 2);
      const names = await Promise.all(Array.from({ length: 10 }, () => f.name()));
      assert.equal(names.filter((name) => name === 'b').length, 5);
      assert.equal(await consume(a!, who, { from: 'c' }).name(), 'c');
      assert.equal(await consume(a!, who, { from: b!.self }).name(), 'b');
    }),
    'both ways at once: who provides also uses, and calls back from within a call': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      interface Ping {
        ping(depth: number): Promise<string>;
      }
      const [one, two] = [defineService<Ping>('one'), defineService<Ping>('two')];
      const [toOne, toTwo] = [consume(b, one), consume(a, two)];
      provide(a, one, { ping: async (depth) => `1${depth > 0 ? await toTwo.ping(depth - 1) : ''}` });
      provide(b, two, { ping: async (depth) => `2${depth > 0 ? await toOne.ping(depth - 1) : ''}` });
      assert.equal(await toTwo.ping(9), '2121212121');
    }),
    'what moves with an argument arrives, and is gone here': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      provide(b, files, new FilesImpl());
      const bytes = new Uint8Array(10);
      assert.equal(await consume(a, files).take(transfer(bytes, [bytes.buffer])), 10);
      assert.equal(bytes.length, 0);
    }),
    'a method whose argument, result, or item can not be sent rejects alone, and says which it was': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        interface Odd {
          give(what?: unknown): Promise<unknown>;
          ask(callback: () => unknown): Promise<unknown>;
          items(): AsyncIterable<unknown>;
          take(items: AsyncIterable<unknown>): Promise<void>;
        }
        const odd = defineService<Odd>('odd');
        async function* items(): AsyncIterable<unknown> {
          yield Symbol('no');
        }
        const take = async (given: AsyncIterable<unknown>): Promise<void> => {
          for await (const item of given) assert.fail(String(item));
        };
        provide(b, odd, { give: async () => Symbol('no'), ask: (callback) => callback(), items, take } as Odd);
        const f = consume(a, odd);
        const calls: [run: () => Promise<unknown>, says: RegExp][] = [
          [() => f.give(), /^odd\.give\(\): its result can't be sent: /],
          [() => f.give(Symbol('no')), /^odd\.give\(\) to b .*: an argument can't be sent: /],
          [() => f.ask(() => Symbol('no')), /^callback: its result can't be sent: /],
          [() => take(f.items()), /^odd\.items\(\): an item of its stream can't be sent: /],
          [() => f.take(items()), /^iterable: an item of its stream can't be sent: /],
        ];
        for (const [run, says] of calls) {
          const { code, message } = await rejection(run());
          assert.equal(code, 'NOT_CLONEABLE');
          assert.match(message, says);
        }
        assert.deepEqual([settledLoad(a), settledLoad(b)], [nothing, nothing]);
      },
    ),
    'M25: a grant says which services a peer may use, and provide': inMesh(async (mesh) => {
      const a = await mesh.join('a', { send: [], receive: [], services: ['files'], provides: [] });
      const [b, c] = [await mesh.join('b'), await mesh.join('c', { services: [] })];
      const provided = provide(b, files, new FilesImpl());
      const f = consume(a, files);
      const got: string[] = [];
      await f.$subscribe('changed', (path) => got.push(path));
      assert.equal(await f.ask(async () => 'granted'), 'granted!');
      provided.emit('changed', 'x', 1);
      await b.drain();
      assert.deepEqual(got, ['x']);
      const code = (run: () => unknown): unknown => {
        try {
          return run();
        } catch (error) {
          return (error as MeshError).code;
        }
      };
      assert.equal(
        code(() => provide(a, files, new FilesImpl())),
        'NOT_AUTHORIZED',
      );
      assert.equal((await rejection(consume(a, defineService<Files>('other')).size('x'))).code, 'NOT_AUTHORIZED');
      assert.equal((await rejection(consume(c, files).size('x'))).code, 'NOT_AUTHORIZED');
      assert.equal(
        code(() => consume(c, files).$on('changed', () => {})),
        'NOT_AUTHORIZED',
      );
      assert.equal(
        code(() => provide(c, files, new FilesImpl())),
        'NOT_AUTHORIZED',
      );
    }),
    'M25: a peer that may provide a service, and use none, provides it': inMesh(async (mesh) => {
      const a = await mesh.join('a', { send: [], receive: [], services: [], provides: ['files'] });
      const b = await mesh.join('b');
      const provided = provide(a, files, new FilesImpl());
      const got: string[] = [];
      await consume(b, files).$subscribe('changed', (path) => got.push(path));
      assert.equal(await consume(b, files).size('abc'), 3);
      provided.emit('changed', 'x', 1);
      await a.drain();
      assert.deepEqual(got, ['x']);
    }),
    'M25: a peer that may only use a service is not taken for a provider, though it speaks the wire by hand': inMesh(
      async (mesh) => {
        const b = await mesh.join('b');
        const refused = deferred();
        b.onError((error, { channel }) => {
          if ((error as MeshError).code === 'NOT_AUTHORIZED' && channel === 'service:files/changed') refused.resolve();
        });
        const f = consume(b, files);
        f.$on('changed', () => assert.fail('its event was taken'));
        const hostile = await mesh.joinByHand('hostile', { services: ['files'], provides: [] });
        const link = await hostile.link(b.self.id);
        link.start({ message() {}, unreadable() {}, close() {} });
        link.post([
          ...[0, wire.CHANGES, 1, 4, HANDLE, 'service:files', HANDLE, 'other'],
          ...[wire.EVENT, 'service:files/changed', 3, undefined, 'x', 1],
        ]);
        await refused.promise;
        assert.lengthOf(b.peers.handling('other'), 1);
        assert.lengthOf(b.peers.handling('service:files'), 0);
        hostile.close();
        link.close();
      },
    ),
    'M25: references of one peer are nothing to another one, and what makes no sense does no harm': inMesh(
      async (mesh) => {
        const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => mesh.join(name)));
        const impl = new FilesImpl();
        provide(b!, files, impl);
        let called = 0;
        await consume(a!, files).listen(() => called++);
        await consume(c!, files).ask(async () => 'has references too');
        for (const id of [0, -1, 'x', null, undefined, 0.5, [1], { 0: 1 }]) {
          await rejection(c!.to(a!.self).request('service:', undefined, id));
          await rejection(b!.to(a!.self).request('service:', undefined, id));
        }
        // Its owner numbers them: somewhere among these is the one that is kept.
        for (let id = 1; id < 100; id++) {
          assert.equal((await rejection(c!.to(a!.self).request('service:', undefined, id))).code, 'CLOSED');
          await rejection(c!.to(a!.self).request('service:', undefined, id, -1));
        }
        await c!.drain();
        for (const references of [
          5,
          'x',
          null,
          [],
          ['x'],
          {},
          { 0: 'x' },
          { 0: 1.5 },
          { 0: 0 },
          { 1: 1 },
          { x: 1 },
          { 0: 1, 9: 2 },
        ]) {
          const error = await rejection(a!.request('service:files', references, 'size', '1.2', { length: 1 }));
          assert.equal(error.code, 'PROTOCOL', JSON.stringify(references));
        }
        for (const method of [[], [[]], 0, 'size@1.2']) {
          assert.equal((await rejection(a!.request('service:files', undefined, method, '1.2'))).code, 'NO_METHOD');
        }
        assert.equal(called, 0);
        await Promise.all([...impl.listeners].map((each) => each('still there')));
        assert.equal(called, 1);
      },
    ),
  });
  return [...own, ...stoppedContract(kind), ...untakenContract(kind)];
}
