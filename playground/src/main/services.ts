import type { Bridge } from 'portmesh/main';
import type { PlaygroundBus } from '../channels.js';
import type { Estate } from './estate.js';
import { crashGateway, lookAtGateway } from './gateway.js';

const MAX_BLOCK_MS = 10_000;

/** What main does for the others. They ask for it over the mesh, like anything else; no ipcMain is involved. */
export function offerServices(bus: PlaygroundBus, bridge: Bridge, estate: Estate): void {
  bus.handle('playground:act', (_event, action, name) => estate.act(action, name));
  bus.handle('playground:evict', (event, peer) => bridge.evict(peer, `${event.sender.name} asked for it`));
  bus.handle('playground:gateway', () => lookAtGateway(bridge));
  bus.handle('playground:crash-gateway', () => crashGateway());

  bus.handle('playground:block', async (_event, ms) => {
    const length = Math.min(ms, MAX_BLOCK_MS);
    bus.send('playground:blocking', length);
    // What was sent leaves at the end of this turn, so the thread may stand still only in a later one.
    await new Promise((resolve) => setImmediate(resolve));
    blockThread(length);
    bus.send('playground:unblocked', length);
  });

  bus.on('chat:said', (event, text) => {
    bus.to(event.sender).send('chat:said', `I heard ‘${text}’`);
  });
}

/** Nothing runs on this thread meanwhile, as if it computed; but without taking a core from the windows. */
function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
