// Comlink, and the mesh's part of it, for whoever drives the lab.

import * as stock from 'comlink';
import * as layer from 'portmesh/comlink';

export const comlink = { stock, ...layer };
