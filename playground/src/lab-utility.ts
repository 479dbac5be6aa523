// The lab's utility process: it hands the library, and threads of its own, to whoever drives it.

import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import * as core from 'portmesh';
import * as node from 'portmesh/node';
import { Driven } from './lab/driven.js';
import { obey } from './lab/obey.js';

const via = process.parentPort;
const threads: Driven<Worker>[] = [];

/** Makes a worker thread; returns its number. */
function makeThread(): number {
  const worker = new Worker(join(__dirname, 'lab-thread.cjs'));
  const driven = new Driven(worker, (message) => worker.postMessage(message));
  worker.on('message', (data) => driven.hear(data));
  worker.on('exit', () => driven.end());
  return threads.push(driven) - 1;
}

Object.assign(globalThis, { lab: { ...core, ...node, via, threads, makeThread } });
via.on('message', ({ data }) => obey(data, (answer) => via.postMessage(answer), runInThisContext));
