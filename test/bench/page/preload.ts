// The preload of the bench's own windows, besides Portmesh's: hands raw ports through to the page, and holds the two
// contenders that need `ipcRenderer`. Main calls it in the isolated world.

import { handPortsThrough } from './hand-through.js';
import { preloadApi } from './preload-api.js';

handPortsThrough();
Object.assign(globalThis, { bench: preloadApi });
