import type { IpcBusClient } from '@electron-common-ipc/universal';
import type { Contender } from '../contender.js';
import type { Message } from '../payload.js';

declare global {
  interface Window {
    /** What its preload leaves behind. */
    ElectronCommonIpc: { CreateIpcBusClient(): IpcBusClient };
  }
}

/** No time-out: it keeps a timer for each request, and never clears it. */
const NEVER = -1;

let joined: Promise<IpcBusClient> | undefined;

export function joinCommonIpc(): Promise<IpcBusClient> {
  return (joined ??= (async () => {
    const client = window.ElectronCommonIpc.CreateIpcBusClient();
    await client.connect({ peerName: location.hash.slice(1) });
    return client;
  })());
}

export const commonIpc: Contender = {
  async open() {
    const client = await joinCommonIpc();
    const ask = async (channel: string, value: unknown): Promise<unknown> =>
      (await client.request(channel, NEVER, value)).payload;
    return {
      echo: (message) => ask('bench:echo', message) as Promise<Message>,
      send: (message) => void client.send('bench:sink', message),
      bulk: (bytes) => ask('bench:bulk', bytes) as Promise<number>,
    };
  },
  async serve(service) {
    const client = await joinCommonIpc();
    client.on('bench:echo', (event, message: Message) => event.request?.resolve(service.echo(message)));
    client.on('bench:bulk', (event, bytes: Uint8Array) => event.request?.resolve(service.bulk(bytes)));
    client.on('bench:sink', (_event, message: Message) => service.sink(message));
  },
};
