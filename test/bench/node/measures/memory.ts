import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { freshMessage } from '../../page/payload.js';
import { FramedSocket } from '../contenders/framed-socket.js';
import { dial, echoing, listen } from '../contenders/raw-socket.js';
import { pathIn } from '../paths.js';
import { sink } from './sends.js';

/** Bytes in use. */
export interface Memory {
  /** By objects, and by the buffers they hold. */
  readonly held: number;
  /** By the process, as the system sees it: pages that were never touched don't count, those that were freed may. */
  readonly resident: number;
}

/** Garbage of garbage: what a collection finalizes may leave something for the next. */
const COLLECTIONS = 5;

let sockets: Socket[] = [];
let serving: Promise<void> | undefined;

export async function memory(): Promise<Memory> {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.();
    await nextTurn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, resident: rss };
}

export function serveIdle(folder: string): Promise<void> {
  return (serving ??= listen(pathIn(folder, 'idle'), echoing({ echo: (message) => message, sink, bulk: () => 0 })));
}

/** So many raw sockets, each used once. */
export async function keepSockets(folder: string, count: number): Promise<void> {
  sockets = await Promise.all(Array.from({ length: count }, () => dial(pathIn(folder, 'idle'))));
  await Promise.all(
    sockets.map((socket) => {
      const framed = new FramedSocket(socket);
      const answered = new Promise((resolve) => framed.listen(resolve));
      framed.post(freshMessage());
      return answered;
    }),
  );
}

export function closeSockets(): void {
  for (const socket of sockets.splice(0)) socket.destroy();
}
