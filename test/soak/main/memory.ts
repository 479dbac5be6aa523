import type { Stage } from './stage.js';

const MB = 2 ** 20;
const COLLECTIONS = 5;

/** Bytes, behind a garbage collection, with everybody silent and only the lasting windows open. */
export interface Memory {
  readonly heap: number;
  readonly rss: number;
  /** By window */
  readonly pages: Readonly<Record<string, number>>;
}

/**
 * How much more than at the end of the warm-up is tolerated. What leaks here leaks with each of hundreds of joins, or of hundreds of
 * thousands of messages, so it is far above:
 * - on a heap: code that V8 compiled meanwhile, and what it learnt of types, a share of what there is; and the peers that are
 *   remembered for a while, so that an error can say why they left. Main's has Electron's own windows and frames too;
 * - in the resident set: what the allocators keep of the memory of windows and large messages that are gone. It rises, and
 *   stays; the bound tells that from one that rises and rises.
 */
const tolerance = {
  heap: (before: number) => before * 1.25 + 2 * MB,
  page: (before: number) => before * 1.1 + MB,
  rss: (before: number) => before * 1.25 + 32 * MB,
};

export async function measure(stages: readonly Stage[]): Promise<Memory> {
  const pages: Record<string, number> = {};
  for (const stage of stages) pages[stage.name] = await stage.call('heap');
  for (let i = 0; i < COLLECTIONS; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss, pages };
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
