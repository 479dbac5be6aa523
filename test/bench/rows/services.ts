import type { Row } from '../main/row.js';
import { measureLatency } from '../main/stage.js';
import { inFlight } from './in-flight.js';
import { inTurns } from '../contest/ways.js';

export const serviceCall: Row = {
  name: 'service-call',
  title: "a service's call R↔R, one in flight, p50",
  unit: 'ms',
  contenders: ['service', 'raw port', 'Comlink', 'portmesh'],
  targets: [{ peer: 'raw port', atMost: 1.25 }],
  run: inTurns(measureLatency),
};

export const serviceCallsInFlight: Row = {
  name: 'service-calls-in-flight',
  title: "a service's calls R↔R, 10,000 in flight",
  unit: 'calls/s',
  contenders: ['service', 'Comlink', 'portmesh'],
  targets: [{ peer: 'Comlink', atLeast: 8 }],
  run: inFlight,
};

export const serviceCallback: Row = {
  name: 'service-callback',
  title: 'a call with a fresh callback R↔R, p50',
  unit: 'ms',
  contenders: ['service, told by a callback', 'service'],
  targets: [{ peer: 'service', atMost: 1.5 }],
  run: inTurns(measureLatency),
};

export const serviceCallbackAnswer: Row = {
  name: 'service-callback-answer',
  title: 'a call that waits for the answer of a fresh callback R↔R, p50',
  unit: 'ms',
  contenders: ['service, asking a callback', 'Comlink, callbacks'],
  targets: [],
  run: inTurns(measureLatency),
};
