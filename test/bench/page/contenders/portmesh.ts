import type { Bus, MeshPort } from 'portmesh';
import { connect } from 'portmesh/renderer';
import type { Contender } from '../contender.js';
import { clientOf } from '../in-order.js';
import { sink } from '../measures/sends.js';
import { freshChunk, freshMessage, type Message } from '../payload.js';

export interface MeshChannels {
  'bench:echo': (message: Message) => Promise<Message>;
  'bench:main-echo': (message: Message) => Promise<Message>;
  'bench:cold-echo': (message: Message) => Promise<Message>;
  'bench:never': () => Promise<void>;
  'bench:sink': (message: Message) => void;
  'bench:known': () => void;
  'bench:bulk': (bytes: Uint8Array) => Promise<number>;
  'bench:items': (count: number) => AsyncIterable<Message>;
  'bench:chunks': (count: number) => AsyncIterable<Uint8Array>;
  'bench:port': () => MeshPort;
}

let joined: Promise<Bus<MeshChannels>> | undefined;

/** This page's one seat in the mesh. */
export function joinMesh(name: string = location.hash.slice(1)): Promise<Bus<MeshChannels>> {
  return (joined ??= connect<MeshChannels>({ name }));
}

export const portmesh: Contender = {
  async open() {
    const bus = await joinMesh();
    const server = bus.to('server');
    return {
      echo: (message) => server.request('bench:echo', message),
      send: (message) => bus.send('bench:sink', message),
      bulk: (bytes) => server.request('bench:bulk', bytes),
      async items(count, take) {
        for await (const item of server.stream('bench:items', count)) take(item);
      },
      async chunks(count, take) {
        for await (const chunk of server.stream('bench:chunks', count)) take(chunk);
      },
    };
  },
  async serve(service) {
    const bus = await joinMesh();
    bus.handle('bench:echo', (_event, message) => service.echo(message));
    bus.handle('bench:bulk', (_event, bytes) => service.bulk(bytes));
    bus.handle('bench:items', async function* (_event, count) {
      for (let i = 0; i < count; i++) yield freshMessage();
    });
    bus.handle('bench:chunks', async function* (_event, count) {
      for (let i = 0; i < count; i++) yield freshChunk();
    });
    await bus.subscribe('bench:sink', (_event, message) => service.sink(message));
  },
};

/** Its server is main's own bus. */
export const portmeshMain: Contender = {
  async open() {
    const main = (await joinMesh()).to('main');
    return { echo: (message) => main.request('bench:main-echo', message) };
  },
  serve() {},
};

/** To another peer, which is there already. */
export const portmeshUtility: Contender = {
  async open() {
    const helper = (await joinMesh()).to('helper');
    return { echo: (message) => helper.request('bench:echo', message) };
  },
  serve() {},
};

/** To a Node process, through the gateway; this page knows of it already. */
export const portmeshNode: Contender = {
  async open() {
    const node = (await joinMesh()).to('node');
    return { echo: (message) => node.request('bench:cold-echo', message) };
  },
  serve() {},
};

/** A port of its own between two pages, with the mesh's own class around it. */
export const meshPort: Contender = {
  async open() {
    const port = await (await joinMesh()).to('server').openPort('bench:port');
    return clientOf(
      (message) => port.postMessage(message),
      (take) => (port.onmessage = ({ data }) => take(data)),
    );
  },
  async serve() {
    const bus = await joinMesh();
    bus.onPort('bench:port', (_event, port) => void (port.onmessage = ({ data }) => port.postMessage(data)));
  },
};

/** Whether this page listens to the broadcasts; resolves when everybody knows. */
export async function listenToSink(listens: boolean): Promise<void> {
  const bus = await joinMesh();
  if (listens) return bus.subscribe('bench:sink', (_event, message) => sink(message));
  bus.removeAllListeners('bench:sink');
  await bus.subscribe('bench:known', () => {});
  bus.removeAllListeners('bench:known');
}
