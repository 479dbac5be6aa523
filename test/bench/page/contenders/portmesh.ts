import type { Bus } from 'portmesh';
import { connect } from 'portmesh/renderer';
import type { Contender } from '../contender.js';
import type { Message } from '../payload.js';

export interface MeshChannels {
  'bench:echo': (message: Message) => Promise<Message>;
  'bench:main-echo': (message: Message) => Promise<Message>;
  'bench:cold-echo': (message: Message) => Promise<Message>;
  'bench:never': () => Promise<void>;
  'bench:sink': (message: Message) => void;
  'bench:bulk': (bytes: Uint8Array) => Promise<number>;
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
    };
  },
  async serve(service) {
    const bus = await joinMesh();
    bus.handle('bench:echo', (_event, message) => service.echo(message));
    bus.handle('bench:bulk', (_event, bytes) => service.bulk(bytes));
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
