import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type { BrowserWindowConstructorOptions, UtilityProcess, WebContents, WebPreferences } from 'electron';
import { prepareElectron } from '../../../scripts/electron/launch.js';
import type * as core from '../../../src/core/index.js';
import type { Driven } from '../../../playground/src/lab/driven.js';
import type * as renderer from '../../../src/renderer/index.js';
import type { Bridge, BridgeOptions, BridgeState } from '../../../src/main/index.js';
import { Diary, GONE } from './diary.js';

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
    startThread(): Driven<Worker>;
    load(module: string): unknown;
    createBridge(options?: BridgeOptions): Bridge;
    session: typeof import('electron').session;
    BrowserWindow: typeof import('electron').BrowserWindow;
    webContents: typeof import('electron').webContents;
  };
  bridge: Bridge;
  bus: core.Bus;
  refused: string[];
  malformed: string[];
  stolen: string;
}

export type Main = typeof globalThis & MainGlobals;

export const playgroundFolder = fileURLToPath(new URL('../../../out/playground', import.meta.url));
/** Pages that only the tests need. */
const pages = fileURLToPath(new URL('../fixtures/pages', import.meta.url));

/** Options of the bridge; `authorize` is the text of a function. */
export type StartOptions = Omit<BridgeOptions, 'authorize'> & { authorize?: string };

/** How long something may take to end, in ms: less than the hook that waits for it, and does not say for what. */
const END_MS = 20_000;

/** @param late what to say if it is late */
async function ended(ending: Promise<void>, late: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(late())), END_MS);
  });
  await Promise.race([ending, over]).finally(() => clearTimeout(timer));
}

/** A real Electron with the playground in its lab mode: nothing opens on its own. */
export class Lab {
  #app: ElectronApplication | undefined;
  #diary: Diary | undefined;
  #release: (() => Promise<void>) | undefined;
  #windows = 0;

  static async launch(...flags: string[]): Promise<Lab> {
    const lab = new Lab();
    await lab.launch(...flags);
    return lab;
  }

  async launch(...flags: string[]): Promise<void> {
    cpSync(pages, join(playgroundFolder, 'pages'), { recursive: true });
    const { executable, args, env, stop } = await prepareElectron({ headless: true });
    const data = mkdtempSync(join(tmpdir(), 'portmesh-e2e-'));
    const app = await _electron.launch({
      executablePath: executable,
      args: [...args, `--user-data-dir=${data}`, playgroundFolder, '--lab', ...flags],
      env: env as Record<string, string>,
      chromiumSandbox: true,
    });
    const diary = new Diary(app.process());
    this.#app = app;
    this.#diary = diary;
    this.#release = async () => {
      diary.close();
      await ended(app.close(), () => `Electron does not quit. ${String(diary)}`);
      await ended(stop(), () => 'the display of an Electron does not end');
      rmSync(data, { recursive: true, force: true });
    };
    await app.evaluate(async ({ app }, gone) => {
      app.on('child-process-gone', (_, details) => console.error(gone, 'a process:', JSON.stringify(details)));
      app.on('render-process-gone', (_, { id }, details) =>
        console.error(gone, `the renderer of contents ${id}:`, JSON.stringify(details)),
      );
      app.on('quit', (_, code) => console.error(gone, `the app quits with ${code}`));
      await app.whenReady();
      while (!('lab' in globalThis)) await new Promise((resolve) => setImmediate(resolve));
    }, GONE);
  }

  get app(): ElectronApplication {
    if (!this.#app) throw new Error('the lab is not launched');
    return this.#app;
  }

  get diary(): Diary | undefined {
    return this.#diary;
  }

  async close(): Promise<void> {
    await this.#release?.();
  }

  /** Runs a function in the main process; `this` world's variables reach it through `arg` only. */
  async main<T, A>(run: (main: Main, arg: A) => T | Promise<T>, arg?: A): Promise<T> {
    try {
      // The function travels as text. It runs in a task of its own: by itself an inspector runs it in the middle of whatever main
      // is doing. And its answer is told in another: the inspector holds the promise that it waits for weakly, and if memory is
      // collected between that being settled and the telling, nothing comes of it ("Resulting promise was garbage collected").
      return await (this.app.evaluate(
        (_, [text, given]) =>
          new Promise<unknown>((resolve, reject) => {
            const does = async (): Promise<unknown> => (0, eval)(`(${text})`)(globalThis, given) as unknown;
            setImmediate(() =>
              does().then(
                (value) => setImmediate(resolve, value),
                (error) => setImmediate(reject, error),
              ),
            );
          }),
        [run.toString(), arg] as const,
      ) as Promise<T>);
    } catch (error) {
      throw this.#diary ? await this.#diary.explain(error) : error;
    }
  }

  /** A fresh bridge, its preload installed for the default session, with the origins `app://a` to `app://d` allowed. */
  async start(options: StartOptions = {}): Promise<void> {
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
        // Another one may be told of only now, and close again meanwhile.
        predicate: (opened) =>
          opened.url() === url ||
          opened.waitForURL(url).then(
            () => true,
            () => false,
          ),
      }),
      this.main((main, [target, given]) => void main.lab.open(target, given), [url, options] as const),
    ]);
    await page.waitForLoadState();
    return page;
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
