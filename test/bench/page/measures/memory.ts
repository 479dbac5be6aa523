import { joinMesh } from '../contenders/portmesh.js';
import { freshMessage } from '../payload.js';
import { nextTask } from '../next-task.js';
import { takePorts } from '../ports.js';
import { seen } from './cold.js';

/** Garbage of garbage: what a collection finalizes may leave something for the next. */
const COLLECTIONS = 5;

let ports: MessagePort[] = [];
let kept = Promise.resolve();

export async function collect(): Promise<void> {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.();
    await nextTask();
  }
}

/** Resolves when the peers are in the directory. */
export async function seePeers(names: readonly string[]): Promise<void> {
  await seen(await joinMesh(), names);
}

/** A link to each. */
export async function linkPeers(names: readonly string[]): Promise<void> {
  const bus = await joinMesh();
  await Promise.all(names.map((name) => bus.to(name).request('bench:cold-echo', freshMessage())));
}

/** Will keep `count` raw ports, each used once. `first`: this side speaks, and the other answers. */
export function keepPorts(count: number, first: boolean): void {
  kept = new Promise((resolve) => {
    let left = count;
    takePorts('raw idle', (port) => {
      ports.push(port);
      port.onmessage = ({ data }) => {
        if (!first) port.postMessage(data);
        if (--left === 0) resolve();
      };
      if (first) port.postMessage(freshMessage());
    });
  });
}

/** Resolves when it has them all. */
export function whenKept(): Promise<void> {
  return kept;
}

export function closePorts(): void {
  for (const port of ports) port.close();
  ports = [];
}
