import { inTurns, oneByOne } from '../../contest/ways.js';
import type { NodeContestant } from '../stage.js';
import type { Row } from './row.js';

const contenders: Row['contenders'] = ['portmesh', 'raw socket', 'child_process advanced', 'electron-common-ipc'];

export const request: Row = {
  name: 'node-request',
  title: 'request Node↔Node over a unix socket, one in flight, p50',
  unit: 'ms',
  contenders,
  targets: [{ peer: 'raw socket', atMost: 1.4 }],
  run: inTurns(({ client }: NodeContestant, count) => client.call('latency', count)),
};

export const requestsInFlight: Row = {
  name: 'node-in-flight',
  title: 'requests Node↔Node, 10,000 in flight',
  unit: 'calls/s',
  contenders,
  targets: [],
  run: oneByOne(({ client }: NodeContestant, scaled) => client.call('inFlight', scaled(10_000))),
};
