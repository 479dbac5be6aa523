import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import { app } from 'electron';
import type { Stage } from './stage.js';

const MB = 2 ** 20;
const COLLECTIONS = 5;

/** Bytes, behind a garbage collection, with everybody silent and only the lasting windows open. */
export interface Memory {
  /** Of objects in main that are in use. Not of code: what V8 compiles, and keeps of it, rises and falls by megabytes for a quarter of an hour */
  readonly heap: number;
  readonly rss: number;
  /** By window */
  readonly pages: Readonly<Record<string, number>>;
}

/**
 * How much more than at the end of the warm-up is tolerated. What leaks here leaks with each of hundreds of joins, or of hundreds of
 * thousands of messages, so it is far above:
 * - on main's heap: the peers that are remembered for a while, so that an error can say why they left; and what Electron keeps;
 * - on a window's: that, and code that V8 compiled meanwhile, and what it learnt of types, a share of what there is;
 * - in the resident set: what the allocators keep of the memory of windows and large messages that are gone. It rises, and
 *   stays; the bound tells that from one that rises and rises.
 */
const tolerance = {
  heap: (before: number) => before * 1.05 + MB,
  page: (before: number) => before * 1.1 + MB,
  rss: (before: number) => before * 1.25 + 32 * MB,
};

export async function measure(stages: readonly Stage[]): Promise<Memory> {
  const pages: Record<string, number> = {};
  for (const stage of stages) pages[stage.name] = await stage.call('heap');
  const heap = objectBytes();
  // Behind it: what that took is in both sets that are compared.
  for (let i = 0; i < COLLECTIONS; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { rss: process.memoryUsage().rss, heap, pages };
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly unknown[] };
  };
  readonly nodes: readonly number[];
}

/** Bytes of what is in use: V8 collects before it takes a snapshot. */
function objectBytes(): number {
  // Through a file: as a stream it never comes to an end in Electron.
  const file = writeHeapSnapshot(join(app.getPath('userData'), 'main.heapsnapshot'));
  const { snapshot, nodes } = JSON.parse(readFileSync(file, 'utf8')) as Snapshot;
  rmSync(file);
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, size] = [fields.indexOf('type'), fields.indexOf('self_size')];
  const code = (types[type] as string[]).indexOf('code');
  let bytes = 0;
  for (let at = 0; at < nodes.length; at += fields.length) {
    if (nodes[at + type] !== code) bytes += nodes[at + size] as number;
  }
  return bytes;
}

/** What has grown beyond what is tolerated, in words. */
export function growth(before: Memory, after: Memory): string[] {
  const problems: string[] = [];
  const compare = (what: string, from: number, to: number, most: number): void => {
    if (to > most) problems.push(`${what} grew from ${show(from)} to ${show(to)}; at most ${show(most)} is tolerated`);
  };
  compare("main's heap", before.heap, after.heap, tolerance.heap(before.heap));
  compare("main's resident set", before.rss, after.rss, tolerance.rss(before.rss));
  for (const [name, from] of Object.entries(before.pages)) {
    compare(`the heap of window ${name}`, from, after.pages[name] ?? NaN, tolerance.page(from));
  }
  return problems;
}

export function describeMemory({ heap, rss, pages }: Memory): string {
  const heaps = Object.values(pages).map(show).join(', ');
  return `main ${show(heap)} heap, ${show(rss)} resident; lasting windows ${heaps} heap`;
}

function show(bytes: number): string {
  return `${(bytes / MB).toFixed(1)} MB`;
}
