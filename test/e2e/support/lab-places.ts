// The places besides windows: frames, workers, utility processes, threads, webviews and views.

import type { WebPreferences } from 'electron';
import type { Frame, Page, Worker } from 'playwright-core';
import type { Driven } from '../../../playground/src/lab/driven.js';
import type * as core from '../../../src/core/index.js';
import type * as node from '../../../src/node/index.js';
import type { Lab } from './lab.js';

/** What a utility process, or a worker thread, of the lab has: see playground/src/lab-utility.ts. */
export type Helper = typeof globalThis & {
  lab: typeof core &
    typeof node & {
      /** What `connect({ via })` and `share(worker, { via })` take. */
      via: node.ConnectOptions['via'] & node.ShareOptions['via'];
      /** In a utility process: its threads by number, and what makes one. */
      threads: Driven<import('node:worker_threads').Worker>[];
      makeThread(): number;
    };
  bus: core.Bus;
};

/** A process, thread or page that Playwright can't drive: functions run in it by way of who made it. */
export interface Elsewhere<G> {
  /** Its number among its kind: `main.utilities[number]`, `lab.threads[number]`; of a page, its `webContents.id`. */
  readonly number: number;
  /** Runs a function there; `this` world's variables reach it through `arg` only. */
  run<T, A>(run: (there: G, arg: A) => T | Promise<T>, arg?: A): Promise<T>;
}

/** Where a frame's document comes from. */
export interface FrameSource {
  /** Of the lab's page at `app://<host>`. */
  readonly host?: string;
  /** A document given as text; so is `data:` by `src`. */
  readonly srcdoc?: string;
  readonly src?: string;
  /** The frame's sandbox attribute, such as `'allow-scripts'`. */
  readonly sandbox?: string;
}

let frames = 0;

/**
 * Puts a frame into a page, and waits until it has loaded. The lab's page is in it, unless told otherwise: the library as `lab`, by a
 * script of that origin. Whether it has the preload is up to the window's `nodeIntegrationInSubFrames`.
 */
export async function embed(page: Page, { host = 'a', srcdoc, src, sandbox }: FrameSource = {}): Promise<Frame> {
  const name = `frame${++frames}`;
  const handle = await page.evaluateHandle(
    ({ url, ...given }) =>
      new Promise<HTMLIFrameElement>((resolve) => {
        const iframe = document.createElement('iframe');
        iframe.name = given.name;
        if (given.sandbox !== undefined) iframe.setAttribute('sandbox', given.sandbox);
        if (given.srcdoc === undefined) iframe.src = url;
        else iframe.srcdoc = given.srcdoc;
        iframe.onload = () => resolve(iframe);
        document.body.append(iframe);
      }),
    { name, url: src ?? `app://${host}/lab.html?${name}`, srcdoc, sandbox },
  );
  const frame = await handle.asElement()?.contentFrame();
  if (!frame) throw new Error(`the frame of ${page.url()} has no document`);
  await frame.waitForLoadState();
  return frame;
}

/** Starts a dedicated worker in a page, with the library as `lab`. The page has it as `window.workers[name]`, for `share()`. */
export async function startWorker(page: Page, name = 'worker'): Promise<Worker> {
  const [worker] = await Promise.all([
    page.waitForEvent('worker'),
    page.evaluate(
      (given) =>
        new Promise<void>((resolve) => {
          const workers = (window['workers'] ??= {}) as Record<string, unknown>;
          const started = new Worker('lab-worker.js', { name: given });
          workers[given] = started;
          // Its first message: that the library is there.
          started.addEventListener('message', () => resolve(), { once: true });
        }),
      name,
    ),
  ]);
  return worker;
}

/** Starts a utility process, with the library as `lab`. It is not attached: main has it as `utilities[number].target`. */
export async function startUtility(lab: Lab): Promise<Elsewhere<Helper>> {
  const number = await lab.main((main) => (main.utilities ??= []).push(main.lab.fork()) - 1);
  return {
    number,
    run: (run, arg) =>
      lab.main((main, given) => main.utilities[given.number]?.run(given.text, given.arg), {
        number,
        text: `(arg) => (${run.toString()})(globalThis, arg)`,
        arg,
      }) as Promise<never>,
  };
}

/** Starts a worker thread in a utility process, with the library as `lab`. It is not shared: the process has it as
 * `lab.threads[number].target`. */
export async function startThread(utility: Elsewhere<Helper>): Promise<Elsewhere<Helper>> {
  const number = await utility.run(({ lab }) => lab.makeThread());
  return {
    number,
    run: (run, arg) =>
      utility.run(({ lab }, given) => lab.threads[given.number]?.run(given.text, given.arg), {
        number,
        text: `(arg) => (${run.toString()})(globalThis, arg)`,
        arg,
      }) as Promise<never>,
  };
}

/** Puts a webview with the lab's page into a page, whose window must have `webviewTag`. */
export async function openWebview(lab: Lab, page: Page, host: string): Promise<Elsewhere<Window>> {
  const number = await page.evaluate(
    (src) =>
      new Promise<number>((resolve) => {
        const webview = document.createElement('webview') as HTMLElement & {
          src: string;
          getWebContentsId(): number;
        };
        webview.src = src;
        webview.addEventListener('dom-ready', () => resolve(webview.getWebContentsId()), { once: true });
        document.body.append(webview);
      }),
    `app://${host}/lab.html`,
  );
  return contents(lab, number);
}

/** Puts a view with the lab's page into the first window. */
export async function openView(lab: Lab, host: string, preferences: WebPreferences = {}): Promise<Elsewhere<Window>> {
  const number = await lab.main(
    async (main, given) => {
      const [window] = main.lab.BrowserWindow.getAllWindows();
      return (await main.lab.openView(window, given.url, given.preferences)).id;
    },
    { url: `app://${host}/lab.html`, preferences },
  );
  return contents(lab, number);
}

function contents(lab: Lab, number: number): Elsewhere<Window> {
  return {
    number,
    run: (run, arg) =>
      lab.main((main, given) => main.lab.webContents.fromId(given.number)?.executeJavaScript(given.text), {
        number,
        text: `(${run.toString()})(window, ${JSON.stringify(arg) ?? 'undefined'})`,
      }) as Promise<never>,
  };
}
