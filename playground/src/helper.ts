// The utility process: a place without a window, which hosts another one in a thread.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { connect, share } from 'portmesh/node';
import type { Channels } from './channels.js';
import { Children } from './place/children.js';
import { Place } from './place/place.js';

async function start(): Promise<void> {
  const via = process.parentPort;
  const bus = await connect<Channels>({ via, name: 'helper' });
  new Place().attach(bus);
  new Children({
    thread: () => {
      const worker = new Worker(join(__dirname, 'thread.cjs'));
      share(worker, { via, name: 'thread' });
      return () => void worker.terminate();
    },
  }).attach(bus);
}

start().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
