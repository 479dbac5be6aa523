import { wrap } from 'comlink';
import { share } from 'portmesh/renderer';
import type { Contender, Service } from '../contender.js';
import { freshMessage } from '../payload.js';
import { joinMesh } from './portmesh.js';
import { clientOn } from './raw-port.js';

/** What a page can have beside itself: its script is ../neighbour.ts. */
type Place = 'worker' | 'frame' | 'popup';

/** Hands a port over to it. */
type Post = (label: string, port: MessagePort) => void;

const makers: Record<Place, () => Post> = {
  worker() {
    const worker = new Worker('neighbour.js#worker');
    share(worker);
    return (label, port) => worker.postMessage(label, [port]);
  },
  frame() {
    const frame = document.createElement('iframe');
    frame.src = 'neighbour.html#frame';
    document.body.append(frame);
    share(frame, { origin: location.origin });
    return (label, port) => frame.contentWindow?.postMessage(label, location.origin, [port]);
  },
  popup() {
    const popup = window.open('neighbour.html#popup', '_blank', 'width=300,height=200');
    if (!popup) throw new Error('the window was not opened');
    return (label, port) => popup.postMessage(label, location.origin, [port]);
  },
};

const made = new Map<Place, Promise<Post>>();

/** Made once, and used by all contenders. It has joined, and listens, when this resolves. */
function ready(place: Place): Promise<Post> {
  const known = made.get(place) ?? make(place);
  made.set(place, known);
  return known;
}

async function make(place: Place): Promise<Post> {
  const bus = await joinMesh();
  const post = makers[place]();
  await bus.to(place).with({ wait: 20_000 }).request('bench:echo', freshMessage());
  if (bus.peers.named(place)[0]?.process.id !== bus.self.process.id)
    throw new Error(`the ${place} is in another process`);
  return post;
}

async function portTo(place: Place, label: string): Promise<MessagePort> {
  const { port1, port2 } = new MessageChannel();
  (await ready(place))(label, port2);
  return port1;
}

export function portmeshTo(place: Place): Contender {
  return {
    async open() {
      await ready(place);
      const peer = (await joinMesh()).to(place);
      return { echo: (message) => peer.request('bench:echo', message) };
    },
    serve() {},
  };
}

export function rawPortTo(place: Place): Contender {
  return { open: async () => clientOn(await portTo(place, 'raw')), serve() {} };
}

export function comlinkTo(place: Place): Contender {
  return {
    async open() {
      const remote = wrap<Pick<Service, 'echo'>>(await portTo(place, 'comlink'));
      return { echo: (message) => remote.echo(message) };
    },
    serve() {},
  };
}
