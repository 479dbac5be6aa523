import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pair } from './stage.js';

/** Runs `work` with a CPU profile of both pages, and writes them as `<name>-<side>.cpuprofile`. */
export async function profiled<T>(
  folder: string,
  name: string,
  { client, server }: Pair,
  work: () => Promise<T>,
): Promise<T> {
  const all = Object.entries({ client, server });
  for (const [, { contents }] of all) {
    contents.debugger.attach();
    await contents.debugger.sendCommand('Profiler.enable');
    await contents.debugger.sendCommand('Profiler.setSamplingInterval', { interval: 100 });
    await contents.debugger.sendCommand('Profiler.start');
  }
  try {
    return await work();
  } finally {
    mkdirSync(folder, { recursive: true });
    for (const [side, { contents }] of all) {
      const { profile } = (await contents.debugger.sendCommand('Profiler.stop')) as { profile: unknown };
      writeFileSync(join(folder, `${name}-${side}.cpuprofile`), JSON.stringify(profile));
      contents.debugger.detach();
    }
  }
}
