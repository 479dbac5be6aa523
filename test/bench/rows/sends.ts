import type { Row } from '../main/row.js';
import { pageName, wireArrival } from '../main/stage.js';
import { oneByOne } from '../contest/ways.js';

const BURST = 100;

export const sends: Row = {
  name: 'sends',
  title: 'sends R→R, bursts of 100',
  unit: 'msgs/s',
  contenders: ['portmesh', 'raw port', 'electron-common-ipc'],
  targets: [
    { peer: 'raw port', atLeast: 8 },
    { peer: 'electron-common-ipc', atLeast: 25 },
  ],
  run: send(300_000, BURST),
};

export const broadcastBursts: Row = {
  name: 'broadcast-bursts',
  title: 'broadcast 1→8 renderers in bursts of 100, delivered',
  unit: 'msgs/s',
  contenders: ['portmesh', 'raw ports', 'electron-common-ipc'],
  targets: [{ peer: 'electron-common-ipc', atLeast: 15 }],
  receivers: 8,
  run: send(50_000, BURST),
};

export const broadcastSingles: Row = {
  name: 'broadcast-singles',
  title: 'broadcast 1→8 renderers one by one, delivered',
  unit: 'msgs/s',
  contenders: ['portmesh', 'raw ports', 'electron-common-ipc'],
  targets: [{ peer: 'electron-common-ipc', atLeast: 1.2 }],
  receivers: 8,
  run: send(10_000, 1),
};

function send(messages: number, burst: number): Row['run'] {
  return oneByOne(async (contestant, scaled) => {
    const { pair, receivers } = contestant;
    const count = Math.ceil(scaled(messages) / burst) * burst;
    await wireArrival(pair.client, receivers);
    for (const { page } of receivers) await page.call('expectSends', count);
    return pair.client.page.call('sends', pageName(contestant), count, burst);
  });
}
