import { inTurns } from '../contest/ways.js';
import type { Row } from '../main/row.js';
import { measureLatency } from '../main/stage.js';
import { inFlight } from './in-flight.js';

export const comlink: Row = {
  name: 'comlink',
  title: 'Comlink over the mesh R↔R, one in flight, p50',
  unit: 'ms',
  contenders: ['Comlink over the mesh', 'Comlink'],
  targets: [{ peer: 'Comlink', atMost: 1.1 }],
  run: inTurns(measureLatency),
};

export const comlinkInFlight: Row = {
  name: 'comlink-in-flight',
  title: 'Comlink over the mesh R↔R, 10,000 in flight',
  unit: 'calls/s',
  contenders: ['Comlink over the mesh', 'Comlink'],
  targets: [{ peer: 'Comlink', atLeast: 1 / 1.1 }],
  run: inFlight,
};

export const comlinkCallback: Row = {
  name: 'comlink-callback',
  title: 'a call with a fresh callback, R↔R, p50',
  unit: 'ms',
  contenders: ['Comlink over the mesh, callbacks', 'Comlink, callbacks', 'Comlink over the mesh'],
  targets: [{ peer: 'Comlink, callbacks', atMost: 1.1 }],
  run: inTurns(measureLatency),
};
