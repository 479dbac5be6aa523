import type { Client, Contender, Service } from './contender.js';
import { batchedPort } from './contenders/batched-port.js';
import { comlink } from './contenders/comlink.js';
import { comlinkCallbacks, comlinkMesh, comlinkMeshCallbacks } from './contenders/comlink-mesh.js';
import { commonIpc } from './contenders/common-ipc.js';
import { comlinkTo, portmeshTo, rawPortTo } from './contenders/neighbours.js';
import { platformStream } from './contenders/platform-stream.js';
import {
  joinMesh,
  listenToSink,
  meshPort,
  portmesh,
  portmeshMain,
  portmeshNode,
  portmeshUtility,
} from './contenders/portmesh.js';
import { rawPort, rawPortMain, rawPorts, rawPortUtility } from './contenders/raw-port.js';
import { service as meshService, serviceAsking, serviceTelling } from './contenders/services.js';
import { bulk } from './measures/bulk.js';
import { cold } from './measures/cold.js';
import { leavePending, neverAnswer, whenGone } from './measures/crash.js';
import { gap } from './measures/gap.js';
import { inFlight } from './measures/in-flight.js';
import { chunks, items } from './measures/items.js';
import { latency } from './measures/latency.js';
import { closePorts, collect, keepPorts, linkPeers, seePeers, whenKept } from './measures/memory.js';
import { addPeers, joinAtOnce, removePeers } from './measures/seats.js';
import { expectSends, listenForArrival, sends, sink, tellArrival, whenReceived } from './measures/sends.js';

const contenders = {
  portmesh,
  'portmesh to main': portmeshMain,
  'portmesh to utility': portmeshUtility,
  'portmesh to Node': portmeshNode,
  'portmesh to worker': portmeshTo('worker'),
  'portmesh to frame': portmeshTo('frame'),
  'portmesh to popup': portmeshTo('popup'),
  service: meshService,
  'service, told by a callback': serviceTelling,
  'service, asking a callback': serviceAsking,
  MeshPort: meshPort,
  'raw port': rawPort,
  'raw port to main': rawPortMain,
  'raw port to utility': rawPortUtility,
  'raw port to worker': rawPortTo('worker'),
  'raw port to frame': rawPortTo('frame'),
  'raw port to popup': rawPortTo('popup'),
  'raw ports': rawPorts,
  'raw port, batched': batchedPort,
  Comlink: comlink,
  'Comlink, callbacks': comlinkCallbacks,
  'Comlink over the mesh': comlinkMesh,
  'Comlink over the mesh, callbacks': comlinkMeshCallbacks,
  'Comlink to worker': comlinkTo('worker'),
  'Comlink to frame': comlinkTo('frame'),
  'Comlink to popup': comlinkTo('popup'),
  'transferred ReadableStream': platformStream,
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
  items: (name: PageContender, count: number) => items(client(name), count),
  chunks: (name: PageContender, count: number) => chunks(client(name), count),
  gap: (name: PageContender, ms: number) => gap(client(name), ms),
  listenForArrival,
  tellArrival,
  expectSends,
  whenReceived,
  listenToSink,
  addPeers,
  removePeers,
  joinAtOnce,
  cold: async (names: readonly string[], idle: number) => cold(await joinMesh(), names, idle),
  collect,
  seePeers,
  linkPeers,
  keepPorts,
  whenKept,
  closePorts,
  neverAnswer,
  leavePending,
  whenGone,
};

export type PageApi = typeof pageApi;
