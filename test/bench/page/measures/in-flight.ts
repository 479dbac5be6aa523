import type { Client } from '../contender.js';
import { freshMessage, type Message } from '../payload.js';

/** One flight of the fastest lasts some 15 ms, in which a garbage collection more or less decides. */
const FLIGHTS = 5;

/** Requests per second, with `count` of them in flight. */
export async function inFlight({ echo }: Client, count: number): Promise<number> {
  globalThis.gc?.();
  const start = performance.now();
  for (let flight = 0; flight < FLIGHTS; flight++) {
    const first = freshMessage().id + 1;
    const calls: Promise<Message>[] = [];
    for (let i = 0; i < count; i++) calls.push(echo(freshMessage()));
    const answers = await Promise.all(calls);
    if (answers.some(({ id }, index) => id !== first + index)) throw new Error('an answer to another request');
  }
  return (FLIGHTS * count * 1000) / (performance.now() - start);
}
