import type { Client } from '../contender.js';
import { CHUNK_BYTES } from '../payload.js';

/** Small items per second. */
export async function items({ items: stream }: Client, count: number): Promise<number> {
  if (!stream) throw new Error('it has no streams');
  globalThis.gc?.();
  let taken = 0;
  let last = 0;
  const start = performance.now();
  await stream(count, ({ id }) => {
    if (id <= last) throw new Error('an item out of order');
    last = id;
    taken++;
  });
  if (taken !== count) throw new Error(`${taken} items arrived of ${count}`);
  return (count * 1000) / (performance.now() - start);
}

/** Megabytes per second, 256 KiB in each item. */
export async function chunks({ chunks: stream }: Client, count: number): Promise<number> {
  if (!stream) throw new Error('it has no streams');
  globalThis.gc?.();
  let bytes = 0;
  const start = performance.now();
  await stream(count, ({ byteLength }) => (bytes += byteLength));
  if (bytes !== count * CHUNK_BYTES) throw new Error(`${bytes} bytes arrived of ${count} × 256 KiB`);
  return bytes / 1000 / (performance.now() - start);
}
