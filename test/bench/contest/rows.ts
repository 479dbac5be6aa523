import type { Config } from './config.js';
import { contest, type Entrant, type RowAt, type Venue } from './contest.js';

/** Runs those rows that are asked for, and tells each one's outcome on a line of stdout; see ../runner/program.js. */
export async function runRows<V extends Venue<C>, C extends Entrant>(
  rows: readonly RowAt<V, C>[],
  stage: V,
  config: Config,
): Promise<void> {
  for (const row of rows) {
    if (config.only.length > 0 && !config.only.includes(row.name)) continue;
    console.error(`${row.name} …`);
    console.log(`@outcome ${JSON.stringify(await contest(row, stage, config))}`);
  }
}
