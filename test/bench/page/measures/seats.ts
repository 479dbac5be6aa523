import type { Bus } from 'portmesh';
import { connect } from 'portmesh/renderer';
import type { MeshChannels } from '../contenders/portmesh.js';

/** Further seats of this page. */
let buses: Bus<MeshChannels>[] = [];

/** Fresh peers, each with a name nobody has spoken to. */
export async function addPeers(names: readonly string[]): Promise<void> {
  buses = await Promise.all(names.map((name) => connect<MeshChannels>({ name })));
  for (const bus of buses) bus.handle('bench:cold-echo', (_event, message) => message);
}

export async function removePeers(): Promise<void> {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
}

/**
 * Joins with all these names at once. Returns when each of them had `others` further peers in its directory whose names begin
 * with `prefix`, by the clock.
 */
export async function joinAtOnce(names: readonly string[], prefix: string, others: number): Promise<number> {
  const joins = names.map(async (name) => {
    const bus = await connect<MeshChannels>({ name });
    buses.push(bus);
    await countPeers(bus, prefix, others);
  });
  await Promise.all(joins);
  return Date.now();
}

function countPeers(bus: Bus<MeshChannels>, prefix: string, others: number): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    const add = ({ id, name }: { id: string; name: string }): void => {
      if (id !== bus.self.id && name.startsWith(prefix) && ++count === others) resolve();
    };
    for (const peer of bus.peers) add(peer);
    bus.peers.on('join', add);
  });
}
