// A worker thread of the helper.

import { parentPort } from 'node:worker_threads';
import { connect } from 'portmesh/node';
import type { Channels } from './channels.js';
import { Place } from './place/place.js';

async function start(): Promise<void> {
  new Place().attach(await connect<Channels>({ via: parentPort, name: 'thread' }));
}

start().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
