import { nativeTheme, screen, type BrowserWindow, type BrowserWindowConstructorOptions } from 'electron';
import type { PlaceName } from '../places.js';
import { makeWindow, safe } from './window.js';

type Made = 'graph' | 'editor';

/** Where a window opens on a wide screen, and how large. */
const shapes: Readonly<Record<Made | 'viewer', { width: number; height: number; x: number; y: number }>> = {
  graph: { width: 1100, height: 810, x: 0, y: 0 },
  editor: { width: 1100, height: 750, x: 420, y: 60 },
  viewer: { width: 760, height: 760, x: 840, y: 140 },
};
const pages: Readonly<Record<Made, string>> = {
  graph: 'app://graph/graph.html',
  editor: 'app://editor/window.html?as=editor',
};
const VIEWER = 'app://editor/window.html?as=viewer';
const AWAY = 'app://editor/away.html';

/** The windows by name, and what can be done to them. The viewer is opened by the editor's page, with `window.open`. */
export class Windows {
  readonly #windows = new Map<string, BrowserWindow>();
  /** Whether all of them have been open. */
  #begun = false;

  /** Opens the window, or loads its page again if it is elsewhere. */
  async restore(name: PlaceName): Promise<void> {
    if (name !== 'graph' && name !== 'editor') throw new RangeError(`main does not open '${name}'`);
    const window = this.#windows.get(name) ?? this.#make(name);
    await window.loadURL(pages[name]);
  }

  /** Sends the window to a page that doesn't join. */
  async navigate(name: PlaceName): Promise<void> {
    await this.#get(name).loadURL(`${AWAY}?from=${name}`);
  }

  reload(name: PlaceName): void {
    this.#get(name).webContents.reload();
  }

  /** Crashes the renderer process with that id; false if it has no window. */
  crash(pid: number): boolean {
    const window = [...this.#windows.values()].find(({ webContents }) => webContents.getOSProcessId() === pid);
    window?.webContents.forcefullyCrashRenderer();
    return window !== undefined;
  }

  close(name: PlaceName): void {
    this.#get(name).close();
  }

  #get(name: PlaceName): BrowserWindow {
    const window = this.#windows.get(name);
    if (!window) throw new Error(`the window ${name} is closed`);
    return window;
  }

  #make(name: Made): BrowserWindow {
    const window = makeWindow(options(name));
    this.#adopt(name, window);
    window.webContents.setWindowOpenHandler(({ url }) =>
      name === 'editor' && url === VIEWER
        ? { action: 'allow', overrideBrowserWindowOptions: safe(options('viewer')) }
        : { action: 'deny' },
    );
    window.webContents.on('did-create-window', (viewer) => {
      this.#adopt('viewer', viewer);
      // The last one to open, at first: it may be below the graph, in which everything begins.
      if (!this.#begun) this.#windows.get('graph')?.focus();
      this.#begun = true;
    });
    return window;
  }

  #adopt(name: string, window: BrowserWindow): void {
    this.#windows.set(name, window);
    window.on('closed', () => {
      if (this.#windows.get(name) === window) this.#windows.delete(name);
    });
    window.webContents.on('render-process-gone', () => this.#onCrash(name, window));
  }

  #onCrash(name: string, window: BrowserWindow): void {
    // What is left of the others is an empty window. In the graph is the button that brings them back.
    if (name === 'graph') window.webContents.reload();
    else window.destroy();
  }
}

function options(name: Made | 'viewer'): BrowserWindowConstructorOptions {
  const area = screen.getPrimaryDisplay().workArea;
  const { width, height, x, y } = shapes[name];
  const fits = { width: Math.min(width, area.width), height: Math.min(height, area.height) };
  return {
    ...fits,
    x: area.x + Math.max(0, Math.min(x, area.width - fits.width)),
    y: area.y + Math.max(0, Math.min(y, area.height - fits.height)),
    minWidth: 420,
    minHeight: 400,
    useContentSize: true,
    autoHideMenuBar: true,
    // What shows until the page has drawn; without it, a dark page begins with a white flash.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#12141a' : '#f4f5f8',
    // The outline, a frame of the editor's own origin, joins by itself: it needs the preload too.
    webPreferences: { nodeIntegrationInSubFrames: true },
  };
}
