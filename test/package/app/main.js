// The smallest app: two windows, and the main process, which is a peer too. With a preload of its own, if there is one.
import { app, BrowserWindow, session } from 'electron';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createBridge } from 'portmesh/main';

async function start() {
  await app.whenReady();
  const preload = join(app.getAppPath(), 'preload.cjs');
  const bridge = createBridge(existsSync(preload) ? { preload } : {});
  bridge.install(session.defaultSession);
  const bus = await bridge.connect();
  bus.handle('preload', () => bridge.preload);
  for (const name of ['a', 'b']) {
    const window = new BrowserWindow({ webPreferences: { sandbox: true, contextIsolation: true } });
    void window.loadFile(join(app.getAppPath(), 'page', 'index.html'), { hash: name });
  }
}

void start();
