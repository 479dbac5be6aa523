import type { Client, Service } from '../page/contender.js';
import { bulk } from '../page/measures/bulk.js';
import { inFlight } from '../page/measures/in-flight.js';
import { latency } from '../page/measures/latency.js';
import { forkServer } from './contenders/child-process.js';
import { contenders, type ContenderName } from './contenders/contenders.js';
import { closeSockets, keepSockets, memory, serveIdle } from './measures/memory.js';
import { addPeers, joinAtOnce, linkPeers, removePeers, seePeers } from './measures/peers.js';
import { startProfile, writeProfile } from './measures/profile.js';
import { expectSends, sends, sink, whenReceived } from './measures/sends.js';

const service: Service = {
  echo: (message) => message,
  sink,
  bulk: (bytes) => bytes.byteLength,
};

let opened: Client | undefined;

function client(): Client {
  if (!opened) throw new Error('no contender is open in this process');
  return opened;
}

/** What each process of the bench offers: it is in one contender, on one side. */
export const childApi = {
  host: (name: ContenderName, folder: string) =>
    (contenders[name] as { host(folder: string): Promise<void> }).host(folder),
  serve: (name: ContenderName, folder: string) => contenders[name].serve(folder, service),
  open: async (name: ContenderName, folder: string) => void (opened = await contenders[name].open(folder)),
  /** Lets this process start another one, by that name. */
  fork(name: string) {
    const [, file, control] = process.argv as [string, string, string];
    forkServer(file, [control, name]);
  },

  latency: (count: number) => latency(client(), count),
  inFlight: (count: number) => inFlight(client(), count),
  bulk: (count: number) => bulk(client(), count),
  sends: (count: number, burst: number) => sends(client(), count, burst),
  expectSends,
  whenReceived,

  addPeers,
  removePeers,
  seePeers,
  linkPeers,
  joinAtOnce,
  memory,
  serveIdle,
  keepSockets,
  closeSockets,

  startProfile,
  writeProfile,
  /** Milliseconds that this process has computed. */
  used() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

export type ChildApi = typeof childApi;
