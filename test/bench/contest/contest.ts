import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.js';
import { Disturbance } from './disturbance.js';

/** What is measured: a contender, ready to be called. */
export interface Entrant {
  readonly name: string;
}

/** Where contenders run: an Electron app, or Node processes. */
export interface Venue<C extends Entrant> {
  /** Sets a contender up, with so many receivers. Rejects if it can't be; always the same way, so that it is shown as failed. */
  enter(name: C['name'], receivers: number): Promise<C>;
  /** Ends what only the row before had. */
  clear(): Promise<void>;
  /** The share of the machine that its processes have used since it was asked last, from 0 to 1. */
  ownShare(): number | Promise<number>;
  /** Does `work` with CPU profiles of our own side, which it writes into `folder`, named after the row. */
  profiled<T>(folder: string, row: string, work: () => Promise<T>): Promise<T>;
}

/** One run's values by contender. */
export type Values = Map<string, number>;

/** What ours has to reach: a ratio to a peer of the same run, or a value of its own. */
export interface Target {
  readonly peer?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface RowAt<V extends Venue<C>, C extends Entrant> {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Ours first */
  readonly contenders: readonly C['name'][];
  readonly targets: readonly Target[];
  /** How many receive. @default 1 */
  readonly receivers?: number;
  run(arena: ArenaAt<V, C>): Promise<Values>;
}

/** What a run is given. */
export interface ArenaAt<V extends Venue<C>, C extends Entrant> {
  readonly stage: V;
  /** Those still in the race, in an order that changes from run to run */
  readonly contestants: readonly C[];
  /** Which run it is, from 0 */
  readonly index: number;
  /** So many; a fraction of it with --quick */
  scaled(count: number): number;
  /** The contender is shown as failed from now on, and left out of the runs to come. */
  fail(name: string, error: unknown): void;
}

/** What is reported of a row: the raw values. Their medians and ratios are the runner's business. */
export interface Outcome {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly targets: readonly Target[];
  readonly ours: string;
  /** By contender, a value for each run */
  readonly values: Record<string, number[]>;
  /** Why, by contender */
  readonly failed: Record<string, string>;
  /** The greatest share of the machine that others used during a run that counts, from 0 to 1 */
  readonly disturbed: number;
}

/** A run during which others used more than this share of the machine is repeated. */
const TOLERATED = 0.1;
/** How many repetitions a row has for each of its runs. */
const PATIENCE = 2;
const PAUSE_MS = 3000;

/** All runs of a row. Who fails is named, with the reason; the others go on. */
export async function contest<V extends Venue<C>, C extends Entrant>(
  row: RowAt<V, C>,
  stage: V,
  { runs, quick, profile }: Pick<Config, 'runs' | 'quick' | 'profile'>,
): Promise<Outcome> {
  const { name, title, unit, targets } = row;
  const ours = row.contenders[0] as C['name'];
  const values: Record<string, number[]> = {};
  const failed: Record<string, string> = {};
  const fail = (contender: string, error: unknown): void => {
    failed[contender] ??= error instanceof Error ? error.message : String(error);
  };
  // A profile shows one of them at a time, and ours is the one to be explained.
  const scaled = (count: number): number => Math.ceil(quick ? count / 10 : count);
  const disturbance = new Disturbance(() => stage.ownShare());
  let contestants = await assemble(profile ? { ...row, contenders: [ours] } : row, stage, fail);
  let disturbed = 0;
  for (let index = 0, again = 0; index < runs && !(ours in failed); index++) {
    contestants = contestants.filter((contestant) => !(contestant.name in failed));
    const arena = { stage, contestants: ordered(contestants, index), index, scaled, fail };
    try {
      await disturbance.start();
      const folder = index === runs - 1 ? profile : undefined;
      const run = await (folder ? stage.profiled(folder, name, () => row.run(arena)) : row.run(arena));
      const others = await disturbance.stop();
      if (others > TOLERATED && again++ < PATIENCE * runs) {
        console.error(`  others used ${Math.round(others * 100)} % of the machine: once more`);
        await sleep(PAUSE_MS);
        index--;
        continue;
      }
      disturbed = Math.max(disturbed, others);
      for (const [contender, value] of run) (values[contender] ??= []).push(value);
    } catch (error) {
      fail(ours, error);
    }
  }
  return { name, title, unit, targets, ours, values, failed, disturbed };
}

async function assemble<V extends Venue<C>, C extends Entrant>(
  row: RowAt<V, C>,
  stage: V,
  fail: ArenaAt<V, C>['fail'],
): Promise<C[]> {
  const contestants: C[] = [];
  await stage.clear();
  for (const name of row.contenders) {
    try {
      contestants.push(await stage.enter(name, row.receivers ?? 1));
    } catch (error) {
      fail(name, error);
    }
  }
  return contestants;
}

/** Who comes first has an advantage or none, but not always the same one. */
function ordered<T>(all: readonly T[], run: number): T[] {
  const from = all.length === 0 ? 0 : Math.floor(run / 2) % all.length;
  const turned = [...all.slice(from), ...all.slice(0, from)];
  return run % 2 === 0 ? turned : turned.reverse();
}
