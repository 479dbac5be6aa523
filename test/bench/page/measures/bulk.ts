import type { Client } from '../contender.js';
import { freshBulk } from '../payload.js';

const IN_FLIGHT = 2;

/** Megabytes per second, 1 MiB in each message, each acknowledged. */
export async function bulk({ bulk: send }: Client, count: number): Promise<number> {
  if (!send) throw new Error('it has no way to send megabytes');
  globalThis.gc?.();
  let left = count;
  let bytes = 0;
  const start = performance.now();
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const arrived = await send(freshBulk());
      bytes += arrived;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const seconds = (performance.now() - start) / 1000;
  if (bytes !== count << 20) throw new Error(`${bytes} bytes arrived of ${count} MiB`);
  return bytes / 1e6 / seconds;
}
