import { session } from 'electron';
import { createBridge } from 'portmesh/main';
import type { Channels } from '../channels.js';
import { Place } from '../place/place.js';
import { Estate } from './estate.js';
import type { Nodes } from './nodes.js';
import { offerServices } from './services.js';

/** Those whose windows join on their own. The widget's origin is not among them: the editor lets it in. */
const ORIGINS = ['app://graph', 'app://editor'];

/** The whole of what an app does for its windows to talk: a bridge, its preload, and, if main talks too, a seat. */
export async function startPlayground(nodes: Nodes): Promise<void> {
  const bridge = createBridge({ origins: ORIGINS });
  bridge.install(session.defaultSession);
  bridge.on('refused', (error, candidate) => {
    // The widget tries by itself first, and then through the editor, which lets it in.
    if (candidate?.origin !== 'app://widget') console.error(`refused: ${error.message}`);
  });
  bridge.on('malformed', (problem, peer) => console.error(`malformed: ${problem} (${peer?.name ?? 'no peer'})`));

  const bus = await bridge.connect<Channels>({ name: 'main' });
  const place = new Place();
  place.attach(bus);
  const estate = new Estate(bus, bridge, nodes);
  offerServices(bus, bridge, estate);
  nodes.join(bridge);
  // The graph first: it shows how the others come.
  for (const name of ['graph', 'editor', 'helper'] as const) await estate.act('restore', name);
}
