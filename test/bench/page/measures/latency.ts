import type { Client } from '../contender.js';
import { freshMessage } from '../payload.js';

/** Not counted: the block before was another contender's, and both processes may have gone to sleep. */
const WARM_UP = 20;

/**
 * Round trips in a sample. The page's clock has steps of 5 µs even where it is cross-origin isolated, and a round trip takes
 * 30 µs where no core has to be woken up: one by one, the clock would round away what is to be compared.
 */
const TRIPS = 8;

/** Milliseconds a request, for each of `count` samples, one request in flight. */
export async function latency({ echo }: Client, count: number): Promise<number[]> {
  for (let i = 0; i < WARM_UP; i++) await echo(freshMessage());
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    for (let trip = 0; trip < TRIPS; trip++) {
      const message = freshMessage();
      const answer = await echo(message);
      if (answer.id !== message.id) throw new Error('an answer to another request');
    }
    samples.push((performance.now() - start) / TRIPS);
  }
  return samples;
}
