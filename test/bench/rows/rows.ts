import type { Row } from '../main/contest.js';
import { blockedMain } from './blocked-main.js';
import { bulk } from './bulk.js';
import { coldBusy, coldIdle } from './cold.js';
import { crash } from './crash.js';
import { request, requestCommonIpc, requestMain, requestsInFlight } from './requests.js';
import { broadcastBursts, broadcastSingles, sends } from './sends.js';

/** In the order of DESIGN 7. The entry's size is measured without Electron; see ../runner/size.js. */
export const rows: readonly Row[] = [
  request,
  requestsInFlight,
  sends,
  requestCommonIpc,
  broadcastBursts,
  broadcastSingles,
  bulk,
  blockedMain,
  coldIdle,
  coldBusy,
  requestMain,
  crash,
];
