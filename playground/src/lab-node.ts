// The lab's Node child process: it hands the library to whoever drives it.

import { runInThisContext } from 'node:vm';
import * as core from 'portmesh';
import * as node from 'portmesh/node';
import * as service from 'portmesh/service';
import { comlink } from './lab/comlink.js';
import { obey } from './lab/obey.js';

const answer = (message: unknown[]): void => void process.send?.(message);
Object.assign(globalThis, { lab: { ...core, ...node, ...service, comlink } });
process.on('message', (data) => obey(data, answer, runInThisContext));
answer(['lab:ready']);
