import { nativeTheme, screen, type BrowserWindow } from 'electron';
import type { WindowName } from '../channels.js';
import { makeWindow } from './window.js';

const SIZE = { width: 760, height: 720 };
const MINIMUM = { minWidth: 560, minHeight: 480 };
const PLACES: Record<WindowName, -1 | 1> = { editor: -1, viewer: 1 };

/** The playground's windows by name, and what can be done to them. */
export class Windows {
  readonly #windows = new Map<WindowName, BrowserWindow>();

  /** Opens the window, or loads its page again if it is elsewhere, or crashed. */
  async restore(name: WindowName): Promise<void> {
    await this.#load(name, 'index.html');
  }

  /** Sends the window to a page that doesn't join. */
  async navigate(name: WindowName): Promise<void> {
    await this.#load(name, 'away.html');
  }

  reload(name: WindowName): void {
    this.#get(name).webContents.reload();
  }

  crash(name: WindowName): void {
    this.#get(name).webContents.forcefullyCrashRenderer();
  }

  close(name: WindowName): void {
    const window = this.#get(name);
    // A crashed page can't be asked whether it wants to close.
    if (window.webContents.isCrashed()) window.destroy();
    else window.close();
  }

  async #load(name: WindowName, page: string): Promise<void> {
    const window = this.#windows.get(checkName(name)) ?? this.#make(name);
    await window.loadURL(`app://${name}/${page}`);
  }

  #get(name: WindowName): BrowserWindow {
    const window = this.#windows.get(checkName(name));
    if (!window) throw new Error(`the window ${name} is closed`);
    return window;
  }

  #make(name: WindowName): BrowserWindow {
    const window = makeWindow({
      ...SIZE,
      useContentSize: true,
      ...MINIMUM,
      ...place(name),
      autoHideMenuBar: true,
      // What shows until the page has drawn; without it, a dark page begins with a white flash.
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#13151a' : '#f3f4f7',
    });
    this.#windows.set(name, window);
    window.on('closed', () => this.#windows.delete(name));
    window.webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
    window.webContents.on('render-process-gone', () => this.#onCrash(window));
    return window;
  }

  /** With no living window left, nobody could press the button that brings one back. */
  #onCrash(window: BrowserWindow): void {
    const alive = [...this.#windows.values()].some((each) => !each.webContents.isCrashed());
    if (!alive) window.webContents.reload();
  }
}

/** Requests come from pages: a name is not a `WindowName` because the types say so. */
function checkName(name: WindowName): WindowName {
  if (!Object.hasOwn(PLACES, name)) throw new RangeError(`there is no window '${String(name)}'`);
  return name;
}

/** Side by side in the middle of the screen, as far as it is wide enough. */
function place(name: WindowName): { x: number; y: number } {
  const { x, y, width, height } = screen.getPrimaryDisplay().workArea;
  const right = PLACES[name] > 0;
  const left = Math.max(0, Math.floor(width / 2) - SIZE.width - 8);
  return {
    x: x + (right ? Math.max(0, width - left - SIZE.width) : left),
    y: y + Math.max(0, Math.floor((height - SIZE.height) / 2)),
  };
}
