import { afterAll, beforeAll, expect, it } from 'vitest';
import { Lab } from './support/lab.js';
import { Places } from './support/talking-places.js';

let lab: Lab;
let places: Places;

beforeAll(async () => {
  lab = await Lab.launch();
  await lab.start();
  places = new Places(lab);
});
afterAll(async () => {
  expect(await lab.stop()).toMatchObject({ peers: [], documents: 0, departing: 0, watched: 0, malformed: 0 });
  await lab?.close();
});

it('M1: two windows exchange events, requests and a stream with main blocked for 2 s: no gap over 50 ms', async () => {
  const a = await places.window('a');
  const b = await places.window('b', 'b');
  await b.run(async ({ bus }) => {
    bus.handle('echo', (_, n: number) => n);
    bus.handle('ticks', async function* () {
      for (;;) yield await new Promise((resolve) => setTimeout(() => resolve(Date.now()), 5));
    });
    await bus.subscribe('ping', (event, n: number) => bus.to(event.sender).send('pong', n));
  });
  // A machine that is busy with others makes gaps of its own, now and then: of three blocks, the best one is looked at.
  const worst: number[] = [];
  for (let round = 0; round < 3 && !worst.some((gap) => gap <= 50); round++) {
    await a.run(async (here) => {
      const { bus } = here;
      const times: Record<'pongs' | 'answers' | 'items', number[]> = { pongs: [], answers: [], items: [] };
      let over = false;
      await bus.subscribe('pong', () => times.pongs.push(Date.now()));
      const asking = async (): Promise<void> => {
        while (!over) {
          bus.send('ping', 1);
          await bus.request('echo', 1);
          times.answers.push(Date.now());
        }
      };
      const taking = async (): Promise<void> => {
        for await (const _ of bus.stream('ticks')) {
          times.items.push(Date.now());
          if (over) break;
        }
      };
      const done = Promise.all([asking(), taking()]);
      here['finish'] = async () => {
        over = true;
        await done;
        bus.removeAllListeners('pong');
        return times;
      };
      while (times.items.length < 10) await bus.request('echo', 1);
    });
    const block = await lab.main(() => {
      const from = Date.now();
      while (Date.now() - from < 2000);
      return { from, to: Date.now() };
    });
    const times = await a.run((here) => (here['finish'] as () => Promise<Record<string, number[]>>)());
    const gaps = Object.values(times).map((all) => {
      const during = all.filter((time) => time >= block.from && time <= block.to);
      return Math.max(...[...during, block.to].map((time, i) => time - (during[i - 1] ?? block.from)));
    });
    expect(gaps).toHaveLength(3);
    worst.push(Math.max(...gaps));
  }
  expect(Math.min(...worst)).toBeLessThanOrEqual(50);
});
