import type { Row } from '../main/row.js';
import { blockedMain } from './blocked-main.js';
import { bulk } from './bulk.js';
import { coldBusy, coldFromUtility, coldIdle, coldToUtility } from './cold.js';
import { comlink, comlinkCallback, comlinkInFlight } from './comlink.js';
import { crash } from './crash.js';
import { broadcastHung } from './hung.js';
import { joins } from './joins.js';
import { memoryOfLinks, memoryOfPeers } from './memory.js';
import {
  meshPort,
  request,
  requestCommonIpc,
  requestFrame,
  requestGateway,
  requestMain,
  requestPopup,
  requestsInFlight,
  requestUtility,
  requestWorker,
} from './requests.js';
import { broadcastBursts, broadcastSingles, sends } from './sends.js';
import { serviceCall, serviceCallback, serviceCallbackAnswer, serviceCallsInFlight } from './services.js';
import { streamOfChunks, streamOfItems } from './streams.js';

/** In the order of DESIGN 7, then what has no target; last those that leave something beside the client's page. The entry's size is measured without Electron; see ../runner/size.js. */
export const rows: readonly Row[] = [
  request,
  requestsInFlight,
  sends,
  requestCommonIpc,
  broadcastBursts,
  broadcastSingles,
  broadcastHung,
  joins,
  bulk,
  blockedMain,
  coldIdle,
  coldBusy,
  requestMain,
  requestUtility,
  coldToUtility,
  coldFromUtility,
  crash,
  serviceCall,
  serviceCallsInFlight,
  serviceCallback,
  serviceCallbackAnswer,
  meshPort,
  streamOfItems,
  streamOfChunks,
  memoryOfPeers,
  memoryOfLinks,
  requestWorker,
  requestFrame,
  requestPopup,
  requestGateway,
  comlink,
  comlinkInFlight,
  comlinkCallback,
];
