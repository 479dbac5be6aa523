// The bench's app: runs the rows, and tells each one's outcome on a line of stdout.

import { app } from 'electron';
import { rows } from '../rows/rows.js';
import { readConfig } from './config.js';
import { contest } from './contest.js';
import { Stage } from './stage.js';
import { serveApp, setUpProcess } from './windows.js';

const OUTCOME = '@outcome ';

setUpProcess();

async function run(): Promise<void> {
  const config = readConfig();
  await app.whenReady();
  serveApp();
  const stage = new Stage();
  await stage.setUp();
  for (const row of rows) {
    if (config.only.length > 0 && !config.only.includes(row.name)) continue;
    console.error(`${row.name} …`);
    console.log(OUTCOME + JSON.stringify(await contest(row, stage, config)));
  }
}

// The bench closes windows, and goes on.
app.on('window-all-closed', () => {});
run().then(
  () => app.exit(0),
  (error: unknown) => {
    console.error(error);
    app.exit(1);
  },
);
