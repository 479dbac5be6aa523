import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Frame, type Page, type Worker } from 'playwright-core';
import type { BrowserWindowConstructorOptions, UtilityProcess, WebContents, WebPreferences } from 'electron';
import { prepareElectron } from '../../../scripts/electron/launch.js';
import type * as core from '../../../src/core/index.js';
import type { Driven } from '../../../playground/src/lab/driven.js';
import type * as node from '../../../src/node/index.js';
import type * as renderer from '../../../src/renderer/index.js';
import type { Bridge, BridgeOptions, BridgeState } from '../../../src/main/index.js';

/** What the lab's page, and the main process, hand to the tests: see playground/src. */
declare global {
  interface Window {
    lab: typeof core & typeof renderer;
    bus: core.Bus;
    [test: string]: unknown;
  }
}

interface MainGlobals {
  lab: {
    open(url: string, options: BrowserWindowConstructorOptions): Promise<unknown>;
    openView(window: unknown, url: string, preferences?: WebPreferences): Promise<WebContents>;
    fork(): Driven<UtilityProcess>;
    load(module: string): unknown;
    createBridge(options?: BridgeOptions): Bridge;
    session: typeof import('electron').session;
    BrowserWindow: typeof import('electron').BrowserWindow;
    webContents: typeof import('electron').webContents;
  };
  /** The utility processes started so far, by number. */
  utilities: Driven<UtilityProcess>[];
  bridge: Bridge;
  bus: core.Bus;
  refused: string[];
  malformed: string[];
  stolen: string;
}

export type Main = typeof globalThis & MainGlobals;

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

export const playgroundFolder = fileURLToPath(new URL('../../../out/playground', import.meta.url));

/** A real Electron with the playground in its lab mode: nothing opens on its own. */
export class Lab {
  readonly app: ElectronApplication;
  readonly #release: () => Promise<void>;
  #windows = 0;
  #frames = 0;

  private constructor(app: ElectronApplication, release: () => Promise<void>) {
    this.app = app;
    this.#release = release;
  }

  static async launch(...flags: string[]): Promise<Lab> {
    const { executable, args, env, stop } = await prepareElectron({ headless: true });
    const data = mkdtempSync(join(tmpdir(), 'portmesh-e2e-'));
    const app = await _electron.launch({
      executablePath: executable,
      args: [...args, `--user-data-dir=${data}`, playgroundFolder, '--lab', ...flags],
      env: env as Record<string, string>,
      chromiumSandbox: true,
    });
    // What main complains of, Chromium's own noise aside, belongs beside the test that made it do so.
    app.process().stderr?.on('data', (text: Buffer) => {
      const lines = text
        .toString()
        .split('\n')
        .filter((line) => !/^\[\d+:|^Debugger|^For help|^Waiting for the debugger|^$/.test(line));
      if (lines.length > 0) console.error(`[main] ${lines.join('\n[main] ')}`);
    });
    const lab = new Lab(app, async () => {
      await app.close();
      await stop();
      rmSync(data, { recursive: true, force: true });
    });
    await app.evaluate(async ({ app }) => {
      await app.whenReady();
      while (!('lab' in globalThis)) await new Promise((resolve) => setImmediate(resolve));
    });
    return lab;
  }

  async close(): Promise<void> {
    await this.#release();
  }

  /** Runs a function in the main process; `this` world's variables reach it through `arg` only. */
  main<T, A>(run: (main: Main, arg: A) => T | Promise<T>, arg?: A): Promise<T> {
    // The function travels as text.
    return this.app.evaluate((_, [text, given]) => (0, eval)(`(${text})`)(globalThis, given) as Promise<T>, [
      run.toString(),
      arg,
    ] as const) as Promise<T>;
  }

  /** A fresh bridge, its preload installed for the default session, with the origins `app://a` to `app://d` allowed. */
  async start(options: Omit<BridgeOptions, 'authorize'> & { authorize?: string } = {}): Promise<void> {
    await this.main(
      (main, { authorize, ...given }) => {
        const bridge = main.lab.createBridge(
          authorize ? { ...given, authorize: (0, eval)(authorize) as never } : (given as BridgeOptions),
        );
        bridge.install(main.lab.session.defaultSession);
        main.refused = [];
        main.malformed = [];
        bridge.on('refused', (error) => main.refused.push(`${error.code}: ${error.message}`));
        bridge.on('malformed', (problem) => main.malformed.push(problem));
        main.bridge = bridge;
      },
      { origins: ['app://a', 'app://b', 'app://c', 'app://d'], ...options },
    );
  }

  /** Ends all windows and the bridge, and checks that it holds nothing any more. */
  async stop(): Promise<BridgeState> {
    return this.main(async (main) => {
      for (const window of main.lab.BrowserWindow.getAllWindows()) window.destroy();
      await main.bridge.close();
      return main.bridge.state();
    });
  }

  state(): Promise<BridgeState> {
    return this.main((main) => main.bridge.state());
  }

  /** Opens a window with the lab's page, or another one, of an origin of its own (`app://<host>`). */
  async open(host: string, options: BrowserWindowConstructorOptions = {}, file = 'lab.html'): Promise<Page> {
    const url = host.includes(':') ? host : `app://${host}/${file}?${++this.#windows}`;
    const [page] = await Promise.all([
      this.app.waitForEvent('window', {
        predicate: (opened) => opened.url() === url || opened.waitForURL(url).then(() => true),
      }),
      this.main((main, [target, given]) => void main.lab.open(target, given), [url, options] as const),
    ]);
    await page.waitForLoadState();
    return page;
  }

  /**
   * Puts a frame into a page, and waits until it has loaded. The lab's page is in it, unless told otherwise: the library as `lab`, by a
   * script of that origin. Whether it has the preload is up to the window's `nodeIntegrationInSubFrames`.
   */
  async embed(page: Page, { host = 'a', srcdoc, src, sandbox }: FrameSource = {}): Promise<Frame> {
    const name = `frame${++this.#frames}`;
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
  async worker(page: Page, name = 'worker'): Promise<Worker> {
    const started = page.waitForEvent('worker');
    await page.evaluate((given) => {
      const workers = (window['workers'] ??= {}) as Record<string, unknown>;
      workers[given] = new Worker('lab-worker.js', { name: given });
    }, name);
    const worker = await started;
    // Its script may still be on its way.
    await worker.evaluate(async () => {
      while (!('lab' in self)) await new Promise((resolve) => setTimeout(resolve));
    });
    return worker;
  }

  /** Starts a utility process, with the library as `lab`. It is not attached: main has it as `utilities[number].target`. */
  async utility(): Promise<Elsewhere<Helper>> {
    const number = await this.main((main) => (main.utilities ??= []).push(main.lab.fork()) - 1);
    return {
      number,
      run: (run, arg) =>
        this.main((main, given) => main.utilities[given.number]?.run(given.text, given.arg), {
          number,
          text: `(arg) => (${run.toString()})(globalThis, arg)`,
          arg,
        }) as Promise<never>,
    };
  }

  /** Starts a worker thread in a utility process, with the library as `lab`. It is not shared: the process has it as
   * `lab.threads[number].target`. */
  async thread(utility: Elsewhere<Helper>): Promise<Elsewhere<Helper>> {
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
  async webview(page: Page, host: string): Promise<Elsewhere<Window>> {
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
    return this.#contents(number);
  }

  /** Puts a view with the lab's page into the first window. */
  async view(host: string, preferences: WebPreferences = {}): Promise<Elsewhere<Window>> {
    const number = await this.main(
      async (main, given) => {
        const [window] = main.lab.BrowserWindow.getAllWindows();
        return (await main.lab.openView(window, given.url, given.preferences)).id;
      },
      { url: `app://${host}/lab.html`, preferences },
    );
    return this.#contents(number);
  }

  #contents(number: number): Elsewhere<Window> {
    return {
      number,
      run: (run, arg) =>
        this.main((main, given) => main.lab.webContents.fromId(given.number)?.executeJavaScript(given.text), {
          number,
          text: `(${run.toString()})(window, ${JSON.stringify(arg) ?? 'undefined'})`,
        }) as Promise<never>,
    };
  }

  /** Opens a window and joins it, under the host's name unless told otherwise. */
  async join(host: string, name = host, options: BrowserWindowConstructorOptions = {}): Promise<Page> {
    const page = await this.open(host, options);
    await joinPage(page, name);
    return page;
  }
}

/** Joins the mesh in a page; its bus is `window.bus`. Returns its id. */
export function joinPage(page: Page, name: string): Promise<string> {
  return page.evaluate(async (given) => {
    window.bus = await window.lab.connect({ name: given });
    return window.bus.self.id;
  }, name);
}

/** Resolves when `condition` holds in the page: looked at again whenever the mesh's membership changes there. */
export function untilPeers(page: Page, names: readonly string[]): Promise<void> {
  return page.evaluate(
    (wanted) =>
      new Promise<void>((resolve) => {
        const check = (): void => {
          const there = [...window.bus.peers].map(({ name }) => name).sort();
          if (JSON.stringify(there) === JSON.stringify([...wanted].sort())) resolve();
        };
        for (const news of ['join', 'leave'] as const) window.bus.peers.on(news, check);
        check();
      }),
    names,
  );
}
