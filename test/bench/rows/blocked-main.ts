import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../main/row.js';
import { measureGap, measureLatency } from '../main/stage.js';
import { oneByOne } from '../contest/ways.js';

const BLOCKED_MS = 2000;
/** Traffic before and after it */
const MARGIN_MS = 200;

export const blockedMain: Row = {
  name: 'blocked-main',
  title: 'largest gap in requests R↔R while main is blocked for 2 s',
  unit: 'ms',
  contenders: ['portmesh', 'raw port', 'relay through main'],
  targets: [{ atMost: 50 }],
  run: oneByOne(async (contestant) => {
    await measureLatency(contestant, 100);
    const gap = measureGap(contestant, BLOCKED_MS + 2 * MARGIN_MS);
    await sleep(MARGIN_MS);
    const until = performance.now() + BLOCKED_MS;
    while (performance.now() < until);
    return gap;
  }),
};
