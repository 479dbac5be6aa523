// The part of the bench that needs no Electron: main.cjs <a folder for sockets>. Runs the rows between Node processes, and tells each
// one's outcome on a line of stdout.

import { readConfig } from '../contest/config.js';
import { runRows } from '../contest/rows.js';
import { rows } from './rows/rows.js';
import { NodeStage } from './stage.js';

async function run(): Promise<void> {
  const stage = new NodeStage(process.argv[2] as string);
  await stage.setUp();
  await runRows(rows, stage, readConfig());
}

run().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
