import { describe, expect, it } from 'vitest';
import type { Place } from './support/place.js';
import { kinds, type Kind } from './support/places.js';
import { usePlaces } from './support/set-up.js';
import { peakMemory } from './support/memory.js';

/** What each of the two processes may grow by, while 320 MB go through them. */
const MOST_MEGABYTES = 200;

const places = usePlaces();
const { lab } = places;

/** From now on, the place notes when its generator's `finally` runs. */
function expectFinally(place: Place): Promise<void> {
  return place.run((here) => void (here['finally'] = new Promise((resolve) => (here['onFinally'] = resolve))));
}

/** Numbers up to `count`, or without end; the place notes that its `finally` ran, and whether the call was aborted. */
async function produce(place: Place): Promise<void> {
  await expectFinally(place);
  await place.run((here) => {
    here.bus.handle('numbers', async function* (event, count: number, thrown?: string) {
      try {
        for (let n = 1; n <= count; n++) yield n;
        if (thrown) throw new RangeError(thrown);
      } finally {
        (here['onFinally'] as (aborted: boolean) => void)(event.signal.aborted);
      }
    });
  });
}

/** Takes from an endless stream of numbers until it ends; returns after the first one, and notes in `end` what came. */
function consumeEndlessly(place: Place): Promise<void> {
  return place.run(async (here) => {
    const stream = here.bus.with({ wait: 5000 }).stream('numbers', Infinity);
    const { value } = await stream.next();
    let last = value as number;
    const taking = async (): Promise<void> => {
      for await (const n of stream) {
        if (n !== last + 1) throw new Error(`${n} came after ${last}`);
        last = n as number;
      }
    };
    here['end'] = taking().then(
      () => 'ended',
      (error: { code: string; reason: string; message: string }) => `${error.code} ${error.reason ?? error.message}`,
    );
  });
}

const end = (place: Place): Promise<unknown> => place.run((here) => here['end']);
const finallyRan = (place: Place): Promise<unknown> => place.run((here) => here['finally']);

/** A window, and each kind of place, in both directions. */
const pairs = kinds.flatMap((kind): [Kind, Kind][] =>
  kind === 'window'
    ? [[kind, kind]]
    : [
        [kind, 'window'],
        ['window', kind],
      ],
);

describe('streams', () => {
  it.each(pairs)(
    'M21: from %s to %s: in order; break runs the producer’s finally; what it throws arrives',
    async (from, to) => {
      const [producer, consumer] = [await places.make(from, 'producer'), await places.make(to, 'consumer')];
      await produce(producer);
      const outcome = await consumer.run(async ({ bus }) => {
        const caller = bus.with({ wait: 5000 });
        let expected = 1;
        for await (const n of caller.stream('numbers', 5000)) {
          if (n !== expected++) throw new Error(`${n} came, not ${expected - 1}`);
        }
        let last;
        const failing = async (): Promise<void> => {
          for await (const n of caller.stream('numbers', 3, 'enough')) last = n;
        };
        const error = await failing().catch((thrown: Error) => thrown);
        const reader = caller.stream('numbers', 2).readable().getReader();
        const read = [await reader.read(), await reader.read(), await reader.read()];
        return {
          count: expected - 1,
          last,
          error: error instanceof RangeError && error.message,
          read: read.map(({ done, value }) => (done ? 'done' : value)),
        };
      });
      expect(outcome).toEqual({
        count: 5000,
        last: 3,
        error: 'enough',
        read: [1, 2, 'done'],
      });
      await expectFinally(producer);
      const taken = await consumer.run(async ({ bus }) => {
        const taken: unknown[] = [];
        for await (const n of bus.stream('numbers', Infinity)) if (taken.push(n) === 3) break;
        return taken;
      });
      expect(taken).toEqual([1, 2, 3]);
      expect(await finallyRan(producer)).toBe(true);
      expect(await consumer.run(({ bus }) => bus.load)).toMatchObject({ calls: 0, parked: 0 });
      expect(await producer.run(({ bus }) => bus.load)).toMatchObject({ serving: 0 });
    },
  );

  it.each([
    ['window', 'window'],
    ['utility', 'window'],
    ['window', 'utility'],
    ['window', 'main'],
    ['Node child', 'window'],
    ['window', 'Node child'],
  ] as const)(
    'M21: from %s to %s: a consumer that stands still stops the producer, and a slow one takes 20,000 × 16 KiB in bounded memory',
    async (from, to) => {
      const producer = await places.make(from, 'producer');
      const consumer = await places.make(to, 'consumer');
      await producer.run((here) => {
        here['yielded'] = 0;
        here.bus.handle('blocks', async function* (_, count: number) {
          for (let n = 0; n < count; n++) {
            here['yielded'] = n + 1;
            yield new Uint8Array(16 * 1024).fill(n);
          }
        });
      });
      await consumer.run(async (here) => {
        const stream = (here['stream'] = here.bus.with({ wait: 5000 }).stream('blocks', 20_000));
        await stream.next();
      });
      // When all that is under way has been dispatched, the producer stands: 1,024 of credit, 5 for a block of 16 KiB.
      await producer.run(({ bus }) => bus.drain());
      expect(await producer.run((here) => here['yielded'])).toBeLessThan(300);
      const { result, growth } = await peakMemory(lab, [producer, consumer], () =>
        consumer.run(async (here) => {
          const turn = (): Promise<void> =>
            new Promise((resolve) => {
              const { port1, port2 } = new MessageChannel();
              port1.onmessage = () => (port1.close(), resolve());
              port2.postMessage(0);
            });
          let n = 1;
          for await (const block of here['stream'] as AsyncIterable<Uint8Array>) {
            if (block.length !== 16 * 1024 || block[0] !== n % 256) throw new Error(`block ${n} is wrong`);
            n++;
            await turn();
          }
          return n;
        }),
      );
      expect(result).toBe(20_000);
      // What is under way is 4 MiB: most of what is measured is what the collectors have not come to yet.
      for (const megabytes of growth) expect(megabytes).toBeLessThan(MOST_MEGABYTES);
    },
    60_000,
  );

  it.each([
    ['window', 'crashed'],
    ['utility', 'killed'],
    ['worker', 'terminated'],
    ['thread', 'terminated'],
    ['main’s thread', 'terminated'],
    ['Node child', 'lost'],
  ] as const)('M21: the place of the producer ends, a %s: the consumer is told (%s)', async (kind, reason) => {
    const producer = await places.make(kind, 'producer');
    const consumer = await places.join('b', 'consumer');
    await produce(producer);
    await consumeEndlessly(consumer);
    await producer.kill();
    expect(await end(consumer)).toBe(`PEER_GONE ${reason}`);
  });

  it.each(['window', 'utility', 'worker', 'thread', 'main’s thread', 'Node child'] as const)(
    'M21: the place of the consumer ends, a %s: the producer’s finally runs, and its signal has aborted',
    async (kind) => {
      const consumer = await places.make(kind, 'consumer');
      const producer = await places.join('b', 'producer');
      await produce(producer);
      await consumeEndlessly(consumer);
      await consumer.kill();
      expect(await finallyRan(producer)).toBe(true);
      expect(await producer.run(({ bus }) => bus.load)).toMatchObject({ serving: 0 });
    },
  );

  it('M21: either side reloads, or navigates: the other one is told', async () => {
    const stays = await places.join('a', 'stays');
    for (const does of ['reload', 'leave'] as const) {
      const producer = await places.join('b', 'producer');
      await produce(producer);
      await consumeEndlessly(stays);
      await producer[does]();
      expect(await end(stays)).toBe(`PEER_GONE ${does === 'reload' ? 'reloaded' : 'navigated'}`);
    }
    await produce(stays);
    for (const does of ['reload', 'leave'] as const) {
      await expectFinally(stays);
      const consumer = await places.join('b', 'consumer');
      await consumeEndlessly(consumer);
      await consumer[does]();
      expect(await finallyRan(stays)).toBe(true);
    }
  });
});
