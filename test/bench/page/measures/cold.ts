import type { Bus } from 'portmesh';
import type { MeshChannels } from '../contenders/portmesh.js';
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

/** `idle`: milliseconds without any traffic before each first request; 0: in the midst of traffic with another peer */
export async function cold(bus: Bus<MeshChannels>, names: readonly string[], idle: number): Promise<ColdSamples> {
  await seen(bus, names);
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

/** Resolves when peers of those names answer, as far as this bus knows. */
export function seen(bus: Bus<MeshChannels>, names: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      const there = new Set([...bus.peers.handling('bench:cold-echo')].map(({ name }) => name));
      if (!names.every((name) => there.has(name))) return;
      bus.peers.off('change', look);
      resolve();
    };
    bus.peers.on('change', look);
    look();
  });
}

async function repeat(times: number, action: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < times; i++) await action();
}
