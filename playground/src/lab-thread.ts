// The lab's worker thread: it hands the library to whoever drives it.

import { runInThisContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import * as core from 'portmesh';
import * as node from 'portmesh/node';
import * as service from 'portmesh/service';
import { comlink } from './lab/comlink.js';
import { obey } from './lab/obey.js';

Object.assign(globalThis, { lab: { ...core, ...node, ...service, via: parentPort, comlink } });
parentPort?.on('message', (message) => obey(message, (answer) => parentPort?.postMessage(answer), runInThisContext));
