import type { ArenaAt, Entrant, Values, Venue } from './contest.js';

type Run<C extends Entrant> = (arena: ArenaAt<Venue<C>, C>) => Promise<Values>;

/** Each contender after the other, with a rehearsal before the first run. */
export function oneByOne<C extends Entrant>(
  measure: (contestant: C, scaled: (count: number) => number) => Promise<number>,
): Run<C> {
  return async ({ contestants, index, scaled, fail }) => {
    const values = new Map<string, number>();
    for (const contestant of contestants) {
      try {
        if (index === 0) await measure(contestant, (count) => scaled(count / 4));
        values.set(contestant.name, await measure(contestant, scaled));
      } catch (error) {
        fail(contestant.name, error);
      }
    }
    return values;
  };
}

/** Samples in one block, and blocks of one contender in a run: 3,600 samples together. With a third of them, ratios of runs were up to 0.05 apart. */
const BLOCK = 100;
const BLOCKS = 36;

/**
 * The p50 of samples that are taken in small blocks, the contenders in turns: a round trip is mostly two processes waking up,
 * whose cost drifts with the machine's mood, and in turns all drift alike.
 */
export function inTurns<C extends Entrant>(sample: (contestant: C, count: number) => Promise<number[]>): Run<C> {
  return async ({ contestants, index, scaled, fail }) => {
    const samples = new Map<string, number[]>();
    const out = new Set<string>();
    const rehearsals = index === 0 ? 2 : 0;
    for (let block = -rehearsals; block < scaled(BLOCKS); block++) {
      for (const contestant of block % 2 === 0 ? contestants : [...contestants].reverse()) {
        if (out.has(contestant.name)) continue;
        try {
          const taken = await sample(contestant, BLOCK);
          if (block >= 0) samples.set(contestant.name, [...(samples.get(contestant.name) ?? []), ...taken]);
        } catch (error) {
          out.add(contestant.name);
          fail(contestant.name, error);
        }
      }
    }
    for (const name of out) samples.delete(name);
    return new Map([...samples].map(([name, taken]) => [name, median(taken)]));
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
