import { Broker } from './broker.js';
import { checkBroker, type BrokerOptions } from './options.js';

/**
 * Starts a broker for Node's peers, in this process. It introduces them to each other and keeps the list of who is there; what they say
 * to each other goes directly. They join with `connect({ broker })`, Electron's peers through `bridge.joinBroker()`.
 *
 * @returns the broker, when it listens
 * @throws MeshError `INVALID_ARGUMENT` for options that make no sense, a path that is too long or taken, a directory others may write to;
 *   `NOT_AUTHORIZED` where this process may not listen
 * @example
 * const broker = await createBroker({ path: '/run/user/1000/app/mesh.sock', secrets: { peer: token } });
 */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const checked = checkBroker(options);
  const broker = new Broker(checked);
  await broker.listen();
  return broker;
}
