import { connect } from 'portmesh/renderer';
import { joinMesh, type MeshChannels } from '../contenders/portmesh.js';
import { sleep } from '../next-task.js';
import { freshMessage } from '../payload.js';

const WARM_UP = 20;
const WARM = 50;

export interface ColdSamples {
  /** The first request to each peer */
  readonly cold: number[];
  /** One more of the same pair, in the same state of the app: what waking up costs, if it was idle */
  readonly again: number[];
  /** p50 of the same pair, one request after the other */
  readonly warm: number[];
}

let buses: Awaited<ReturnType<typeof connect<MeshChannels>>>[] = [];

/** Fresh peers, each with a name nobody has spoken to. */
export async function addPeers(names: readonly string[]): Promise<void> {
  buses = await Promise.all(names.map((name) => connect<MeshChannels>({ name })));
  for (const bus of buses) bus.handle('bench:cold-echo', (_event, message) => message);
}

export async function removePeers(): Promise<void> {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
}

/** `idle`: milliseconds without any traffic before each first request; 0: in the midst of traffic with another peer */
export async function cold(names: readonly string[], idle: number): Promise<ColdSamples> {
  const bus = await joinMesh();
  while (names.some((name) => !bus.peers.handling('bench:cold-echo').some((peer) => peer.name === name))) {
    await sleep(10);
  }
  const other = bus.to('server');
  const settle = (): Promise<unknown> =>
    idle > 0 ? sleep(idle) : repeat(WARM_UP, () => other.request('bench:echo', freshMessage()));
  const samples: ColdSamples = { cold: [], again: [], warm: [] };
  for (const name of names) {
    const peer = bus.to(name);
    const time = async (): Promise<number> => {
      const message = freshMessage();
      const start = performance.now();
      await peer.request('bench:cold-echo', message);
      return performance.now() - start;
    };
    await settle();
    samples.cold.push(await time());
    await repeat(WARM_UP, time);
    const start = performance.now();
    await repeat(WARM, time);
    samples.warm.push((performance.now() - start) / WARM);
    await settle();
    samples.again.push(await time());
  }
  return samples;
}

async function repeat(times: number, action: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < times; i++) await action();
}
