import { writeFileSync } from 'node:fs';
import type { BrowserWindowConstructorOptions } from 'electron';
import type { Grant } from '../../../src/core/index.js';
import type { share, ShareOptions } from '../../../src/node/index.js';
import type { Driven } from '../../../playground/src/lab/driven.js';
import { Frame, type PlacesMain } from './frame.js';
import { Lab, playgroundFolder } from './lab.js';
import { Place } from './place.js';

/** A page with the library, like the lab's, that may have frames of other origins and run scripts that it is given. */
const PAGE = 'place.html';
const pages: Readonly<Record<string, string>> = {
  [PAGE]: '<!doctype html><meta charset="utf-8"><title>Place</title><script src="lab.js"></script>',
  // Notes every message it gets, from the beginning.
  'listening.html': `<!doctype html><script>
messages = [];
addEventListener('message', ({ data, ports }) => messages.push([data, ports.length]));
</script><script src="lab.js"></script>`,
  'place-worker.js': `importScripts('lab-worker.js');
addEventListener('message', ({ data }) => {
  if (data[0] === 'place:run') (0, eval)(data[2]).then((answer) => postMessage(['place:ran', data[1], answer]));
});`,
};

/** Makes places of all kinds in a lab. */
export class Places {
  readonly lab: Lab;
  /** The main process: `globalThis.bus`, once `joinMain` was called. */
  readonly main: Place;
  #pages = 0;

  private constructor(lab: Lab) {
    this.lab = lab;
    this.main = new Place((text) => lab.main((_, script) => (0, eval)(script) as Promise<string>, text));
  }

  static async launch(): Promise<Places> {
    for (const [name, text] of Object.entries(pages)) writeFileSync(`${playgroundFolder}/pages/${name}`, text);
    const places = new Places(await Lab.launch());
    await places.lab.main((main) => void Object.assign(main, { utilities: [], threads: [] }));
    return places;
  }

  url(host: string): string {
    return `app://${host}/${PAGE}?${++this.#pages}`;
  }

  joinMain(name = 'main'): Promise<string> {
    return this.lab.main(async (main, given) => (main.bus = await main.bridge.connect({ name: given })).self.id, name);
  }

  async window(host: string, options: BrowserWindowConstructorOptions = {}): Promise<Frame> {
    const id = await this.lab.main(
      async (main, [url, given]) => {
        const window = (await main.lab.open(url, given)) as Electron.BrowserWindow;
        return window.webContents.id;
      },
      [this.url(host), options] as const,
    );
    return new Frame(this.lab, id);
  }

  /** A WebContentsView in a window; before Electron 30, a BrowserView. */
  async view(window: Frame, host: string): Promise<Frame> {
    const id = await this.lab.main(
      async (main, [contents, url]) => {
        const { lab } = main as PlacesMain;
        const owner = lab.BrowserWindow.fromWebContents(lab.webContents.fromId(contents)!)!;
        return (await lab.openView(owner, url)).id;
      },
      [window.contents, this.url(host)] as const,
    );
    return new Frame(this.lab, id);
  }

  /** A `<webview>` in a window made with `webviewTag`, as its `window.webview`. */
  async webview(window: Frame, host: string): Promise<Frame> {
    const id = await window.run(async (world, url) => {
      const view = document.createElement('webview') as HTMLElement & { src: string; getWebContentsId(): number };
      world['webview'] = view;
      const ready = new Promise((resolve) => view.addEventListener('dom-ready', resolve, { once: true }));
      view.src = url;
      document.body.append(view);
      await ready;
      return view.getWebContentsId();
    }, this.url(host));
    return new Frame(this.lab, id);
  }

  /** What a page opens with `window.open`, as its `window.popup`: of one origin, the two share a process. */
  async popup(window: Frame, host: string): Promise<Frame> {
    await window.contentsDo((contents) => {
      contents.setWindowOpenHandler(() => ({ action: 'allow' }));
      const made = new Promise<number>((resolve) =>
        contents.once('did-create-window', ({ webContents }) =>
          webContents.once('did-finish-load', () => resolve(webContents.id)),
        ),
      );
      Object.assign(globalThis, { made });
    });
    await window.run(
      (world, url) => void (world['popup'] = open(url, '_blank', 'width=300,height=200')),
      this.url(host),
    );
    return new Frame(this.lab, await this.lab.main((main) => (main as never as { made: Promise<number> }).made));
  }

  /** A utility process, which main has as `main.utilities[index]`; not attached yet. */
  async utility(): Promise<Place & { readonly index: number }> {
    const index = await this.lab.main((main) => {
      const { utilities, lab } = main as PlacesMain;
      return utilities.push(lab.fork()) - 1;
    });
    const place = new Place((text) =>
      this.lab.main(
        (main, [each, script]) =>
          (main as PlacesMain).utilities[each]!.run(`() => ${script}`, undefined) as Promise<string>,
        [index, text] as const,
      ),
    );
    return Object.assign(place, { index });
  }

  /** A worker_threads worker of main, which main has as `main.threads[index].worker`; not attached yet. */
  async thread(): Promise<Place & { readonly index: number }> {
    const index = await this.lab.main((main, file) => {
      const { Worker } = main.lab.load('node:worker_threads') as typeof import('node:worker_threads');
      const worker = new Worker(file);
      const asked: ((answer: unknown) => void)[] = [];
      worker.on('message', (data) => {
        if (data[0] === 'lab:ran') asked[data[1]]?.(data[3]);
      });
      worker.on('error', () => {});
      const run = (text: string): Promise<unknown> =>
        new Promise((resolve) => worker.postMessage(['lab:run', asked.push(resolve) - 1, text]));
      return (main as PlacesMain).threads.push({ worker, run }) - 1;
    }, `${playgroundFolder}/lab-thread.cjs`);
    const place = new Place((text) =>
      this.lab.main(
        (main, [each, script]) => (main as PlacesMain).threads[each]!.run(`() => ${script}`) as Promise<string>,
        [index, text] as const,
      ),
    );
    return Object.assign(place, { index });
  }

  /** A worker_threads worker of a utility process, which that has as `lab.threads[index].target`; not shared yet. */
  async threadOf(utility: Place): Promise<Place & { readonly index: number }> {
    type Host = { makeThread(): number; threads: Driven<unknown>[] };
    const index = await utility.run((world) => (world.lab as never as Host).makeThread());
    const place = new Place((text) =>
      utility.run(
        (world, [each, script]) =>
          (world.lab as never as Host).threads[each]!.run(`() => ${script}`, undefined) as Promise<string>,
        [index, text] as const,
      ),
    );
    return Object.assign(place, { index });
  }

  /** Lets a utility process in. */
  attachUtility(index: number, options: object = {}): Promise<void> {
    return this.lab.main(
      (main, [each, given]) => void main.bridge.attach((main as PlacesMain).utilities[each]!.target, given),
      [index, options] as const,
    );
  }

  attachThread(index: number, options: object = {}): Promise<void> {
    return this.lab.main(
      (main, [each, given]) => void main.bridge.attach((main as PlacesMain).threads[each]!.worker, given),
      [index, options] as const,
    );
  }

  /** Lets a thread of a utility process in. */
  shareThread(utility: Place, index: number, options: { grant?: Grant; name?: string } = {}): Promise<void> {
    type Host = { share: typeof share; via: ShareOptions['via']; threads: Driven<Parameters<typeof share>[0]>[] };
    return utility.run(
      (world, [each, given]) => {
        const { share, via, threads } = world.lab as never as Host;
        share(threads[each]!.target, { via, ...given });
      },
      [index, options] as const,
    );
  }

  /** Ends everything, and checks that the bridge holds nothing any more. */
  async stop(): Promise<object> {
    await this.lab.main(async (main) => {
      const { utilities, threads } = main as PlacesMain;
      for (const { target } of utilities) target.kill();
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
      utilities.length = threads.length = 0;
    });
    return this.lab.stop();
  }
}
