import { oneByOne } from '../../contest/ways.js';
import type { NodeContestant } from '../stage.js';
import type { Row } from './row.js';

const MESSAGES = 500_000;
const BURST = 100;

export const sends: Row = {
  name: 'node-sends',
  title: 'sends Node→Node, bursts of 100, delivered',
  unit: 'msgs/s',
  contenders: ['portmesh', 'child_process advanced', 'electron-common-ipc', 'raw socket'],
  targets: [
    { peer: 'child_process advanced', atLeast: 5 },
    { peer: 'electron-common-ipc', atLeast: 15 },
  ],
  run: oneByOne(async ({ client, server }: NodeContestant, scaled) => {
    const count = Math.ceil(scaled(MESSAGES) / BURST) * BURST;
    await server.call('expectSends', count);
    const start = await client.call('sends', count, BURST);
    return (count * 1000) / ((await server.call('whenReceived')) - start);
  }),
};
