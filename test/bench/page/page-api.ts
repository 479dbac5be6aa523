import type { Client, Contender, Service } from './contender.js';
import { batchedPort } from './contenders/batched-port.js';
import { comlink } from './contenders/comlink.js';
import { commonIpc } from './contenders/common-ipc.js';
import { portmesh, portmeshMain } from './contenders/portmesh.js';
import { rawPort, rawPortMain, rawPorts } from './contenders/raw-port.js';
import { bulk } from './measures/bulk.js';
import { addPeers, cold, removePeers } from './measures/cold.js';
import { leavePending, neverAnswer, whenGone } from './measures/crash.js';
import { gap } from './measures/gap.js';
import { inFlight } from './measures/in-flight.js';
import { latency } from './measures/latency.js';
import { expectSends, listenForArrival, sends, sink, tellArrival } from './measures/sends.js';

const contenders = {
  portmesh,
  'portmesh to main': portmeshMain,
  'raw port': rawPort,
  'raw port to main': rawPortMain,
  'raw ports': rawPorts,
  'raw port, batched': batchedPort,
  Comlink: comlink,
  'electron-common-ipc': commonIpc,
} satisfies Record<string, Contender>;

export type PageContender = keyof typeof contenders;

const clients = new Map<PageContender, Client>();
const service: Service = { echo: (message) => message, bulk: (bytes) => bytes.byteLength, sink };

function client(name: PageContender): Client {
  const found = clients.get(name);
  if (!found) throw new Error(`${name} is not open`);
  return found;
}

/** What main may call in a page: by name, with plain arguments. */
export const pageApi = {
  serve: (name: PageContender) => contenders[name].serve(service),
  open: async (name: PageContender) => void clients.set(name, await contenders[name].open()),
  latency: (name: PageContender, count: number) => latency(client(name), count),
  inFlight: (name: PageContender, count: number) => inFlight(client(name), count),
  sends: (name: PageContender, count: number, burst: number) => sends(client(name), count, burst),
  bulk: (name: PageContender, count: number) => bulk(client(name), count),
  gap: (name: PageContender, ms: number) => gap(client(name), ms),
  listenForArrival,
  tellArrival,
  expectSends,
  addPeers,
  removePeers,
  cold,
  neverAnswer,
  leavePending,
  whenGone,
};

export type PageApi = typeof pageApi;
