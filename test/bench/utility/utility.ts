// The bench's utility process: echoes on every way there is, and is called by main, by name, with plain arguments.

import { connect } from 'portmesh/node';
import { FRESH_PORT, INTRODUCE, PORT_MESSAGE } from '../main/channels.js';
import type { MeshChannels } from '../page/contenders/portmesh.js';
import { cold } from '../page/measures/cold.js';
import { sleep } from '../page/next-task.js';
import { freshMessage, type Message } from '../page/payload.js';

const via = process.parentPort;
const joined = connect<MeshChannels>({ via, name: 'helper' });
void joined.then((bus) => bus.handle('bench:echo', (_event, message) => message));

let buses: Awaited<typeof joined>[] = [];
let onFreshPort: (port: Electron.MessagePortMain) => void = () => {};

const utilityApi = {
  ready: async () => void (await joined),
  echo: (message: Message) => message,
  async addPeers(names: readonly string[]) {
    buses = await Promise.all(names.map((name) => connect<MeshChannels>({ via, name })));
    for (const bus of buses) bus.handle('bench:cold-echo', (_event, message) => message);
  },
  removePeers: async () => void (await Promise.all(buses.splice(0).map((bus) => bus.close()))),
  cold: async (names: readonly string[], idle: number) => cold(await joined, names, idle),
  introduce,
};

export type UtilityApi = typeof utilityApi;

/** What the platform itself takes for a first request from here: main makes the channel. Milliseconds of each. */
async function introduce(count: number, idle: number): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    await sleep(idle);
    const start = performance.now();
    const came = new Promise<Electron.MessagePortMain>((resolve) => (onFreshPort = resolve));
    via.postMessage([INTRODUCE]);
    const port = await came;
    const answer = new Promise((resolve) => port.once('message', resolve));
    port.postMessage(freshMessage());
    port.start();
    await answer;
    samples.push(performance.now() - start);
    port.close();
  }
  return samples;
}

via.on('message', ({ data, ports: [port] }) => {
  if (!Array.isArray(data)) return;
  const [kind, id, name, args] = data as [unknown, number, keyof UtilityApi, never[]];
  if (kind === FRESH_PORT && port) return onFreshPort(port);
  if (kind === PORT_MESSAGE && port) {
    port.on('message', (event) => port.postMessage(event.data));
    return port.start();
  }
  if (kind !== 'call') return;
  const call = async (): Promise<unknown> => (utilityApi[name] as (...args: never[]) => unknown)(...args);
  call().then(
    (value) => via.postMessage(['answer', id, value]),
    (error: unknown) => via.postMessage(['failure', id, String(error)]),
  );
});
