import { oneByOne } from '../../contest/ways.js';
import type { NodeContestant } from '../stage.js';
import type { Row } from './row.js';

const MESSAGES = 200;

/** Not electron-common-ipc's, which turns a typed array into JSON. */
export const bulk: Row = {
  name: 'node-bulk',
  title: '1 MiB Uint8Array Node→Node, 2 in flight',
  unit: 'MB/s',
  contenders: ['portmesh', 'raw socket', 'child_process advanced'],
  targets: [],
  run: oneByOne(({ client }: NodeContestant, scaled) => client.call('bulk', scaled(MESSAGES))),
};
