import { session } from 'electron';
import { createBridge } from 'portmesh/main';
import { answerDemo } from '../answering.js';
import { windowNames, type Channels } from '../channels.js';
import { offerServices } from './services.js';
import { Windows } from './windows.js';

/** The whole of what an app does for its windows to talk: a bridge, its preload, and, if main talks too, a seat. */
export async function startPlayground(): Promise<void> {
  const bridge = createBridge({ origins: windowNames.map((name) => `app://${name}`) });
  bridge.install(session.defaultSession);
  bridge.on('refused', (error) => console.error(`refused: ${error.message}`));
  bridge.on('malformed', (problem, peer) => console.error(`malformed: ${problem} (${peer?.name ?? 'no peer'})`));

  const bus = await bridge.connect<Channels>({ name: 'main' });
  const windows = new Windows();
  answerDemo(bus);
  offerServices(bus, bridge, windows);
  await Promise.all(windowNames.map((name) => windows.restore(name)));
}
