import type { Bus } from 'portmesh';
import { connect, createBroker } from 'portmesh/node';
import type { MeshChannels } from '../../page/contenders/portmesh.js';
import { seen } from '../../page/measures/cold.js';
import type { Contender } from './contender.js';
import { pathIn } from '../paths.js';
import { brokerIn, secrets } from '../secrets.js';

let joined: Bus<MeshChannels> | undefined;

/** A seat in the mesh, of as many as this process wants. */
export function join(folder: string, name: string): Promise<Bus<MeshChannels>> {
  return connect<MeshChannels>({ broker: brokerIn(folder, 'peer'), name, timeout: 60_000 });
}

/** This process's one seat among the contender's. */
export function mesh(): Bus<MeshChannels> {
  if (!joined) throw new Error('this process has not joined the mesh');
  return joined;
}

export const portmesh: Contender = {
  async host(folder) {
    await createBroker({ path: pathIn(folder, 'broker'), secrets });
  },
  async serve(folder, service) {
    const bus = (joined = await join(folder, 'server'));
    bus.handle('bench:echo', (_event, message) => service.echo(message));
    bus.handle('bench:bulk', (_event, bytes) => service.bulk(bytes));
    await bus.subscribe('bench:sink', (_event, message) => service.sink(message));
    bus.handle('bench:cold-echo', (_event, message) => service.echo(message)); // the last: who sees it, sees all
  },
  async open(folder) {
    const bus = (joined = await join(folder, 'client'));
    await seen(bus, ['server']);
    const server = bus.to('server');
    return {
      echo: (message) => server.request('bench:echo', message),
      send: (message) => bus.send('bench:sink', message),
      bulk: (bytes) => server.request('bench:bulk', bytes),
    };
  },
};
