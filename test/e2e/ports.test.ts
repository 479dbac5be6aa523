import { beforeAll, describe, expect, it } from 'vitest';
import type { MeshPort } from '../../src/core/index.js';
import type { Place } from './support/place.js';
import { kinds, type Kind } from './support/places.js';
import { usePlaces } from './support/set-up.js';

/** Takes ports on a channel, and echoes on them; `closed` resolves when the other end of one is closed. */
function takePorts(place: Place, channel: string): Promise<void> {
  return place.run((here, name) => {
    here['closed'] = new Promise((resolve) => (here['onClosed'] = resolve));
    here.bus.onPort(name, (event, port, ...args) => {
      here['port'] = port;
      port.onclose = () => (here['onClosed'] as () => void)();
      port.onmessage = ({ data }) => port.postMessage([data, event.sender.name, ...args]);
    });
  }, channel);
}

/** Opens a port there, keeps it, and says something on it. */
function open(place: Place, channel: string): Promise<unknown> {
  return place.run(async (here, name) => {
    const port = await here.bus.with({ wait: 5000 }).openPort(name, { n: 1 });
    here['port'] = port;
    port.onclose = () => (here['onClosed'] as (() => void) | undefined)?.();
    here['said'] = (text: string) =>
      new Promise((resolve) => {
        port.onmessage = ({ data }) => resolve(data);
        port.postMessage(text);
      });
    return (here['said'] as (text: string) => Promise<unknown>)('hello');
  }, channel);
}

describe('openPort between any two kinds of places', () => {
  const places = usePlaces({ per: 'suite' });
  const all = new Map<Kind, [opener: Place, taker: Place]>();
  let workersAreDeaf: boolean;

  beforeAll(async () => {
    workersAreDeaf = await places.lab.main((main) => Number.parseInt(main.process.versions['electron']!) < 29);
    // Two of each: one of them opens, the other one takes.
    for (const kind of kinds) {
      all.set(kind, [await places.make(kind, `${kind} 1`), await places.make(kind, `${kind} 2`)]);
      await takePorts(all.get(kind)![1], kind);
    }
  }, 60_000);

  it.each(kinds.flatMap((from) => kinds.map((to) => [from, to] as const)))(
    'M16: from %s to %s: both ways, with arguments; the close of one end is told to the other',
    async (from, to) => {
      const [opener] = all.get(from)!;
      const [, taker] = all.get(to)!;
      for (const place of [opener, taker]) {
        await place.run((here) => void (here['closed'] = new Promise((resolve) => (here['onClosed'] = resolve))));
      }
      expect(await open(opener, to)).toEqual(['hello', opener.name, { n: 1 }]);
      // Where workers do not hear of a close (Electron before 29), they are the ones that close.
      const [closer, told, kind] =
        to === 'worker' && workersAreDeaf ? ([taker, opener, from] as const) : ([opener, taker, to] as const);
      await closer.run((here) => (here['port'] as MeshPort).close());
      if (kind !== 'worker' || !workersAreDeaf) await told.run((here) => here['closed']);
    },
  );
});

/** What these have passed on goes through them. */
const relaying: readonly Kind[] = ['thread', 'main’s thread', 'Node child'];

describe('ports', () => {
  const places = usePlaces();

  it.each([
    ['window', 'window', 'window'],
    ['window', 'utility', 'window'],
    ['utility', 'window', 'utility'],
    ['main', 'window', 'utility'],
    ['window', 'worker', 'utility'],
    ['thread', 'window', 'main'],
    ['window', 'thread', 'window'],
    ['utility', 'main’s thread', 'window'],
    ['main’s thread', 'utility', 'thread'],
    ['Node child', 'window', 'utility'],
    ['window', 'Node child', 'window'],
    ['window', 'utility', 'Node child'],
    ['thread', 'Node child', 'Node child'],
  ] as const)(
    'M16: opened by a %s, received by a %s, passed on to a %s; it still works when the second is gone',
    async (first, second, third) => {
      const opener = await places.make(first, 'first');
      const middle = await places.make(second, 'second');
      const last = await places.make(third, 'third');
      await last.run((here) => {
        const { bus } = here;
        here['got'] = new Promise<void>((resolve) => {
          bus.on('take', (_, given: { in: Map<string, MeshPort> }) => {
            const port = given.in.get('port')!;
            port.onmessage = ({ data }) => port.postMessage([data, 'third']);
            port.onclose = () => (here['gone'] as () => void)();
            resolve();
          });
        });
        here['ended'] = new Promise<void>((resolve) => (here['gone'] = resolve));
      });
      await middle.run(async ({ bus, lab }) => {
        const there = (): boolean => [...bus.peers.named('third')].length > 0;
        while (!there()) await new Promise((resolve) => bus.peers.once('join', resolve));
        bus.onPort('pass', async (_, port) => {
          await bus.with({ wait: 5000 }).request('ready');
          bus.to('third').send('take', lab.transfer({ in: new Map([['port', port]]) }, [port]));
        });
      });
      await last.run(({ bus }) => void bus.handle('ready', () => true));
      // What is said before the third has it waits for it.
      expect(await open(opener, 'pass')).toEqual(['hello', 'third']);
      await last.run((here) => here['got']);
      if (!relaying.includes(second)) await middle.kill();
      else await middle.run(({ bus }) => bus.close()); // it relays what it has passed on
      expect(await opener.run((here) => (here['said'] as (text: string) => unknown)('again'))).toEqual([
        'again',
        'third',
      ]);
      await opener.run((here) => (here['port'] as MeshPort).close());
      await last.run((here) => here['ended']);
    },
  );

  it('M16: a port that is started, and passed on to a window that is busy, loses nothing meanwhile', async () => {
    const [source, middle, last] = [await places.join('a'), await places.join('b'), await places.join('c', 'last')];
    await source.run(({ bus }) => {
      bus.onPort('numbers', (_, port) => {
        let n = 0;
        const timer = setInterval(() => {
          port.postMessage(n++);
          if (n === 300) clearInterval(timer);
        }, 1);
      });
    });
    await last.run((here) => {
      const got: number[] = [];
      here['all'] = new Promise((resolve) => {
        here.bus.on('take', (_, port: MeshPort) => {
          port.onmessage = ({ data }) => void (got.push(data as number), data === 299 && resolve(got));
        });
      });
      here.bus.on('noise', () => {});
      here.bus.handle('hang', () => {
        const until = Date.now() + 300;
        while (Date.now() < until);
      });
    });
    const before = await middle.run(async ({ bus, lab }) => {
      const got: number[] = [];
      const caller = bus.with({ wait: 5000 });
      const port = await caller.openPort('numbers');
      await new Promise<void>((resolve) => {
        port.onmessage = ({ data }) => void (got.push(data as number), data === 10 && resolve());
      });
      void caller.request('hang');
      for (let n = 0; n < 10_000; n++) bus.to('last').send('noise', n);
      bus.to('last').send('take', lab.transfer(port, [port]));
      return got;
    });
    const after = (await last.run((here) => here['all'])) as number[];
    expect([...before, ...after]).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('M15: without onPort for it, NO_HANDLER; what the handler throws arrives; nobody holds an orphan', async () => {
    for (const kind of kinds) {
      const taker = await places.make(kind, `the ${kind}`);
      const opener = await places.join('b', 'opener');
      const outcome = await opener.run(async ({ bus }, name) => {
        const code = (promise: Promise<unknown>): Promise<unknown> =>
          promise.then(
            () => 'opened',
            (error: { code?: string; message: string }) => error.code ?? error.message,
          );
        return [await code(bus.to(name).openPort('x')), await code(bus.openPort('x'))];
      }, taker.name);
      expect(outcome).toEqual(['NO_HANDLER', 'NO_HANDLER']);
      const ends = await refused(taker, opener);
      expect(ends).toEqual({ error: 'not this one', closed: true });
    }
  });

  /** A handler that throws: what the opener gets, and whether the port that the taker saw has ended. */
  async function refused(taker: Place, opener: Place): Promise<unknown> {
    await taker.run((here) => {
      here['ends'] = new Promise((resolve) => (here['end'] = resolve));
      here.bus.onPort('refused', (_, port) => {
        queueMicrotask(() => (here['end'] as (closed: unknown) => void)(port.detach() === undefined));
        throw new RangeError('not this one');
      });
    });
    const error = await opener.run(
      ({ bus }, name) =>
        bus
          .to(name)
          .with({ wait: 5000 })
          .openPort('refused')
          .then(String, (thrown: Error) => thrown.message),
      taker.name,
    );
    return { error, closed: await taker.run((here) => here['ends']) };
  }

  it.each(['crashes', 'navigates'] as const)(
    'M15: to a window that %s meanwhile: PEER_GONE; a port it had accepted gets its close',
    async (does) => {
      const taker = await places.join('a', 'taker');
      const opener = await places.join('b', 'opener');
      await takePorts(taker, 'port');
      expect(await open(opener, 'port')).toEqual(['hello', 'opener', { n: 1 }]);
      await taker.run(({ bus }) => {
        // It is so busy that no port is accepted before it ends.
        bus.on('hang', () => {
          const until = Date.now() + 20_000;
          while (Date.now() < until);
        });
      });
      await opener.run(async (here) => {
        const { bus } = here;
        here['end'] = new Promise((resolve) => ((here['port'] as MeshPort).onclose = ({ reason }) => resolve(reason)));
        bus.to('taker').send('hang');
        const opened = Array.from({ length: 20 }, () =>
          bus
            .to('taker')
            .openPort('port')
            .then(
              () => 'opened',
              (error: { code: string }) => error.code,
            ),
        );
        here['codes'] = Promise.all(opened);
      });
      if (does === 'crashes') await taker.kill();
      else await taker.leave();
      expect(new Set((await opener.run((here) => here['codes'])) as string[])).toEqual(new Set(['PEER_GONE']));
      expect(await opener.run((here) => here['end'])).toBe('closed');
      expect(await opener.run(({ bus }) => bus.load)).toMatchObject({ links: 0, calls: 0 });
    },
  );

  it('M15: to a window that reloads while ports are opened: each one is refused, or accepted and then closed', async () => {
    const taker = await places.join('a', 'taker');
    const opener = await places.join('b', 'opener');
    await takePorts(taker, 'port');
    await opener.run(async (here) => {
      const { bus } = here;
      let enough: () => void;
      const many = new Promise<void>((resolve) => (enough = resolve));
      const opening = async (): Promise<unknown> => {
        const closes: Promise<void>[] = [];
        let ends = 0;
        for (;;) {
          try {
            const port = await bus.to('taker').with({ wait: 5000 }).openPort('port');
            closes.push(new Promise((resolve) => (port.onclose = () => (ends++, resolve()))));
            port.start();
            if (closes.length === 20) enough();
          } catch (error) {
            await Promise.all(closes);
            return [(error as { code: string }).code, ends === closes.length];
          }
        }
      };
      here['end'] = Promise.all([opening(), opening(), opening()]);
      await many;
    });
    await taker.reload();
    for (const [code, closed] of (await opener.run((here) => here['end'])) as [string, boolean][]) {
      expect(code).toMatch(/^(PEER_GONE|NO_PEER)$/);
      expect(closed).toBe(true);
    }
  });
});
