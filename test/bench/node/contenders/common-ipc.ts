import type { IpcBusClient } from '@electron-common-ipc/universal';
import { CreateIpcBusBroker, CreateIpcBusClient } from 'electron-common-ipc';
import type { Message } from '../../page/payload.js';
import { pathIn } from '../paths.js';
import type { Contender } from './contender.js';

/** No time-out: it keeps a timer for each request, and never clears it. */
const NEVER = -1;
const KNOWN_MS = 100;
const ATTEMPTS = 50;

async function join(folder: string, peerName: string): Promise<IpcBusClient> {
  const client = CreateIpcBusClient();
  await client.connect({ path: pathIn(folder, 'broker'), peerName });
  return client;
}

/** Its broker in a process of its own, as its documents advise. */
export const commonIpc: Contender = {
  async host(folder) {
    await CreateIpcBusBroker().connect({ path: pathIn(folder, 'broker') });
  },
  async serve(folder, service) {
    const client = await join(folder, 'server');
    client.on('bench:echo', (event, message: Message) => event.request?.resolve(service.echo(message)));
    client.on('bench:sink', (_event, message: Message) => service.sink(message));
    client.on('bench:known', (event) => event.request?.resolve(true));
  },
  async open(folder) {
    const client = await join(folder, 'client');
    await known(client);
    return {
      echo: async (message) => (await client.request('bench:echo', NEVER, message)).payload as Message,
      send: (message) => void client.send('bench:sink', message),
    };
  },
};

/** Nobody says when the broker knows what the server listens to. */
async function known(client: IpcBusClient): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return void (await client.request('bench:known', KNOWN_MS));
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
