import type { UtilityProcess, WebContents, WebPreferences } from 'electron';
import type { Driven } from '../../../playground/src/lab/driven.js';
import type { ShareFrameOptions, ShareOptions } from '../../../src/renderer/index.js';
import type { Lab, Main } from './lab.js';
import { Place } from './place.js';

/** What the tests of places have of their own in the main process. */
export type PlacesMain = Main & {
  lab: {
    fork(): Driven<UtilityProcess>;
    openView(window: Electron.BrowserWindow, url: string, given?: WebPreferences): Promise<WebContents>;
    webContents: typeof import('electron').webContents;
  };
  utilities: Driven<UtilityProcess>[];
  threads: { worker: import('node:worker_threads').Worker; run(text: string): Promise<unknown> }[];
};

/** A frame, found anew for each script: it lives through the navigation of what is in it. */
export class Frame extends Place {
  readonly lab: Lab;
  /** Electron's `webContents.id`. */
  readonly contents: number;

  /** @param name that of the iframe element; of the top frame, `''` */
  constructor(lab: Lab, contents: number, name = '') {
    super((text) =>
      lab.main(
        (main, [id, frameName, script]) => {
          const top = (main as PlacesMain).lab.webContents.fromId(id)!.mainFrame;
          const frame = frameName === '' ? top : top.framesInSubtree.find((each) => each.name === frameName);
          if (!frame) throw new Error(`no frame '${frameName}'`);
          return frame.executeJavaScript(script) as Promise<string>;
        },
        [contents, name, text] as const,
      ),
    );
    this.lab = lab;
    this.contents = contents;
  }

  /** Puts an iframe into this one; resolves when it has loaded. */
  async frame(name: string, attributes: Record<string, string>): Promise<Frame> {
    await this.run(
      async (_, given) => {
        const iframe = document.createElement('iframe');
        for (const [attribute, value] of Object.entries(given)) iframe.setAttribute(attribute, value);
        const loaded = new Promise((resolve) => iframe.addEventListener('load', resolve, { once: true }));
        document.body.append(iframe);
        await loaded;
      },
      { ...attributes, name },
    );
    return new Frame(this.lab, this.contents, name);
  }

  /** Makes a dedicated worker, which the page has as `window[name]`. */
  async worker(name: string): Promise<Place> {
    await this.run((world, given) => {
      const worker = new Worker('place-worker.js');
      world[given] = worker;
      const asked = new Map<number, (answer: string) => void>();
      worker.addEventListener('message', ({ data }) => {
        if (data[0] === 'place:ran') asked.get(data[1])?.(data[2]);
      });
      world[`${given}:run`] = (text: string) =>
        new Promise((resolve) => worker.postMessage(['place:run', asked.set(asked.size, resolve).size - 1, text]));
    }, name);
    return new Place((text) =>
      this.run((world, [each, script]) => (world[`${each}:run`] as (text: string) => Promise<string>)(script), [
        name,
        text,
      ] as const),
    );
  }

  /** Shares the iframe of that name; `window[`shared ${name}`]` there is what ends it. */
  share(name: string, options: ShareFrameOptions): Promise<void> {
    return this.run(
      (world, [each, given]) => {
        const iframe = document.querySelector<HTMLIFrameElement>(`iframe[name="${each}"]`)!;
        world[`shared ${each}`] = world.lab.share(iframe, given);
      },
      [name, options] as const,
    );
  }

  /** Shares a worker that `worker()` has made. */
  shareWorker(name: string, options: ShareOptions = {}): Promise<void> {
    return this.run(
      (world, [each, given]) => void (world[`shared ${each}`] = world.lab.share(world[each] as Worker, given)),
      [name, options] as const,
    );
  }

  /** Navigates something in its window; `Date.now()` of when main was told of it. */
  async navigate(act: () => Promise<unknown>): Promise<number> {
    await this.contentsDo((contents, main) => {
      const navigated = new Promise((resolve) => contents.once('did-frame-navigate', () => resolve(Date.now())));
      Object.assign(main, { navigated });
    });
    await act();
    const told = (): Promise<number> =>
      this.lab.main((main) => (main as never as { navigated: Promise<number> }).navigated);
    // Electron 27 now and then tells a debugger that a promise was collected which is still to come.
    return told().catch(told);
  }

  /** Does something to its `webContents`, in main. */
  contentsDo<T>(act: (contents: WebContents, main: PlacesMain) => T | Promise<T>): Promise<T> {
    return this.lab.main(
      (main, [id, text]) =>
        ((0, eval)(`(${text})`) as (contents: WebContents, main: Main) => T)(
          (main as PlacesMain).lab.webContents.fromId(id)!,
          main,
        ),
      [this.contents, act.toString()] as const,
    );
  }
}
