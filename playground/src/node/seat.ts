import { connect } from 'portmesh/node';
import type { Channels } from '../channels.js';
import { Place } from '../place/place.js';

/**
 * A seat for this Node process, through the broker that its environment names. The process ends when who forked it does, or lets go of it.
 *
 * @param last what is to be done before it ends
 */
export async function takeNodeSeat(name: string, last: () => Promise<void> = async () => {}): Promise<void> {
  const { BROKER_PATH: path = '', PORTMESH_PEER_SECRET: token = '' } = process.env;
  let leave = last;
  process.once('disconnect', () => void leave().finally(() => process.exit()));
  const bus = await connect<Channels>({ broker: { path, token }, name });
  leave = () => bus.close().then(last);
  new Place().attach(bus);
}
