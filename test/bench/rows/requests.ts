import type { Row } from '../main/row.js';
import { measureLatency } from '../main/stage.js';
import { inFlight } from './in-flight.js';
import { inTurns } from '../contest/ways.js';

export const request: Row = {
  name: 'request',
  title: 'request R↔R, one in flight, p50',
  unit: 'ms',
  contenders: ['portmesh', 'raw port', 'Comlink', 'ipcRenderer.invoke', 'relay through main'],
  targets: [{ peer: 'raw port', atMost: 1.15 }],
  run: inTurns(measureLatency),
};

export const requestCommonIpc: Row = {
  name: 'request-common-ipc',
  title: 'the same beside electron-common-ipc',
  unit: 'ms',
  contenders: ['portmesh', 'electron-common-ipc', 'raw port'],
  targets: [{ peer: 'electron-common-ipc', atMost: 0.6 }],
  run: inTurns(measureLatency),
};

export const requestMain: Row = {
  name: 'request-main',
  title: 'request R↔main, one in flight, p50',
  unit: 'ms',
  contenders: ['portmesh to main', 'raw port to main', 'ipcRenderer.invoke'],
  targets: [{ peer: 'raw port to main', atMost: 1.15 }],
  run: inTurns(measureLatency),
};

export const requestUtility: Row = {
  name: 'request-utility',
  title: 'request R↔utility, one in flight, p50',
  unit: 'ms',
  contenders: ['portmesh to utility', 'raw port to utility', 'relay to utility'],
  targets: [{ peer: 'raw port to utility', atMost: 1.15 }],
  run: inTurns(measureLatency),
};

export const requestWorker: Row = {
  name: 'request-worker',
  title: 'request R↔its dedicated worker, one in flight, p50',
  unit: 'ms',
  contenders: ['portmesh to worker', 'raw port to worker', 'Comlink to worker'],
  targets: [],
  run: inTurns(measureLatency),
};

export const requestFrame: Row = {
  name: 'request-frame',
  title: 'request between frames of one process, one in flight, p50',
  unit: 'ms',
  contenders: ['portmesh to frame', 'raw port to frame', 'Comlink to frame'],
  targets: [{ peer: 'raw port to frame', atMost: 1.5 }],
  run: inTurns(measureLatency),
};

export const requestPopup: Row = {
  name: 'request-popup',
  title: 'request to a window of the same process, one in flight, p50',
  unit: 'ms',
  contenders: ['portmesh to popup', 'raw port to popup', 'Comlink to popup'],
  targets: [{ peer: 'raw port to popup', atMost: 1.5 }],
  run: inTurns(measureLatency),
};

export const requestGateway: Row = {
  name: 'node-gateway-request',
  title: 'request R↔Node through the gateway, one in flight, p50',
  unit: 'ms',
  contenders: ['portmesh to Node', 'portmesh to utility', 'raw port to utility'],
  targets: [],
  run: inTurns(measureLatency),
};

export const meshPort: Row = {
  name: 'mesh-port',
  title: "a MeshPort's echo R↔R, one in flight, p50",
  unit: 'ms',
  contenders: ['MeshPort', 'raw port'],
  targets: [],
  run: inTurns(measureLatency),
};

export const requestsInFlight: Row = {
  name: 'requests-in-flight',
  title: 'requests R↔R, 10,000 in flight',
  unit: 'calls/s',
  contenders: ['portmesh', 'Comlink', 'raw port', 'raw port, batched', 'electron-common-ipc'],
  targets: [{ peer: 'Comlink', atLeast: 12 }],
  run: inFlight,
};
