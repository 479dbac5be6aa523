// The utility process: a place without a window, which provides a service, and hosts another place in a thread.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { connect, share } from 'portmesh/node';
import { provide } from 'portmesh/service';
import type { Channels } from './channels.js';
import { Painter } from './fractal/painter.js';
import { fractal } from './fractal/service.js';
import { Children } from './place/children.js';
import { Place } from './place/place.js';

async function start(): Promise<void> {
  const via = process.parentPort;
  const bus = await connect<Channels>({ via, name: 'helper' });
  const place = new Place();
  place.attach(bus);
  provide(bus, fractal, new Painter(place));
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
