import { transfer, type Bus, type Peer } from 'portmesh';
import {
  consume,
  currentCall,
  defineService,
  provide,
  retain,
  type Provided,
  type Remote,
  type ServiceStatus,
} from 'portmesh/service';
import { describe, expectTypeOf, test } from 'vitest';

interface Change {
  readonly path: string;
}

interface Files {
  /** Reads a file. */
  read(path: string): Promise<Uint8Array>;
  write(path: string, bytes: Uint8Array): Promise<void>;
  size(path: string): number;
  names(paths: readonly string[]): readonly string[];
  watch(path: string): AsyncIterable<Change>;
  scan(dir: string, options: { onFound(path: string): void }): Promise<number>;
  find(id: number): Promise<Change>;
  find(path: string): Promise<Change[]>;
  count(kind: 'all'): number;
  count(kind: 'by-name', name: string): string;
  same<T extends string>(value: T): Promise<T>;
  optional?(path: string): number;
  rest(first: string, ...more: number[]): Promise<void>;
  maybe(path: string, limit?: number): Promise<void>;
  nothing(): void;
  never(): never;
  _private(): number;
  readonly notCallable: string;
}

interface Events {
  changed: [path: string, size: number];
  idle: [];
}

declare const bus: Bus<{ 'doc:saved': (id: string) => void }>;
const files = defineService<Files, Events>('files', { version: '1.2' });
const f = consume(bus, files, { timeout: 1000 });

describe('consume', () => {
  test('gives the methods: what is asynchronous as it is, the rest with promises', () => {
    expectTypeOf(f.read('a')).not.toBeAny();
    expectTypeOf(f.read('a')).toEqualTypeOf<Promise<Uint8Array>>();
    expectTypeOf(f.size('a')).not.toBeAny();
    expectTypeOf(f.size('a')).toEqualTypeOf<Promise<number>>();
    expectTypeOf(f.names(['a'] as const)).toEqualTypeOf<Promise<readonly string[]>>();
    expectTypeOf(f.watch('a')).not.toBeAny();
    expectTypeOf(f.watch('a')).toEqualTypeOf<AsyncIterable<Change>>();
    expectTypeOf(f.scan('a', { onFound: (path) => void path.length })).toEqualTypeOf<Promise<number>>();
    expectTypeOf(f.nothing()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(f.never).returns.toEqualTypeOf<Promise<never>>();
    expectTypeOf(f.rest('a', 1, 2)).toEqualTypeOf<Promise<void>>();
    expectTypeOf(f.maybe('a')).toEqualTypeOf<Promise<void>>();
  });

  test('keeps overloads and generics', () => {
    expectTypeOf(f.find(1)).toEqualTypeOf<Promise<Change>>();
    expectTypeOf(f.find('a')).toEqualTypeOf<Promise<Change[]>>();
    expectTypeOf(f.count('all')).toEqualTypeOf<Promise<number>>();
    expectTypeOf(f.count('by-name', 'a')).toEqualTypeOf<Promise<string>>();
    expectTypeOf(f.same('literal')).toEqualTypeOf<Promise<'literal'>>();
  });

  test('lets optional methods be called, and is not to be awaited itself', () => {
    expectTypeOf(f.optional('a')).toEqualTypeOf<Promise<number>>();
    expectTypeOf(f).not.toHaveProperty('then');
    expectTypeOf<Awaited<typeof f>>().toEqualTypeOf<Remote<Files, Events>>();
  });

  test('takes what moves, where something can', () => {
    const bytes = new Uint8Array(1);
    void f.write('a', transfer(bytes, [bytes.buffer]));
    // @ts-expect-error marked, it still has to be the right thing
    void f.write('a', transfer('b', []));
    // @ts-expect-error a text can't move
    void f.read(transfer('a', []));
  });

  test('takes nothing else', () => {
    // @ts-expect-error no such method
    void f.reed('a');
    // @ts-expect-error an argument is missing
    void f.read();
    // @ts-expect-error one too many
    void f.read('a', 'b');
    // @ts-expect-error a number is no path
    void f.read(1);
    // @ts-expect-error neither of the overloads
    void f.find(true);
    // @ts-expect-error neither of the overloads
    void f.count('by-name');
    // @ts-expect-error a private one
    void f._private();
    // @ts-expect-error no method
    void f.notCallable;
    // @ts-expect-error a callback of another kind
    void f.scan('a', { onFound: (path: number) => void path });
    // @ts-expect-error it can't be changed
    f.read = async () => new Uint8Array();
    // @ts-expect-error there is no such option
    consume(bus, files, { timeOut: 1 });
    // @ts-expect-error no service
    consume(bus, { name: 'files' });
    // @ts-expect-error no bus
    consume({}, files);
  });

  test('types events, and what handles have besides', () => {
    expectTypeOf(
      f.$on('changed', (path, size) => {
        expectTypeOf(path).toEqualTypeOf<string>();
        expectTypeOf(size).toEqualTypeOf<number>();
      }),
    ).toExtend<Remote<Files, Events>>();
    f.$once('idle', () => {}).$off('idle', () => {});
    f.$on('$start', (peer) => expectTypeOf(peer).toEqualTypeOf<Peer>());
    expectTypeOf(f.$available).toEqualTypeOf<boolean>();
    expectTypeOf(f.$status()).toEqualTypeOf<Promise<ServiceStatus>>();
    expectTypeOf(f.$with({ timeout: 5 })).toEqualTypeOf<Remote<Files, Events>>();
    // @ts-expect-error no such event
    f.$on('chnaged', () => {});
    // @ts-expect-error an event with other arguments
    f.$on('changed', (path: number) => void path);
    // @ts-expect-error no such option
    f.$with({ wait: 5 });
  });
});

class FilesImpl {
  async read(path: string) {
    return new TextEncoder().encode(path);
  }
  write = async (_path: string, _bytes: Uint8Array): Promise<void> => {};
  size(path: string) {
    return path.length;
  }
  names(paths: readonly string[]) {
    return paths;
  }
  async *watch(path: string): AsyncGenerator<Change> {
    yield { path };
  }
  async scan(dir: string, { onFound }: { onFound(path: string): void }) {
    retain(onFound)(dir);
    return 1;
  }
  find(id: number): Promise<Change>;
  find(path: string): Promise<Change[]>;
  async find(what: number | string): Promise<Change | Change[]> {
    return typeof what === 'number' ? { path: '' } : [];
  }
  count(kind: 'all'): number;
  count(kind: 'by-name', name: string): string;
  count(kind: string): number | string {
    return kind;
  }
  async same<T extends string>(value: T) {
    expectTypeOf(currentCall().sender).toEqualTypeOf<Peer>();
    return value;
  }
  async rest(_first: string, ..._more: number[]) {}
  async maybe(_path: string, _limit?: number) {}
  nothing() {}
  never(): never {
    throw new Error();
  }
}

describe('provide', () => {
  test('takes an implementation, synchronous or not, and types its events', () => {
    const provided = provide(bus, files, new FilesImpl());
    expectTypeOf(provided).toEqualTypeOf<Provided<Events>>();
    provided.emit('changed', 'a', 1);
    provided.emit('idle');
    // @ts-expect-error no such event
    provided.emit('chnaged', 'a', 1);
    // @ts-expect-error an argument is missing
    provided.emit('changed', 'a');
    // @ts-expect-error of another type
    provided.emit('changed', 'a', '1');
    provide(bus, files, new FilesImpl(), { methods: ['read'] });
    // @ts-expect-error no such method
    provide(bus, files, new FilesImpl(), { methods: ['reed'] });
  });

  test('gives the types of arguments to an object literal', () => {
    interface Small {
      add(a: number, b: number): number;
      list(count: number): AsyncIterable<number>;
      bytes(): Promise<Uint8Array>;
    }
    const small = defineService<Small>('small');
    provide(bus, small, {
      add: (a, b) => {
        expectTypeOf(a).toEqualTypeOf<number>();
        return a + b;
      },
      async *list(count) {
        expectTypeOf(count).toEqualTypeOf<number>();
        yield count;
      },
      bytes: async () => transfer(new Uint8Array(1), []),
    });
    // @ts-expect-error a method is missing
    provide(bus, small, { add: (a: number, b: number) => a + b, bytes: () => new Uint8Array() });
    // @ts-expect-error a result of another type
    provide(bus, small, { add: () => 'no', list: async function* () {}, bytes: () => new Uint8Array() });
    // @ts-expect-error items of another type
    provide(bus, small, { add: (a) => a, list: async function* () { yield 'no'; }, bytes: () => new Uint8Array() }); // prettier-ignore
    // @ts-expect-error an argument of another type
    provide(bus, small, { add: (a: string) => a.length, list: async function* () {}, bytes: () => new Uint8Array() });
    class Incomplete {
      find(id: number): Promise<Change>;
      find(path: string): Promise<string>;
      async find(): Promise<never> {
        throw new Error();
      }
    }
    const finding = defineService<Pick<Files, 'find'>>('finding');
    // @ts-expect-error one overload returns something else
    provide(bus, finding, new Incomplete());
  });

  test('gives of a stream what arrives: that items can be taken from it', () => {
    interface Streams {
      plain(): AsyncIterable<number>;
      later(): Promise<AsyncIterable<number>>;
      generator(from: number): AsyncGenerator<number, string>;
      readable(): ReadableStream<number>;
      readableLater(): Promise<ReadableStream<number>>;
      perhaps(): Promise<ReadableStream<number> | undefined>;
      of<T>(items: T[]): AsyncIterable<T>;
      lazily(): Generator<number, string>;
      valuesLater(): Promise<IterableIterator<string>>;
      list(): Set<number>;
    }
    const s = consume(bus, defineService<Streams>('streams'));
    expectTypeOf(s.plain).toEqualTypeOf<Streams['plain']>();
    expectTypeOf(s.later).toEqualTypeOf<Streams['later']>();
    expectTypeOf(s.generator(1)).toEqualTypeOf<AsyncIterable<number>>();
    expectTypeOf(s.readable).toEqualTypeOf<() => AsyncIterable<number>>();
    expectTypeOf(s.readableLater).toEqualTypeOf<() => Promise<AsyncIterable<number>>>();
    expectTypeOf(s.perhaps).toEqualTypeOf<() => Promise<AsyncIterable<number> | undefined>>();
    expectTypeOf(s.of(['a'])).toEqualTypeOf<AsyncIterable<string>>();
    expectTypeOf(s.lazily).toEqualTypeOf<() => AsyncIterable<number>>();
    expectTypeOf(s.valuesLater).toEqualTypeOf<() => Promise<AsyncIterable<string>>>();
    expectTypeOf(s.list).toEqualTypeOf<() => Promise<Set<number>>>();
    // @ts-expect-error no generator arrives
    void s.generator(1).next;
    // @ts-expect-error nor a ReadableStream
    void s.readable().getReader;
  });

  test('takes for a stream whatever arrives as one', () => {
    const lists = defineService<{ list(): AsyncIterable<number> }>('lists');
    provide(bus, lists, { list: () => [1, 2] });
    provide(bus, lists, { list: async () => new Set([1, 2]) });
    provide(bus, lists, { *list() { yield 1; } }); // prettier-ignore
    provide(bus, lists, { list: () => new Map([['a', 1]]).values() });
    provide(bus, lists, { list: () => new ReadableStream<number>() });
    class Range {
      *[Symbol.iterator]() {
        yield 1;
      }
    }
    // @ts-expect-error it would arrive as a plain object
    provide(bus, lists, { list: () => new Range() });
    // @ts-expect-error items of another type
    provide(bus, lists, { list: () => ['a'] });
  });

  test('takes events that are lists of arguments only', () => {
    // @ts-expect-error no list
    defineService<Files, { changed: string }>('files');
    // @ts-expect-error no such option
    defineService<Files>('files', { versoin: '1.2' });
  });
});
