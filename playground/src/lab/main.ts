// What the lab's driver has besides windows: processes, and pages that are no windows.

import * as electron from 'electron';
import {
  utilityProcess,
  type BrowserWindow,
  type UtilityProcess,
  type WebContents,
  type WebPreferences,
} from 'electron';
import { join } from 'node:path';
import { Driven } from './driven.js';

/** Starts a utility process that obeys; nobody has attached it yet. */
export function fork(): Driven<UtilityProcess> {
  const child = utilityProcess.fork(join(__dirname, 'lab-utility.cjs'));
  const driven = new Driven(child, (message) => child.postMessage(message));
  child.on('message', (data) => driven.hear(data));
  child.on('exit', () => driven.end());
  return driven;
}

/** A view that is in no window, and that nobody holds, is collected, and its page with it. */
const views = new Set<object>();

function hold(view: { readonly webContents: WebContents }): void {
  views.add(view);
  view.webContents.once('destroyed', () => views.delete(view));
}

/** Puts a view into a window: a WebContentsView, or, before Electron 30, what there was for it. */
export async function openView(window: BrowserWindow, url: string, given: WebPreferences = {}): Promise<WebContents> {
  const webPreferences = { sandbox: true, contextIsolation: true, backgroundThrottling: false, ...given };
  const bounds = { x: 0, y: 0, width: 300, height: 200 };
  const { WebContentsView, BrowserView } = electron as Partial<typeof electron>;
  // Before that it is there, but of no use.
  if (WebContentsView && 'setBounds' in WebContentsView.prototype) {
    const view = new WebContentsView({ webPreferences });
    hold(view);
    view.setBounds(bounds);
    window.contentView.addChildView(view);
    await view.webContents.loadURL(url);
    return view.webContents;
  }
  if (!BrowserView) throw new Error('this Electron has no views');
  const view = new BrowserView({ webPreferences });
  hold(view);
  window.addBrowserView(view);
  view.setBounds(bounds);
  await view.webContents.loadURL(url);
  return view.webContents;
}
