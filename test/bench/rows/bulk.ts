import type { Row } from '../main/row.js';
import { pageName } from '../main/stage.js';
import { oneByOne } from '../contest/ways.js';

const MESSAGES = 200;

export const bulk: Row = {
  name: 'bulk',
  title: '1 MiB Uint8Array R→R, 2 in flight',
  unit: 'MB/s',
  contenders: ['portmesh', 'raw port', 'electron-common-ipc'],
  targets: [
    { peer: 'raw port', atLeast: 0.9 },
    { peer: 'electron-common-ipc', atLeast: 2.3 },
  ],
  run: oneByOne((contestant, scaled) =>
    contestant.pair.client.page.call('bulk', pageName(contestant), scaled(MESSAGES)),
  ),
};
