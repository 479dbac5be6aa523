import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Driven } from './driven.js';

/** Starts a worker thread that obeys; nobody has let it in yet. */
export function startThread(): Driven<Worker> {
  const worker = new Worker(join(__dirname, 'lab-thread.cjs'));
  const driven = new Driven(worker, (message) => worker.postMessage(message));
  worker.on('message', (data) => driven.hear(data));
  // Else it would be an error of its owner's: that it ends is what there is to see.
  worker.on('error', () => {});
  worker.on('exit', () => driven.end());
  return driven;
}
