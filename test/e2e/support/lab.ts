import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type { BrowserWindowConstructorOptions, UtilityProcess, WebContents, WebPreferences } from 'electron';
import { prepareElectron } from '../../../scripts/electron/launch.js';
import type * as core from '../../../src/core/index.js';
import type { Driven } from '../../../playground/src/lab/driven.js';
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

export const playgroundFolder = fileURLToPath(new URL('../../../out/playground', import.meta.url));

/** A real Electron with the playground in its lab mode: nothing opens on its own. */
export class Lab {
  readonly app: ElectronApplication;
  readonly #release: () => Promise<void>;
  #windows = 0;

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
