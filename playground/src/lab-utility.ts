// The lab's utility process: it hands the library, and threads of its own, to whoever drives it.

import { runInThisContext } from 'node:vm';
import * as core from 'portmesh';
import * as node from 'portmesh/node';
import * as service from 'portmesh/service';
import { comlink } from './lab/comlink.js';
import { obey } from './lab/obey.js';
import { startThread } from './lab/thread.js';

const via = process.parentPort;

Object.assign(globalThis, { lab: { ...core, ...node, ...service, via, startThread, comlink } });
via.on('message', ({ data }) => obey(data, (answer) => via.postMessage(answer), runInThisContext));
