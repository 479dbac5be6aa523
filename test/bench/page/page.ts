// Runs in every page of the bench. Main calls it through the one global.

import { pageApi } from './page-api.js';

Object.assign(globalThis, { bench: pageApi });
