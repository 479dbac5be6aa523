/** What scripts/bench.js asks for, in the environment. */
export interface Config {
  /** Names of rows; empty: all of them */
  readonly only: readonly string[];
  readonly runs: number;
  /** A fraction of the samples: to see that everything works, not to compare */
  readonly quick: boolean;
  /** The folder for CPU profiles of our own side's last run; with them, the numbers decide nothing */
  readonly profile?: string;
}

export function readConfig(): Config {
  const text = process.env['PORTMESH_BENCH'];
  if (!text) throw new Error('PORTMESH_BENCH is not set. Start the bench with: npm run bench');
  return JSON.parse(text) as Config;
}
