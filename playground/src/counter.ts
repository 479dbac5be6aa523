// The dedicated worker of the editor's page. It has no preload: the page lets it in.

import { connect } from 'portmesh/renderer';
import type { Channels } from './channels.js';
import { Place } from './place/place.js';

async function start(): Promise<void> {
  new Place().attach(await connect<Channels>({ name: 'counter' }));
}

start().catch((error: unknown) => console.error(error));
