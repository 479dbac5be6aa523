// The broker of Node's peers, in a Node child process of its own. It needs no seat in the mesh; this one takes one to be seen.

import { createBroker } from 'portmesh/node';
import { takeNodeSeat } from './node/seat.js';

async function start(): Promise<void> {
  const { BROKER_PATH: path = '', PORTMESH_PEER_SECRET: peer = '', PORTMESH_BRIDGE_SECRET: bridge = '' } = process.env;
  const broker = await createBroker({ path, secrets: { peer, bridge } });
  broker.on('refused', (error) => console.error(`refused by the broker: ${error.message}`));
  broker.on('malformed', (problem) => console.error(`malformed, says the broker: ${problem}`));
  await takeNodeSeat('broker', () => broker.close());
}

start().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
