import { BrowserWindow, type BrowserWindowConstructorOptions } from 'electron';

/** Options of a window that is as safe as Electron makes them. */
export function safe(options: BrowserWindowConstructorOptions = {}): BrowserWindowConstructorOptions {
  return {
    width: 760,
    height: 720,
    ...options,
    webPreferences: { sandbox: true, contextIsolation: true, backgroundThrottling: false, ...options.webPreferences },
  };
}

export function makeWindow(options?: BrowserWindowConstructorOptions): BrowserWindow {
  return new BrowserWindow(safe(options));
}

export async function open(url: string, options?: BrowserWindowConstructorOptions): Promise<BrowserWindow> {
  const window = makeWindow(options);
  await window.loadURL(url);
  return window;
}
