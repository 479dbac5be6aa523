import { beforeAll, describe, expect, it } from 'vitest';
import type { Place, World } from './support/place.js';
import { kinds, type Kind } from './support/places.js';
import { usePlaces } from './support/set-up.js';

// What services promise, between every two kinds of places: one of each provides, another one uses.

const places = usePlaces({ per: 'suite' });
const providers = new Map<Kind, Place>();
const users = new Map<Kind, Place>();

beforeAll(async () => {
  for (const kind of kinds) {
    providers.set(kind, await places.make(kind, `provider, ${kind}`));
    // Of main there is one.
    users.set(kind, kind === 'main' ? providers.get(kind)! : await places.make(kind, `user, ${kind}`));
  }
}, 60_000);

const pairs = kinds.flatMap((provider) =>
  kinds.filter((user) => user !== 'main' || provider !== 'main').map((user) => [provider, user] as const),
);

interface Things {
  size(path: string): Promise<number>;
  wait(): Promise<never>;
  waits(): Promise<number>;
  scan(options: { deep: { onFound(path: string): number }[] }): Promise<number>;
  again(): Promise<unknown>;
  keep(options: { listener(text: string): string }): Promise<void>;
  tell(text: string): Promise<string>;
  drop(): Promise<void>;
  counter(start: number): Promise<{ next(): Promise<number> }>;
}

/** Provides it there, as the world's `provided`. Each provider counts its own waits. */
function provideThings(world: World, name: string): void {
  const { lab, bus } = world;
  let waits = 0;
  let found: ((path: string) => Promise<number>) | undefined;
  let listener: ((text: string) => Promise<string>) | undefined;
  const implementation = {
    size: (path: string) => path.length,
    wait: () => new Promise(() => waits++),
    waits: () => waits,
    async scan({ deep }: { deep: { onFound(path: string): Promise<number> }[] }) {
      found = deep[0]!.onFound;
      return (await found('a')) + (await found('b'));
    },
    again: () => found!('late').catch((error: { code: string }) => error.code),
    keep: (options: { listener(text: string): Promise<string> }) => void (listener = lab.retain(options.listener)),
    tell: (text: string) => listener!(text),
    drop: () => lab.release(listener!),
    counter(start: number) {
      let next = start;
      return { next: () => next++ };
    },
    _private: () => waits++,
    get accessor() {
      return () => waits++;
    },
  };
  const service = lab.defineService<typeof implementation>(name, { version: '1.2' });
  world['provided'] = lab.provide(bus, service, implementation as never);
}

function stop(world: World): void {
  (world['provided'] as { stop(): void }).stop();
}

describe.each(pairs)('a service that a %s provides and a %s uses', (one, other) => {
  const name = `things of ${one}, for ${other}`;
  const sides = (): [provider: Place, user: Place] => [providers.get(one)!, users.get(other)!];

  it('S3: used before it is there, stopped, provided again: waits, rejects once, works again, replays nothing', async () => {
    const [provider, user] = sides();
    await user.run((world, called) => {
      const { lab, bus } = world;
      const f = lab.consume(bus, lab.defineService<Things>(called), { timeout: 10_000 });
      const news: string[] = [];
      f.$on('$start', () => news.push('start'));
      f.$on('$stop', (_, reason) => news.push(`stop ${reason}`));
      Object.assign(world, { f, news, was: f.$available, early: f.size('abc') });
    }, name);
    await provider.run(provideThings, name);
    const early = await user.run(async (world) => {
      const f = world['f'] as Things & { $available: boolean };
      const early = await world['early'];
      world['settled'] = 0;
      world['pending'] = f
        .wait()
        .finally(() => (world['settled'] = Number(world['settled']) + 1))
        .catch(
          (error: { code: string; message: string }) => `${error.code} ${error.message.includes('its provider, ')}`,
        );
      return [world['was'], early, f.$available, await f.waits()];
    });
    expect(early).toEqual([false, 3, true, 1]);
    await provider.run(stop);
    await provider.run(provideThings, name);
    const later = await user.run(async (world) => {
      const f = world['f'] as Things & {
        $status(): Promise<{ providers: { version: string }[] }>;
        $close(): void;
      };
      const pending = await world['pending'];
      const after = [pending, await f.size('abcd'), await f.waits(), world['settled']];
      const { providers: those } = await f.$status();
      f.$close();
      return [...after, world['news'], those.map(({ version }) => version)];
    });
    expect(later).toEqual(['NO_SERVICE true', 4, 0, 1, ['start', 'stop undefined', 'start'], ['1.2']]);
    await provider.run(stop);
  });

  it('S2, S5, S7: what is no method is refused; callbacks nested in options live as long as they may; versions', async () => {
    const [provider, user] = sides();
    await provider.run(provideThings, name);
    const outcome = await user.run(async ({ lab, bus }, called) => {
      const use = (version: string): Things =>
        lab.consume(bus, lab.defineService<Things>(called, { version }), { timeout: 10_000 });
      const f = use('1.1');
      await (f as unknown as { $ready(): Promise<void> }).$ready();
      const code = ({ code: which }: { code: string }): string => which;
      const refused: unknown[] = [];
      for (const each of ['toString', 'constructor', '__proto__', '_private', 'accessor', 'none']) {
        refused.push(await (f as never as Record<string, () => Promise<never>>)[each]!().catch(code));
      }
      refused.push(await bus.request(`service:${called}`, undefined, ['size'], undefined, 'x').catch(code));
      const got: string[] = [];
      const scanned = await f.scan({ deep: [{ onFound: (path) => got.push(path) }] });
      const late = await f.again();
      await f.keep({ listener: (text) => `heard ${text}` });
      const kept = [await f.tell('one'), await f.tell('two')];
      const held = bus.load.references;
      await f.drop();
      const counter = await f.counter(5);
      const counted = [await counter.next(), await counter.next()];
      lab.release(counter.next);
      counted.push((await counter.next().catch(code)) as never);
      const mismatched = await use('1.3').size('x').catch(String);
      const major = await use('2.0').size('x').catch(code);
      const { calls, references } = bus.load;
      return { refused, scanned, got, late, kept, held, counted, mismatched, major, calls, references };
    }, name);
    const { mismatched, ...rest } = outcome as { mismatched: string };
    expect(rest).toEqual({
      refused: Array(7).fill('NO_METHOD'),
      scanned: 3,
      got: ['a', 'b'],
      late: 'CLOSED',
      kept: ['heard one', 'heard two'],
      held: 1,
      counted: [5, 6, 'CLOSED'],
      major: 'VERSION_MISMATCH',
      calls: 0,
      references: 0,
    });
    expect(mismatched).toMatch(/1\.3.*1\.2/s);
    await provider.run(stop);
    expect(await provider.run(({ bus }) => bus.load.references)).toBe(0);
  });

  it('S6: an argument that does not fit rejects at the provider, a result at the user, with the path', async () => {
    const [provider, user] = sides();
    /** A service with schemas, as a Standard Schema library would make them. */
    const define = (world: World, called: string): void => {
      const schema = (what: string, fits: (value: unknown) => boolean, path: PropertyKey[]) => ({
        '~standard': {
          version: 1 as const,
          vendor: 'by hand',
          validate: (value: unknown) => (fits(value) ? { value } : { issues: [{ message: `no ${what}`, path }] }),
        },
      });
      const args = schema('number', (given) => typeof (given as [{ n: unknown }])[0].n === 'number', [0, 'n']);
      const result = schema('text', (given) => typeof given === 'string', ['deep']);
      const options = { schema: { methods: { echo: { args, result } } } as never };
      world['checked'] = world.lab.defineService(`${called}, checked`, options);
    };
    await provider.run(define, name);
    await user.run(define, name);
    await provider.run((world) => {
      let ran = 0;
      const echo = ({ n }: { n: number }): unknown => (++ran, n < 0 ? n : String(n));
      world['provided'] = world.lab.provide(world.bus, world['checked'] as never, { echo, ran: () => ran } as never);
    });
    const outcome = await user.run(async ({ lab, bus, checked }) => {
      type Checked = { $ready(): Promise<void>; echo(arg: unknown): Promise<unknown>; ran(): Promise<number> };
      const f = lab.consume(bus, checked as never, { timeout: 10_000 }) as unknown as Checked;
      await f.$ready();
      const told = ({ code, message }: { code: string; message: string }): string => `${code} ${message}`;
      const all = [{ n: 1 }, { n: 'x' }, { n: -1 }].map((arg) => f.echo(arg).catch(told));
      return [...(await Promise.all(all)), await f.ran()];
    });
    expect(outcome).toEqual([
      '1',
      expect.stringMatching(/^INVALID_ARGUMENT .*echo\(\).*\[0\]\.n: no number/),
      expect.stringMatching(/^PROTOCOL .*echo\(\).*\.deep: no text/),
      2,
    ]);
    await provider.run(stop);
  });
});
