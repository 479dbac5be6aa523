// The bench's app: runs the rows, and tells each one's outcome on a line of stdout.

import { app } from 'electron';
import { readConfig } from '../contest/config.js';
import { runRows } from '../contest/rows.js';
import { rows } from '../rows/rows.js';
import { Stage } from './stage.js';
import { serveApp, setUpProcess } from './windows.js';

setUpProcess();

async function run(): Promise<void> {
  const config = readConfig();
  await app.whenReady();
  serveApp();
  const stage = new Stage();
  await stage.setUp();
  await runRows(rows, stage, config);
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
