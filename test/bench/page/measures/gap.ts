import type { Client } from '../contender.js';
import { freshMessage } from '../payload.js';

/** The longest time without an answer, in `ms` milliseconds of requests, one in flight. */
export async function gap({ echo }: Client, ms: number): Promise<number> {
  const start = performance.now();
  let last = start;
  let longest = 0;
  while (last - start < ms) {
    await echo(freshMessage());
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}
