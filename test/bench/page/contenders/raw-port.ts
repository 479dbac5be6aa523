import type { Client, Contender } from '../contender.js';
import { clientOf } from '../in-order.js';
import type { Message } from '../payload.js';
import { takePort, takePorts } from '../ports.js';
import { openRawStreams, serveRawStreams } from './raw-streams.js';

export function clientOn(port: MessagePort): Client {
  return clientOf(
    (message) => port.postMessage(message),
    (take) => (port.onmessage = ({ data }) => take(data)),
  );
}

async function openRawPort(label: string): Promise<Client> {
  return clientOn(await takePort(label));
}

/** A port each for what is asked and for what is only sent, so that neither has to say which it is. */
export const rawPort: Contender = {
  async open() {
    const [echo, send, bulk] = [
      await openRawPort('raw echo'),
      await openRawPort('raw sink'),
      await openRawPort('raw bulk'),
    ];
    return { echo: echo.echo, send: send.send, bulk: bulk.bulk, ...(await openRawStreams()) } as Client;
  },
  async serve(service) {
    await answer('raw echo', (message) => service.echo(message as Message));
    await answer('raw bulk', (bytes) => service.bulk(bytes as Uint8Array));
    await serveRawStreams();
    const sink = await takePort('raw sink');
    sink.onmessage = (event) => service.sink(event.data as Message);
  },
};

/** Its other end is a `MessagePortMain`, which main answers on. */
export const rawPortMain: Contender = {
  open: () => openRawPort('raw main'),
  serve() {},
};

/** Its other end is in the utility process. */
export const rawPortUtility: Contender = {
  open: () => openRawPort('raw utility'),
  serve() {},
};

/** To several receivers: one `postMessage` for each. */
export const rawPorts: Contender = {
  open() {
    const ports = new Set<MessagePort>();
    takePorts('raw fan', (port) => {
      ports.add(port);
      port.addEventListener('close', () => ports.delete(port));
      port.start();
    });
    return {
      echo: () => Promise.reject(new Error('it sends only')),
      send: (message) => ports.forEach((port) => port.postMessage(message)),
    };
  },
  serve(service) {
    takePorts('raw fan', (port) => (port.onmessage = (event) => service.sink(event.data as Message)));
  },
};

async function answer(label: string, handler: (value: unknown) => unknown): Promise<void> {
  const port = await takePort(label);
  port.onmessage = (event) => port.postMessage(handler(event.data));
}
