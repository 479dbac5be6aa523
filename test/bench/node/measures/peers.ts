import type { Bus } from 'portmesh';
import type { MeshChannels } from '../../page/contenders/portmesh.js';
import { seen } from '../../page/measures/cold.js';
import { freshMessage } from '../../page/payload.js';
import { now } from '../clock.js';
import { join, mesh } from '../contenders/portmesh.js';

const buses: Bus<MeshChannels>[] = [];

export async function addPeers(folder: string, names: readonly string[]): Promise<void> {
  buses.push(...(await Promise.all(names.map((name) => join(folder, name)))));
  for (const bus of buses.slice(-names.length)) bus.handle('bench:cold-echo', (_event, message) => message);
}

export async function removePeers(): Promise<void> {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
}

/** Resolves when the peers are in the directory of this process's own bus. */
export function seePeers(names: readonly string[]): Promise<void> {
  return seen(mesh(), names);
}

/** A link to each. */
export async function linkPeers(names: readonly string[]): Promise<void> {
  const bus = mesh();
  await Promise.all(names.map((name) => bus.to(name).request('bench:cold-echo', freshMessage())));
}

/** Joins under all those names at once. Returns when each bus knew of `others` whose name begins so. */
export async function joinAtOnce(
  folder: string,
  names: readonly string[],
  prefix: string,
  others: number,
): Promise<number> {
  await Promise.all(
    names.map(async (name) => {
      const bus = await join(folder, name);
      buses.push(bus);
      await known(bus, prefix, others);
    }),
  );
  return now();
}

function known(bus: Bus<MeshChannels>, prefix: string, others: number): Promise<void> {
  return new Promise((resolve) => {
    let left = others;
    const count = (peer: { readonly name: string }): void => {
      if (!peer.name.startsWith(prefix) || --left > 0) return;
      bus.peers.off('join', count);
      resolve();
    };
    bus.peers.on('join', count);
    for (const peer of bus.peers) count(peer);
  });
}
