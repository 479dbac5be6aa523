// Runs in what a page has beside itself: a worker, a frame, a window it opened. Echoes on every way there is.

import { expose } from 'comlink';
import { connect } from 'portmesh/renderer';
import type { MeshChannels } from './contenders/portmesh.js';
import type { Message } from './payload.js';

addEventListener('message', ({ data, ports: [port] }) => {
  if (!port) return;
  if (data === 'raw') port.onmessage = (event) => port.postMessage(event.data);
  if (data === 'comlink') expose({ echo: (message: Message) => message }, port);
});

// Who is asked for a worker is its maker anyway.
const framed = typeof window !== 'undefined' && window.parent !== window;
void connect<MeshChannels>({
  name: location.hash.slice(1),
  ...(framed && { owner: location.origin }),
}).then((bus) => bus.handle('bench:echo', (_event, message) => message));
