import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Seat } from './world.js';

/** Runs `work` with a CPU profile of each page, and writes them as `<name>-<side>.cpuprofile`. */
export async function profiled<T>(
  folder: string,
  name: string,
  sides: Readonly<Record<string, Seat>>,
  work: () => Promise<T>,
): Promise<T> {
  const all = Object.entries(sides);
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
