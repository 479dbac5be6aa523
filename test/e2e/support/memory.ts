import type { Lab } from './lab.js';
import type { Place } from './place.js';

/** Runs something, and looks again and again at the memory of the places' processes: by how many megabytes each grew at most. */
export async function peakMemory<T>(
  lab: Lab,
  places: readonly Place[],
  does: () => Promise<T>,
): Promise<{ result: T; growth: number[] }> {
  const pids = await Promise.all(places.map((place) => place.run(({ bus }) => bus.self.process.pid)));
  await lab.main(async (main, watched) => {
    const { app } = main.lab.load('electron') as typeof import('electron');
    const megabytes = (): number[] => {
      const metrics = app.getAppMetrics();
      return watched.map((pid) => (metrics.find((each) => each.pid === pid)?.memory.workingSetSize ?? 0) / 1024);
    };
    const before = megabytes();
    const growth = before.map(() => 0);
    const timer = setInterval(() => {
      for (const [i, now] of megabytes().entries()) growth[i] = Math.max(growth[i]!, now - before[i]!);
    }, 20);
    (main as never as { stopWatching: unknown }).stopWatching = () => {
      clearInterval(timer);
      return growth;
    };
  }, pids);
  const stop = (): Promise<number[]> =>
    lab.main((main) => (main as never as { stopWatching(): number[] }).stopWatching());
  try {
    const result = await does();
    return { result, growth: await stop() };
  } catch (error) {
    await stop();
    throw error;
  }
}
