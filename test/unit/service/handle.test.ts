import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../../src/core/bus/bus.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { consume, currentCall, defineService, provide } from '../../../src/service/index.js';
import { TestMesh } from '../../contract/mesh.js';

interface Files {
  read(path: string): Promise<string>;
}
interface Events {
  changed: [path: string];
}
const files = defineService<Files, Events>('files', { version: '1.0' });

let mesh: TestMesh;
let a: Bus;
let b: Bus;
beforeEach(async () => {
  mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  [a, b] = [await mesh.join('a'), await mesh.join('b')];
});
afterEach(() => mesh.close());

describe('a handle', () => {
  it('S1: is not thenable, has each method as one function, and answers `in`', async () => {
    const f = consume(a, files);
    expect((f as { then?: unknown }).then).toBeUndefined();
    expect(await Promise.resolve(f)).toBe(f);
    expect(f.read).toBe(f.read);
    expect('read' in f).toBe(true);
    expect('$on' in f).toBe(true);
    for (const name of ['then', '_private', 'constructor', '__proto__', 'toString']) expect(name in f).toBe(false);
    expect(`${f as unknown as string}`).toBe('[service files]');
    expect(JSON.stringify({ f })).toBe('{"f":{}}');
    expect(() => ((f as { read: unknown }).read = 1)).toThrow(/can be called, not changed/);
    expect(Object.keys(f)).toEqual([]);
    expect(structuredClone({ ...f })).toEqual({});
  });

  it('knows of nobody when its bus has ended', async () => {
    provide(b, files, { read: async (path) => path });
    const f = consume(a, files);
    await f.$ready();
    expect(f.$available).toBe(true);
    await a.close();
    expect(f.$available).toBe(false);
    await expect(f.read('x')).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('stays where it is: sent anywhere, in whatever, it says what to do instead', async () => {
    const f = consume(a, files);
    const asked = defineService<{ take(what: unknown): void; give(): Promise<object> }>('asked');
    provide(b, asked, { take() {}, give: async () => ({ deep: [consume(b, files)] }) });
    const g = consume(a, asked);
    await g.$ready();
    const refusal = {
      code: 'NOT_CLONEABLE',
      message: expect.stringMatching(/the handle of service files stays here. Call consume\(\) there/) as string,
    };
    for (const what of [f, { f }, [{ f, callback() {} }], f.$with({}), new Map([[1, f]])]) {
      await expect(g.take(what)).rejects.toMatchObject(refusal);
    }
    await expect(g.give()).rejects.toMatchObject(refusal);
    b.handle('any', () => {});
    await expect(a.with({ wait: 5_000 }).request('any', f)).rejects.toMatchObject(refusal);
    expect(() => structuredClone(f)).toThrow(/could not be cloned/);
    expect(inspect(f)).toBe('service files {}');
    expect(a.load).toMatchObject({ references: 0, calls: 0 });
  });

  it('$with keeps the options that are not given, and the listeners', async () => {
    const provided = provide(b, files, { read: async (path) => path });
    const f = consume(a, files, { timeout: 5_000 });
    const got: string[] = [];
    const g = f.$with({ signal: new AbortController().signal });
    await g.$subscribe('changed', (path) => got.push(path));
    provided.emit('changed', 'x');
    await b.drain();
    f.$close();
    provided.emit('changed', 'y');
    await b.drain();
    expect(got).toEqual(['x']);
    expect(await g.$with({ timeout: 100 }).read('z')).toBe('z');
  });

  it('forwards the events of an implementation that is an emitter, until it is stopped', async () => {
    class Impl extends EventEmitter {
      async read(path: string) {
        this.emit('changed', path);
        return path;
      }
    }
    const impl = new Impl();
    const errors: unknown[] = [];
    b.onError((error) => errors.push(error));
    const provided = provide(b, files, impl);
    const got: string[] = [];
    const f = consume(a, files);
    await f.$subscribe('changed', (path) => got.push(path));
    await f.read('one');
    impl.emit('changed', () => 'not to be sent');
    expect(errors).toMatchObject([{ code: 'NOT_CLONEABLE' }]);
    provided.stop();
    impl.emit('changed', 'two');
    await b.drain();
    expect(got).toEqual(['one']);
    expect(Object.hasOwn(impl, 'emit')).toBe(false);
  });

  it('tells a method who calls, before its first await, and nobody anywhere else', async () => {
    const seen: unknown[] = [];
    provide(b, files, {
      async read(path) {
        seen.push(currentCall().sender.name, currentCall().signal.aborted);
        await Promise.resolve();
        expect(() => currentCall()).toThrow(/before its first await/);
        return path;
      },
    });
    expect(await consume(a, files).read('x')).toBe('x');
    expect(seen).toEqual(['a', false]);
    expect(() => currentCall()).toThrow(/before its first await/);
  });

  it('says what is wrong with what it is given, and what to do', async () => {
    const f = consume(a, files);
    expect(() => defineService('')).toThrow(/defineService\(''\): a name is a text/);
    expect(() => defineService('a/b')).toThrow(/without '\/'/);
    expect(() => defineService('a', { version: 'x' })).toThrow(/version 'x': give 'MAJOR.MINOR'/);
    expect(() => defineService('a', { verison: '1' } as never)).toThrow(/verison }\): the options are version, schema/);
    expect(() => consume({} as never, files)).toThrow(/the first argument is a bus/);
    expect(() => provide(a.to('b') as never, files, { read: async () => '' })).toThrow(/the first argument is a bus/);
    expect(() => consume(a, {} as never)).toThrow(/what defineService\(\) returned/);
    expect(() => consume(a, files, { timeout: -1 })).toThrow(/consume\('files', { timeout: -1 }\): give milliseconds/);
    expect(() => consume(a, files, { peer: 'x' } as never)).toThrow(/peer }\): the options are timeout, signal, from/);
    expect(() => f.$with({ from: 'x' } as never)).toThrow(/files\.\$with\({ from }\): the options are timeout, signal/);
    expect(() => f.$on('changed', 5 as never)).toThrow(/files\.\$on\('changed'\): the listener is a function/);
    expect(() => provide(b, files, 5 as never)).toThrow(/the implementation is an object/);
    const provided = provide(b, files, { read: async () => '' });
    expect(() => provide(b, files, { read: async () => '' })).toThrow(/provides it already. Call stop\(\)/);
    expect(() => provided.emit('$start' as 'changed', 'x')).toThrow(/an event's name/);
    provided.stop();
    expect(() => provided.emit('changed', 'x')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    await a.close();
    await expect(f.read('x')).rejects.toMatchObject({ code: 'CLOSED' });
    expect(() => f.$on('changed', () => {})).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });

  it('forgets a callback of a result that nobody holds any more', async () => {
    const counters = defineService<{ make(): Promise<() => Promise<number>> }>('counters');
    provide(b, counters, { make: async () => async () => 7 });
    const f = consume(a, counters);
    const use = async (): Promise<number> => (await f.make())();
    expect(await use()).toBe(7);
    expect(b.load.references).toBe(1);
    const { setFlagsFromString } = await import('node:v8');
    setFlagsFromString('--expose-gc');
    const { runInNewContext } = await import('node:vm');
    const gc = runInNewContext('gc') as () => void;
    await expect
      .poll(() => {
        gc();
        return [a.load.references, b.load.references];
      })
      .toEqual([0, 0]);
  });
});

describe('bad input is refused where it is given', () => {
  const given = (value: unknown) => value as never;
  const refused = { code: 'INVALID_ARGUMENT' };
  const checks = (call: () => unknown, text: RegExp) => {
    expect(call).toThrow(text);
    expect(call).toThrow(expect.objectContaining(refused));
  };

  it('provide: an option that is none would leave every method open', () => {
    const impl = { read: async (path: string) => path };
    checks(() => provide(b, files, impl, given({ method: ['read'] })), /provide\('files', implementation, { method }/);
    checks(() => provide(b, files, impl, given(null)), /give an object/);
    provide(b, files, impl).stop();
  });

  it('defineService: a schema in the wrong place would let everything pass', () => {
    const schema = { '~standard': { version: 1, vendor: 'none', validate: () => ({ issues: [] }) } };
    for (const wrong of [
      { method: { read: { args: schema } } },
      { methods: { read: schema } },
      { methods: { read: { arguments: schema } } },
      { methods: { read: 'args' } },
      { methods: 'read' },
      schema,
      'methods',
      null,
    ]) {
      checks(() => defineService('checked', given({ schema: wrong })), /^defineService\('checked', schema/);
    }
    defineService('checked', given({ schema: { methods: { read: undefined }, events: undefined } }));
  });

  it('consume: the option that is wrong is named', () => {
    for (const from of ['', 5, {}]) checks(() => consume(a, files, given({ from })), /^consume\('files', { from }\): /);
  });

  it('$on: no service tells events that begin with $', () => {
    checks(() => consume(a, files).$on(given('$started'), () => {}), /\$started/);
    consume(a, files)
      .$on('$start', () => {})
      .$on('$stop', () => {})
      .$close();
  });

  it('an implementation that can not be changed is provided, without the events that it emits', async () => {
    const frozen = Object.freeze({ emit: () => true, on() {}, read: async (path: string) => path });
    const provided = provide(b, files, frozen);
    expect(await consume(a, files).read('x')).toBe('x');
    provided.stop();
    provide(b, files, frozen);
  });

  it('a call whose argument throws as it is looked at rejects, as every other one that can not be sent', async () => {
    provide(b, files, { read: async (path) => path });
    const thrower = {
      get path(): string {
        throw new RangeError('no');
      },
    };
    await expect(consume(a, files).read(given(thrower))).rejects.toThrow('no');
  });
});
