import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

async function collectGarbage(): Promise<void> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  // What a WeakRef was asked for stays alive until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
}

/** How many of these objects are still held by somebody. */
export async function countAlive(references: readonly WeakRef<object>[]): Promise<number> {
  await collectGarbage();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

/** Bytes that are still held by somebody: objects, and the memory of buffers. */
export async function heapAfterCollection(): Promise<number> {
  // Sockets and timers let go of what they hold one after the other.
  for (let i = 0; i < 3; i++) await collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
