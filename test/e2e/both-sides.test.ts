import { describe, expect, it } from 'vitest';
import type { Bus } from '../../src/core/index.js';
import type { Child } from './support/child.js';
import type { Hosted } from './support/hosted.js';
import type { Place } from './support/place.js';
import { usePlaces } from './support/set-up.js';

const places = usePlaces();
const { lab } = places;

describe('both sides', () => {
  it.each([
    ['window', 'window'],
    ['window', 'utility'],
    ['window', 'main'],
    ['window', 'thread'],
    ['utility', 'worker'],
    ['window', 'Node child'],
  ] as const)(
    'M32: a %s and a %s call each other from their handlers, beyond the credit window: both finish',
    async (one, other) => {
      const sides = [await places.make(one, 'one'), await places.make(other, 'other')] as const;
      for (const place of sides) {
        await place.run(({ bus }) => {
          bus.handle(`inner ${bus.self.name}`, (_, n: number) => n);
          bus.handle(`outer ${bus.self.name}`, (event, n: number) =>
            bus.to(event.sender).request(`inner ${event.sender.name}`, n),
          );
        });
      }
      const call = (place: Place, whom: string): Promise<number> =>
        place.run(async ({ bus }, name) => {
          const caller = bus.with({ wait: 5000 });
          await caller.request(`outer ${name}`, 0);
          const asked = Array.from({ length: 6000 }, (_, n) => caller.request(`outer ${name}`, n));
          const answers = await Promise.all(asked);
          return answers.filter((answer, n) => answer === n).length;
        }, whom);
      expect(await Promise.all([call(sides[0], 'other'), call(sides[1], 'one')])).toEqual([6000, 6000]);
    },
  );

  it.each(['window', 'utility', 'Node child'] as const)(
    'M31: a window and a %s open a link at once, 1,000 times: one order in each direction, answers included',
    async (kind) => {
      const count = 1000;
      const left = await places.join('a', 'left');
      const right = await places.make(kind, 'right');
      // A seat of its own for each round, so that both sides have their first message for each other.
      for (const place of [left, right]) {
        await place.run((here) => {
          here['seat'] = async (name: string) => {
            const { connect, via } = here.lab;
            const seat = await connect({ name, ...(via && { via }) });
            const got: unknown[] = [];
            seat.on('e', (_, n) => got.push(n));
            seat.handle(`ask:${name}`, (_, n: number) => got.push(n) && n);
            await seat.subscribe('unused', () => {});
            return { seat, got };
          };
          here['shoot'] = async (seat: Bus, theirs: string, id: string) => {
            const to = seat.to({ id });
            to.send('e', 1);
            const asked = to.request(`ask:${theirs}`, 2);
            to.send('e', 3);
            const answer = await asked;
            await seat.drain();
            return answer;
          };
        });
      }
      await right.run((here) => {
        type Made = { seat: Bus; got: unknown[] };
        let made: Made;
        let shot: Promise<unknown>;
        here.bus.handle('prepare', async () => {
          made = await (here['seat'] as (name: string) => Promise<Made>)('right seat');
          return made.seat.self.id;
        });
        here.bus.on('go', (_, id) => {
          shot = (here['shoot'] as (...args: unknown[]) => Promise<unknown>)(made.seat, 'left seat', id);
        });
        here.bus.handle('finish', async () => {
          const result = [await shot, made.got, made.seat.load.links];
          await made.seat.close();
          return result;
        });
      });
      const wrong = await left.run(async (here, rounds) => {
        type Made = { seat: Bus; got: unknown[] };
        const { bus } = here;
        const wrong: unknown[] = [];
        for (let n = 0; n < rounds; n++) {
          const { seat, got } = await (here['seat'] as (name: string) => Promise<Made>)('left seat');
          const id = await bus.with({ wait: 5000 }).request('prepare');
          bus.send('go', seat.self.id);
          const answer = await (here['shoot'] as (...args: unknown[]) => Promise<unknown>)(seat, 'right seat', id);
          const { links } = seat.load;
          const theirs = await bus.request('finish');
          for (const each of [[answer, got, links], theirs]) {
            if (JSON.stringify(each) !== '[2,[1,2,3],1]') wrong.push([n, each]);
          }
          await seat.close();
        }
        return wrong;
      }, count);
      expect(wrong).toEqual([]);
      // Each has dialed in each round: else it would have shown something else.
      const dialed = kind === 'Node child' ? (await places.nodes()).state().links : Infinity;
      expect(dialed).toBeGreaterThan(count * 1.9);
    },
    60_000,
  );

  it.each(['window', 'main', 'utility', 'worker', 'thread', 'main’s thread', 'Node child'] as const)(
    'M27: close() twice, in a %s and in a window that talk: what was pending rejects, all is released',
    async (kind) => {
      const sides = [await places.make(kind, 'one'), await places.join('b', 'other')] as const;
      for (const place of sides) {
        await place.run(({ bus }) => void bus.handle(`never ${bus.self.name}`, () => new Promise(() => {})));
      }
      const pend = (place: Place, whom: string): Promise<void> =>
        place.run(async (here, name) => {
          const asked = Array.from({ length: 100 }, () =>
            here.bus
              .with({ wait: 5000 })
              .request(`never ${name}`)
              .then(String, (error: { code: string }) => error.code),
          );
          here['ends'] = Promise.all(asked);
          while (here.bus.load.parked > 0) await new Promise((resolve) => here.bus.peers.once('change', resolve));
          await here.bus.drain();
        }, whom);
      await Promise.all([pend(sides[0], 'other'), pend(sides[1], 'one')]);
      const closed = await Promise.all(
        sides.map((place) =>
          place.run(async (here) => {
            const { bus } = here;
            await Promise.all([bus.close(), bus.close()]);
            await bus.close();
            return [(await bus.closed).reason, bus.load, [...new Set((await here['ends']) as string[])]];
          }),
        ),
      );
      const released = { links: 0, calls: 0, serving: 0, parked: 0, signals: 0, references: 0 };
      for (const [reason, load, ends] of closed) {
        expect([reason, load]).toEqual(['bye', released]);
        expect(['CLOSED', 'PEER_GONE']).toContain((ends as string[])[0]);
        expect(ends).toHaveLength(1);
      }
      const names = async (): Promise<unknown> => (await lab.state()).peers.map(({ name }) => name).sort();
      const around: Record<string, string[]> = { worker: ['owner of one'], thread: ['host of one'] };
      await expect.poll(names).toEqual(around[kind] ?? []);
    },
  );

  it.each(['thread', 'main’s thread'] as const)('M27: a %s exits on its own after close()', async (kind) => {
    const place = (await places.make(kind, 'ends')) as Child | Hosted;
    const ended = place.ended();
    const other = await places.join('b', 'other');
    await other.run((here) => {
      here.bus.handle('echo', (_, n: number) => n);
      here['left'] = new Promise((resolve) =>
        here.bus.peers.on('leave', (peer, reason) => resolve([peer.name, reason])),
      );
    });
    await place.run(async ({ bus }) => bus.with({ wait: 5000 }).request('echo', 1));
    await place.run((here) => {
      const { via } = here.lab as never as { via: { removeAllListeners(name: string): void; unref(): void } };
      // What the driver asks for keeps it alive as well: this was the last.
      setImmediate(() => {
        via.removeAllListeners('message');
        via.unref();
        void here.bus.close();
      });
    });
    expect(await other.run((here) => here['left'])).toEqual(['ends', 'bye']);
    expect(await ended).toBeTypeOf('number');
  });

  it('M27: a utility process holds nothing of ours after close(): Electron alone keeps it alive', async () => {
    const place = await places.make('utility', 'ends');
    const other = await places.join('b', 'other');
    await other.run(({ bus }) => void bus.handle('echo', (_, n: number) => n));
    const held = (): Promise<unknown> =>
      place.run(({ lab }) => {
        const via = lab.via as never as { listenerCount(name: string): number };
        return [via.listenerCount('message'), process.getActiveResourcesInfo().sort()];
      });
    await place.run(({ bus }) => bus.close());
    const before = await held();
    await place.run(async ({ lab: { connect, via } }) => {
      for (let n = 0; n < 20; n++) {
        const bus = await connect({ name: 'again', ...(via && { via }) });
        await bus.with({ wait: 5000 }).request('echo', n);
        const port = bus.stream('nowhere');
        await port.next().catch(() => {});
        await bus.close();
      }
    });
    // When the timers of what has ended have fired.
    await expect.poll(held).toEqual(before);
  });
});

describe('main, whose posts run what waits in microtasks', () => {
  it('M6: sends all peers in one order, large values among small ones', async () => {
    const main = await places.make('main', 'main');
    const windows = [await places.join('a', 'A'), await places.join('b', 'B'), await places.make('utility', 'U')];
    for (const place of windows) {
      await place.run(async (world) => {
        const { bus } = world;
        const got: unknown[] = [];
        world['got'] = new Promise((resolve) => bus.on('end', () => resolve(got)));
        await bus.subscribe('e', (_, value: Uint8Array | number) =>
          got.push(typeof value === 'number' ? value : value[0]),
        );
      });
    }
    await main.run(async ({ bus }) => {
      await new Promise<void>((resolve) => {
        const look = (): void => void (bus.peers.listening('e').length === 3 && resolve());
        bus.peers.on('change', look);
        look();
      });
      // Not in a microtask: in one, posts run none.
      const inTask = (run: () => void): Promise<void> =>
        new Promise((resolve) => setTimeout(() => (run(), resolve()), 1));
      for (const first of [1, 4, 7]) {
        await inTask(() => {
          void Promise.resolve().then(() => {
            bus.send('e', first + 1);
            bus.send('e', new Uint8Array([first + 2]));
          });
          bus.send('e', new Uint8Array([first]));
        });
      }
      bus.send('end');
    });
    for (const place of windows) expect(await place.run((world) => world['got'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
