import { app, BrowserWindow, net, protocol, session, type Session, type WebPreferences } from 'electron';
import { join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { World, type Seat } from './world.js';

export const ORIGIN = 'app://bench';
/** electron-common-ipc's windows have a session of their own, without Portmesh's preload. */
const COMMON_IPC_PARTITION = 'common-ipc';

export type WindowKind = 'mesh' | 'common-ipc';

const preferences: Record<WindowKind, WebPreferences> = {
  mesh: { sandbox: true, contextIsolation: true, preload: join(__dirname, 'preload.cjs') },
  // The same, but for the context isolation, which it does not support.
  'common-ipc': {
    sandbox: true,
    contextIsolation: false,
    partition: COMMON_IPC_PARTITION,
    preload: join(__dirname, 'common-ipc-preload.cjs'),
  },
};

/** Before the app is ready. */
export function setUpProcess(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  // Nobody sees these windows; they shall run like windows that somebody looks at.
  app.commandLine.appendSwitch('disable-renderer-backgrounding');
  app.commandLine.appendSwitch('disable-background-timer-throttling');
  // So that nobody pays for the garbage of whoever was measured before.
  app.commandLine.appendSwitch('js-flags', '--expose-gc');
}

export function serveApp(): void {
  for (const each of [session.defaultSession, session.fromPartition(COMMON_IPC_PARTITION)]) serve(each);
}

// Cross-origin isolated, for the clock: `performance.now()` then has steps of 5 µs, else of 100 µs, which is half of what is
// to be measured here.
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

function serve({ protocol: schemes }: Session): void {
  schemes.handle('app', async (request) => {
    const file = normalize(decodeURIComponent(new URL(request.url).pathname));
    const { body, headers, status } = await net.fetch(pathToFileURL(join(__dirname, 'pages', file)).href);
    return new Response(body, { status, headers: { ...Object.fromEntries(headers), ...isolation } });
  });
}

/** Opens a window; `name` is the name its page joins with. */
export async function openWindow(kind: WindowKind, name: string): Promise<Seat> {
  const window = new BrowserWindow({
    show: false,
    webPreferences: { ...preferences[kind], backgroundThrottling: false },
  });
  const contents = window.webContents;
  contents.on('console-message', (...args: unknown[]) => console.error(`[${name}]`, describeMessage(args)));
  // What a page opens is in its process, and as invisible.
  contents.setWindowOpenHandler(() => ({ action: 'allow', overrideBrowserWindowOptions: { show: false } }));
  await window.loadURL(`${ORIGIN}/page.html#${name}`);
  const page: Seat['page'] = new World(contents, false);
  if (!(await contents.executeJavaScript('crossOriginIsolated'))) {
    throw new Error('the page is not cross-origin isolated: its clock is too coarse');
  }
  return { contents, page, preload: new World(contents, true) };
}

/** Newer Electrons give an object, older ones level and text. */
function describeMessage([details, , message]: unknown[]): unknown {
  return typeof message === 'string' ? message : (details as { message?: unknown }).message;
}
