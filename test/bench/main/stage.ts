import { app, session } from 'electron';
import { once } from 'node:events';
import { CreateIpcBusBridge } from 'electron-common-ipc';
import { join } from 'node:path';
import { createBridge, type Bridge } from 'portmesh/main';
import type { Venue } from '../contest/contest.js';
import { Processes } from '../node/processes.js';
import { brokerIn } from '../node/secrets.js';
import type { MeshChannels } from '../page/contenders/portmesh.js';
import type { PageContender } from '../page/page-api.js';
import type { PreloadContender } from '../page/preload-api.js';
import { profiled } from './profile.js';
import { Utility } from './utility.js';
import { openWindow, ORIGIN, type WindowKind } from './windows.js';
import { answerInvokes, echoOnPort, handOver, introduce, relay } from './wiring.js';
import type { Seat } from './world.js';

export type ContenderName = PageContender | PreloadContender;

/** Two windows, in two renderer processes. */
export interface Pair {
  readonly client: Seat;
  readonly server: Seat;
}

/** What is measured: a contender, ready to be called in its client's page. */
export interface Contestant {
  readonly name: ContenderName;
  readonly kind: WindowKind;
  readonly pair: Pair;
  /** The pair's server, and, where a row wants more, other windows like it. */
  readonly receivers: readonly Seat[];
}

/** The ports that a contender's pages get from main. */
const ports: Partial<Record<ContenderName, readonly string[]>> = {
  'raw port': ['raw echo', 'raw bulk', 'raw sink', 'raw items', 'raw chunks'],
  'raw port, batched': ['batched'],
  Comlink: ['comlink'],
  'Comlink, callbacks': ['comlink callbacks'],
  'transferred ReadableStream': ['streams'],
};

/** The rows use fresh names again and again, so that nobody meets one that has left. */
const NAMES = 100_000;

/** All the windows, and the contenders in them: each is made when the first row needs it. */
export class Stage implements Venue<Contestant> {
  readonly #pairs = new Map<WindowKind, Promise<Pair>>();
  readonly #contestants = new Map<ContenderName, Promise<Contestant>>();
  readonly #crowds = new Map<WindowKind, Seat[]>();
  #bridge: Bridge | undefined;
  #utility: Promise<Utility> | undefined;
  #processes: Processes | undefined;
  #opened = 0;

  async setUp(): Promise<void> {
    const bridge = (this.#bridge = createBridge({ origins: [ORIGIN], limits: { names: NAMES } }));
    bridge.install(session.defaultSession);
    const bus = await bridge.connect<MeshChannels>();
    bus.handle('bench:main-echo', (_event, message) => message);
    answerInvokes();
  }

  /** The receivers are the pair's server, and new windows, which it shares with others of its kind. */
  async enter(name: ContenderName, count: number): Promise<Contestant> {
    const contestant = await remember(this.#contestants, name, () => this.#prepare(name));
    const { kind, pair, receivers } = contestant;
    const crowd = remember(this.#crowds, kind, () => []);
    while (receivers.length + crowd.length < count) crowd.push(await this.open(kind));
    const more = crowd.slice(0, count - receivers.length);
    for (const seat of more) {
      await seat.page.call('serve', pageName(contestant));
      wireReceiver(contestant.name, pair.client, seat);
    }
    return { ...contestant, receivers: [...receivers, ...more] };
  }

  /** Closes the windows that a row before had besides the pairs. */
  async clear(): Promise<void> {
    const crowd = [...this.#crowds.values()].flat();
    this.#crowds.clear();
    const closed = crowd.map(({ contents }) => {
      const gone = once(contents, 'destroyed');
      contents.close();
      return gone;
    });
    await Promise.all(closed);
  }

  async ownShare(): Promise<number> {
    const inPercent = app.getAppMetrics().reduce((sum, { cpu }) => sum + cpu.percentCPUUsage, 0);
    return inPercent / 100 + ((await this.#processes?.ownShare()) ?? 0);
  }

  async profiled<T>(folder: string, row: string, work: () => Promise<T>): Promise<T> {
    return profiled(folder, row, { ...(await this.pair('mesh')) }, work);
  }

  /** Another window, with a name of its own. */
  open(kind: WindowKind): Promise<Seat> {
    return openWindow(kind, `window-${++this.#opened}`);
  }

  pair(kind: WindowKind): Promise<Pair> {
    return remember(this.#pairs, kind, async () => {
      if (kind === 'common-ipc') await CreateIpcBusBridge().connect({});
      const pair = { client: await openWindow(kind, 'client'), server: await openWindow(kind, 'server') };
      if (pair.client.contents.getOSProcessId() === pair.server.contents.getOSProcessId()) {
        throw new Error('both windows are in one renderer process');
      }
      if (kind === 'mesh') {
        introduce(pair.server.contents);
        await pair.server.preload.call('serve');
      }
      return pair;
    });
  }

  /** The one utility process: it has joined. */
  utility(): Promise<Utility> {
    return (this.#utility ??= (async () => {
      const utility = new Utility();
      this.#bridge?.attach(utility.child);
      await utility.call('ready');
      utility.serve((await this.pair('mesh')).server.contents);
      return utility;
    })());
  }

  /** A Node process in the mesh, a broker in another one, and the gateway between it and the app in a third. */
  async #joinNode(): Promise<void> {
    const processes = (this.#processes = new Processes(app.getPath('userData'), join(__dirname, 'node/child.cjs')));
    await processes.open();
    const folder = processes.folder('mesh');
    await (await processes.start('broker')).call('host', 'portmesh', folder);
    await (await processes.start('node')).call('addPeers', folder, ['node']);
    await this.#bridge?.joinBroker(brokerIn(folder, 'bridge'));
  }

  async #prepare(name: ContenderName): Promise<Contestant> {
    const kind = name === 'electron-common-ipc' ? 'common-ipc' : 'mesh';
    const pair = await this.pair(kind);
    const { client, server } = pair;
    if (name.endsWith(' utility')) await this.utility();
    if (name === 'portmesh to Node') {
      await this.#joinNode();
      await client.page.call('seePeers', ['node']);
    }
    if (name === 'relay through main') {
      relay(client.contents, server.contents);
    } else if (!inPreload(name)) {
      if (name === 'raw port to main') echoOnPort('raw main', client.contents);
      if (name === 'raw port to utility') (await this.utility()).handOver('raw utility', client.contents);
      for (const label of ports[name] ?? []) handOver(label, client.contents, server.contents);
      await server.page.call('serve', name);
      await client.page.call('open', name);
      wireReceiver(name, client, server);
    }
    return { name, kind, pair, receivers: [server] };
  }
}

/** The ports on which receivers tell a sender that all has arrived. */
export async function wireArrival(sender: Seat, receivers: readonly Seat[]): Promise<void> {
  await sender.page.call('listenForArrival', receivers.length);
  for (const [index, { contents, page }] of receivers.entries()) {
    handOver(`signal ${index}`, sender.contents, contents);
    await page.call('tellArrival', index);
  }
}

/** In the client's page, or in its preload, wherever the contender is. */
export function measureLatency({ name, pair: { client } }: Contestant, count: number): Promise<number[]> {
  return inPreload(name) ? client.preload.call('latency', name, count) : client.page.call('latency', name, count);
}

export function measureGap({ name, pair: { client } }: Contestant, ms: number): Promise<number> {
  return inPreload(name) ? client.preload.call('gap', name, ms) : client.page.call('gap', name, ms);
}

/** @throws where the contender is in the preload, which has latency only */
export function pageName({ name }: Contestant): PageContender {
  if (inPreload(name)) throw new Error(`${name} can only be asked one by one`);
  return name;
}

function inPreload(name: ContenderName): name is PreloadContender {
  return name === 'ipcRenderer.invoke' || name.startsWith('relay ');
}

/** The one contender that has a port for each receiver, beyond those of the pair. */
function wireReceiver(name: ContenderName, client: Seat, receiver: Seat): void {
  if (name === 'raw ports') handOver('raw fan', client.contents, receiver.contents);
}

function remember<K, V>(made: Map<K, V>, key: K, make: () => V): V {
  const known = made.get(key) ?? make();
  made.set(key, known);
  return known;
}
