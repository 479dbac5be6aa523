// The playground's main process. With `--lab` it opens nothing on its own and hands its parts to whoever drives it: that
// is how the end-to-end tests use it.

import { app, BrowserWindow, net, protocol, session, type BrowserWindowConstructorOptions } from 'electron';
import { createRequire } from 'node:module';
import { join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createBridge } from 'portmesh/main';
import { startPlayground } from './windows.js';

const lab = process.argv.includes('--lab');
// A scheme of its own, as real apps have it: each host is an origin.
protocol.registerSchemesAsPrivileged([
  { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);

/** Makes a window that is as safe as Electron makes them. */
async function open(url: string, options: BrowserWindowConstructorOptions = {}): Promise<BrowserWindow> {
  const window = new BrowserWindow({
    width: 760,
    height: 720,
    ...options,
    webPreferences: { sandbox: true, contextIsolation: true, backgroundThrottling: false, ...options.webPreferences },
  });
  await window.loadURL(url);
  return window;
}

async function start(): Promise<void> {
  await app.whenReady();
  protocol.handle('app', (request) => {
    const file = normalize(decodeURIComponent(new URL(request.url).pathname));
    return net.fetch(pathToFileURL(join(__dirname, 'pages', file)).href);
  });
  if (lab) {
    const load = createRequire(__filename);
    Object.assign(globalThis, { lab: { open, load, createBridge, session, BrowserWindow } });
  } else {
    await startPlayground(open);
  }
}

// Electron's own answer is a dialog, for which nobody is there to click.
if (lab) {
  process.on('uncaughtException', (error) => {
    console.error(error);
    app.exit(70);
  });
}
app.on('window-all-closed', () => lab || app.quit());
void start();
