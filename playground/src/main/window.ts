import { BrowserWindow, type BrowserWindowConstructorOptions } from 'electron';

/** Makes a window that is as safe as Electron makes them. */
export function makeWindow(options: BrowserWindowConstructorOptions = {}): BrowserWindow {
  return new BrowserWindow({
    width: 760,
    height: 720,
    ...options,
    webPreferences: { sandbox: true, contextIsolation: true, backgroundThrottling: false, ...options.webPreferences },
  });
}

export async function open(url: string, options?: BrowserWindowConstructorOptions): Promise<BrowserWindow> {
  const window = makeWindow(options);
  await window.loadURL(url);
  return window;
}
