// The playground's main process. With `--lab` it opens nothing on its own and hands its parts to whoever drives it: that
// is how the end-to-end tests use it.

import { app, BrowserWindow, session, webContents } from 'electron';
import { createRequire } from 'node:module';
import { transfer } from 'portmesh';
import { createBridge } from 'portmesh/main';
import * as service from 'portmesh/service';
import { comlink } from './lab/comlink.js';
import { fork, openView } from './lab/main.js';
import { startThread } from './lab/thread.js';
import { Nodes } from './main/nodes.js';
import { registerScheme, servePages } from './main/pages.js';
import { startPlayground } from './main/playground.js';
import { open } from './main/window.js';

const lab = process.argv.includes('--lab');

async function start(): Promise<void> {
  const nodes = lab ? undefined : new Nodes();
  await app.whenReady();
  servePages();
  if (nodes) {
    await startPlayground(nodes);
  } else {
    const load = createRequire(__filename);
    Object.assign(globalThis, {
      lab: {
        ...{ open, openView, fork, startThread, load, session, BrowserWindow, webContents },
        ...{ createBridge, transfer, comlink },
        ...service,
      },
    });
  }
}

registerScheme();
// Electron's own answer is a dialog, for which nobody is there to click.
if (lab) {
  process.on('uncaughtException', (error) => {
    console.error(error);
    app.exit(70);
  });
}
app.on('window-all-closed', () => lab || app.quit());
start().catch((error: unknown) => {
  console.error(error);
  app.exit(1);
});
