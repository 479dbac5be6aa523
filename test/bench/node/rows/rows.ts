import { bulk } from './bulk.js';
import { joins } from './joins.js';
import { memoryOfLinks, memoryOfPeers } from './memory.js';
import { request, requestsInFlight } from './requests.js';
import type { Row } from './row.js';
import { sends } from './sends.js';

/** In the order of DESIGN 7, then what has no target; last those that leave something beside the contenders. */
export const rows: readonly Row[] = [request, sends, requestsInFlight, bulk, memoryOfPeers, memoryOfLinks, joins];
