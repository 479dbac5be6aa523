import { ipcRenderer } from 'electron';
import { INVOKE } from '../../main/channels.js';
import { sleep } from '../next-task.js';
import { freshMessage } from '../payload.js';

const WARM_UP = 20;

/**
 * What the platform itself takes for a first request: a fresh channel, whose one end travels through main while the message
 * already waits in it. Milliseconds of each. `channel`: whom main hands the end to; `idle` as in cold.ts.
 */
export async function introduce(channel: string, count: number, idle: number): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    if (idle > 0) await sleep(idle);
    else for (let each = 0; each < WARM_UP; each++) await ipcRenderer.invoke(INVOKE, freshMessage());
    const start = performance.now();
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => (port1.onmessage = resolve));
    port1.postMessage(freshMessage());
    ipcRenderer.postMessage(channel, null, [port2]);
    await answer;
    samples.push(performance.now() - start);
    port1.close();
  }
  return samples;
}
