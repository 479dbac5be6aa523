import { expect, it } from 'vitest';
import { usePlaces } from './support/set-up.js';

const places = usePlaces();

/** What lies between each time and the next one. */
type Gap = readonly [from: number, to: number];

const gapsOf = (times: readonly number[]): Gap[] => times.slice(1).map((to, i) => [times[i]!, to]);

/** What of a gap lies in none of the others, in ms. */
function restOf([from, to]: Gap, others: readonly Gap[]): number {
  return others.reduce(
    (rest, other) => rest - Math.max(0, Math.min(to, other[1]) - Math.max(from, other[0])),
    to - from,
  );
}

it('M1: two windows exchange events, requests and a stream with main blocked for 2 s: no gap over 50 ms', async () => {
  const [a, b] = [await places.join('a'), await places.join('b')];
  await b.run(async ({ bus }) => {
    bus.handle('echo', (_, n: number) => n);
    bus.handle('ticks', async function* () {
      for (;;) yield await new Promise((resolve) => setTimeout(() => resolve(0), 5));
    });
    bus.handle('take', (_, port: MessagePort) => void (port.onmessage = ({ data }) => port.postMessage(data)));
    await bus.subscribe('ping', (event) => bus.to(event.sender).send('pong'));
  });
  await a.run(async (world) => {
    const { bus, lab } = world;
    const times = { events: [] as number[], answers: [] as number[], items: [] as number[], raw: [] as number[] };
    await bus.subscribe('pong', () => times.events.push(Date.now()));
    const { port1, port2 } = new MessageChannel();
    await bus.with({ wait: 5000 }).request('take', lab.transfer(port2, [port2]));
    let over = false;
    const loops = [
      (async () => {
        while (!over) {
          bus.send('ping');
          await bus.request('echo', 1);
          times.answers.push(Date.now());
        }
      })(),
      (async () => {
        for await (const _ of bus.stream('ticks')) {
          times.items.push(Date.now());
          if (over) break;
        }
      })(),
      // The witness, beside ours: a plain port between the same pages. When it stands still, they are kept from running.
      new Promise<void>((resolve) => {
        port1.onmessage = () => {
          times.raw.push(Date.now());
          if (over) resolve(port1.close());
          else port1.postMessage(0);
        };
        port1.postMessage(0);
      }),
    ];
    world['finish'] = async () => {
      over = true;
      await Promise.all(loops);
      return times;
    };
    while (times.items.length < 10) await bus.request('echo', 1);
  });
  const block = await places.lab.main(() => {
    const from = Date.now();
    while (Date.now() - from < 2000);
    return { from, to: Date.now() };
  });
  const times = await a.run((world) => (world['finish'] as () => Promise<Record<string, number[]>>)());
  const gaps = Object.entries(times).map(([what, all]) => {
    const inside = all.filter((time) => time >= block.from && time <= block.to);
    expect(inside.length, what).toBeGreaterThan(50);
    return [what, gapsOf([block.from, ...inside, block.to])] as const;
  });
  const stalls = gaps.flatMap(([what, all]) => (what === 'raw' ? all.filter((gap) => restOf(gap, []) > 10) : []));
  for (const [what, all] of gaps) {
    expect(Math.max(...all.map((gap) => restOf(gap, stalls))), what).toBeLessThanOrEqual(50);
  }
});

it('a window to which main, which is blocked, is still to bring the link is not taken to hang, and answers afterwards', async () => {
  const { main } = places;
  await main.join();
  const asking = await places.join('a', 'asking');
  const asked = await places.join('b', 'asked');
  await asked.run(({ bus }) => void bus.handle('first', (_, n: number) => n));
  await asking.run(async (here) => {
    const { bus } = here;
    const news: string[] = [];
    bus.peers.on('unresponsive', ({ name }) => news.push(name));
    while (bus.peers.handling('first').length === 0) await new Promise((resolve) => bus.peers.once('change', resolve));
    here['answered'] = new Promise((resolve, reject) =>
      bus.on('block', () => {
        const from = performance.now();
        bus.request('first', 1).then((n) => resolve({ n, waited: performance.now() - from, news }), reject);
      }),
    );
    await bus.subscribe('known', () => {});
  });
  await main.run(async ({ bus }) => {
    bus.send('block');
    // When that has left, and before anything else comes.
    for (let i = 0; i < 20; i++) await Promise.resolve();
    const from = Date.now();
    while (Date.now() - from < 4000);
  });
  type Answered = { n: number; waited: number; news: string[] };
  const { n, waited, news } = await asking.run((here) => here['answered'] as Promise<Answered>);
  expect([n, news]).toEqual([1, []]);
  expect(waited).toBeGreaterThan(2500);
  await main.run(({ bus }) => bus.close());
});
