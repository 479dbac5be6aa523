import type { Lab } from './lab.js';
import { NodeChild } from './node-child.js';
import type { Place } from './place.js';

type Watching = { stopWatching(): number[] };

/**
 * Runs something, and looks again and again at the memory of the places' processes, and of the gateway's if there is one: by how many
 * megabytes each grew at most.
 */
export async function peakMemory<T>(
  lab: Lab,
  places: readonly Place[],
  does: () => Promise<T>,
): Promise<{ result: T; growth: number[] }> {
  const children = places.filter((place) => place instanceof NodeChild);
  const others = places.filter((place) => !(place instanceof NodeChild));
  const pids = await Promise.all(others.map((place) => place.run(({ bus }) => bus.self.process.pid)));
  await watchElectron(lab, pids);
  for (const child of children) await watchItself(child);
  const stop = async (): Promise<number[]> => {
    const growth = await lab.main((main) => (main as unknown as Watching).stopWatching());
    for (const child of children)
      growth.push(...(await child.run((world) => (world as never as Watching).stopWatching())));
    return growth;
  };
  try {
    const result = await does();
    return { result, growth: await stop() };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Of processes that are Electron's. */
function watchElectron(lab: Lab, pids: readonly number[]): Promise<void> {
  return lab.main((main, given) => {
    const { app } = main.lab.load('electron') as typeof import('electron');
    const gateway = app.getAppMetrics().find(({ name }) => name === 'portmesh gateway');
    const watched = gateway ? [...given, gateway.pid] : given;
    const megabytes = (): number[] => {
      const metrics = app.getAppMetrics();
      return watched.map((pid) => (metrics.find((each) => each.pid === pid)?.memory.workingSetSize ?? 0) / 1024);
    };
    const before = megabytes();
    const growth = before.map(() => 0);
    const timer = setInterval(() => {
      for (const [i, now] of megabytes().entries()) growth[i] = Math.max(growth[i]!, now - before[i]!);
    }, 20);
    (main as unknown as Watching).stopWatching = () => {
      clearInterval(timer);
      return growth;
    };
  }, pids);
}

/** Of a process that Electron knows nothing of. */
function watchItself(child: NodeChild): Promise<void> {
  return child.run((world) => {
    const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;
    const before = megabytes();
    let most = before;
    const timer = setInterval(() => (most = Math.max(most, megabytes())), 20);
    (world as never as Watching).stopWatching = () => {
      clearInterval(timer);
      return [most - before];
    };
  });
}
