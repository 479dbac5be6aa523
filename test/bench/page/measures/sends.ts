import type { Client, Service } from '../contender.js';
import { freshMessage } from '../payload.js';
import { nextTask } from '../next-task.js';
import { takePort } from '../ports.js';

let signals: Promise<MessagePort>[] = [];
let expected = 0;
let received = 0;
let signal: MessagePort | undefined;
let complete = Promise.resolve();
let allReceived = (): void => {};

/** The ports on which `receivers` pages say that everything has arrived: raw, and the same for every contender. */
export function listenForArrival(receivers: number): void {
  signals = Array.from({ length: receivers }, (_, index) => takePort(`signal ${index}`));
}

/** The receiving side: counts, and tells the sender. */
export const sink: Service['sink'] = () => {
  if (++received === expected) allReceived();
};

export async function tellArrival(index: number): Promise<void> {
  signal = await takePort(`signal ${index}`);
}

export function expectSends(count: number): void {
  globalThis.gc?.();
  expected = count;
  received = 0;
  complete = new Promise((resolve) => {
    allReceived = () => {
      signal?.postMessage('all received');
      resolve();
    };
  });
}

/** For who is not waited for while it is measured. */
export function whenReceived(): Promise<void> {
  return complete;
}

/** Messages delivered per second, all receivers taken together. They leave in bursts, each in a task of its own. */
export async function sends({ send }: Client, count: number, burst: number): Promise<number> {
  if (!send) throw new Error('it has no way to send');
  const ports = await Promise.all(signals);
  const arrived = Promise.all(ports.map((port) => new Promise((resolve) => (port.onmessage = resolve))));
  globalThis.gc?.();
  const start = performance.now();
  for (let sent = 0; sent < count; sent += burst) {
    for (let i = 0; i < burst; i++) send(freshMessage());
    await nextTask();
  }
  await arrived;
  return (count * ports.length * 1000) / (performance.now() - start);
}
