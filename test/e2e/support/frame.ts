import type { WebContents } from 'electron';
import { Hosted } from './hosted.js';
import type { Lab, Main } from './lab.js';
import { Place } from './place.js';

/** A frame, found anew for each script: it lives through the navigation of what is in it. */
export class Frame extends Place {
  readonly lab: Lab;
  /** Electron's `webContents.id`. */
  readonly contents: number;

  /** @param name that of the iframe element; of the top frame, `''` */
  constructor(lab: Lab, contents: number, name = '') {
    super(
      name,
      (text) =>
        lab.main(
          (main, [id, frameName, script]) => {
            const top = main.lab.webContents.fromId(id)!.mainFrame;
            const frame = frameName === '' ? top : top.framesInSubtree.find((each) => each.name === frameName);
            if (!frame) throw new Error(`no frame '${frameName}'`);
            return frame.executeJavaScript(`(${script})()`) as Promise<string>;
          },
          [contents, name, text] as const,
        ),
      () => this.contentsDo((each) => each.forcefullyCrashRenderer()),
    );
    this.lab = lab;
    this.contents = contents;
  }

  /** Puts an iframe into this one, as `world.lab.made[name]`; resolves when it has loaded. */
  async frame(name: string, attributes: Record<string, string>): Promise<Frame> {
    await this.run(
      async (world, given) => {
        const iframe = document.createElement('iframe');
        for (const [attribute, value] of Object.entries(given)) iframe.setAttribute(attribute, value);
        (world.lab.made ??= {})[given.name] = iframe;
        const loaded = new Promise((resolve) => iframe.addEventListener('load', resolve, { once: true }));
        document.body.append(iframe);
        await loaded;
      },
      { ...attributes, name },
    );
    return new Frame(this.lab, this.contents, name);
  }

  /** Makes a dedicated worker, which the page has as `world.lab.made[name].target`. */
  async worker(name: string): Promise<Hosted> {
    await this.run((world, given) => {
      const worker = new Worker('lab-worker.js');
      const driven = new world.lab.Driven(worker, (message) => worker.postMessage(message));
      worker.addEventListener('message', ({ data }) => driven.hear(data));
      (world.lab.made ??= {})[given] = driven;
    }, name);
    return new Hosted(this, name);
  }

  reload(): Promise<void> {
    return this.contentsDo((contents) => contents.reload());
  }

  /** Reloads its window, and waits for the next document to have loaded: something can run in it then. */
  reloaded(): Promise<void> {
    return this.contentsDo((contents) => {
      const loaded = new Promise<void>((resolve) => contents.once('did-finish-load', () => resolve()));
      contents.reload();
      return loaded;
    });
  }

  /** Leaves for another site. */
  leave(): Promise<void> {
    return this.contentsDo((contents) => void contents.loadURL('app://elsewhere/blank.html'));
  }

  /** Navigates something in its window; `Date.now()` of when main was told of it. */
  async navigated(act: () => Promise<unknown>): Promise<number> {
    await this.contentsDo((contents, main) => {
      const navigated = new Promise((resolve) => contents.once('did-frame-navigate', () => resolve(Date.now())));
      Object.assign(main, { navigated });
    });
    await act();
    return this.lab.main((main) => (main as never as { navigated: Promise<number> }).navigated);
  }

  /** The same to what can't be loaded: an error page comes. */
  async failed(act: () => Promise<unknown>): Promise<number> {
    await this.contentsDo((contents, main) => {
      const failed = new Promise((resolve) => contents.once('did-fail-load', () => resolve(Date.now())));
      Object.assign(main, { failed });
    });
    await act();
    return this.lab.main((main) => (main as never as { failed: Promise<number> }).failed);
  }

  /** Does something to its `webContents`, in main. */
  contentsDo<T>(act: (contents: WebContents, main: Main) => T | Promise<T>): Promise<T> {
    return this.lab.main(
      (main, [id, text]) =>
        ((0, eval)(`(${text})`) as (contents: WebContents, main: Main) => T)(main.lab.webContents.fromId(id)!, main),
      [this.contents, act.toString()] as const,
    );
  }
}
