import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Client, Service } from '../../page/contender.js';
import { freshMessage } from '../../page/payload.js';
import { now } from '../clock.js';

let expected = 0;
let received = 0;
let complete = Promise.resolve(0);
let allReceived = (): void => {};

/** The receiving side: counts. */
export const sink: Service['sink'] = () => {
  if (++received === expected) allReceived();
};

export function expectSends(count: number): void {
  globalThis.gc?.();
  expected = count;
  received = 0;
  complete = new Promise((resolve) => (allReceived = () => resolve(now())));
}

/** When the last one came. */
export function whenReceived(): Promise<number> {
  return complete;
}

/** They leave in bursts, each in a turn of its own. Returns when the first one left. */
export async function sends({ send }: Client, count: number, burst: number): Promise<number> {
  if (!send) throw new Error('it has no way to send');
  globalThis.gc?.();
  const start = now();
  for (let sent = 0; sent < count; sent += burst) {
    for (let i = 0; i < burst; i++) send(freshMessage());
    await nextTurn();
  }
  return start;
}
