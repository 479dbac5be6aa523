import type { WebContents } from 'electron';
import { limited } from '../contest/limited.js';
import type { PageApi } from '../page/page-api.js';
import type { PreloadApi } from '../page/preload-api.js';

/** Where Electron runs the preloads of windows with context isolation. */
const ISOLATED_WORLD = 999;

type Api = Record<string, (...args: never[]) => unknown>;

/** The functions that a page, or its preload, offers to main; called by name, with plain arguments. */
export class World<A extends Api> {
  readonly #contents: WebContents;
  readonly #isolated: boolean;

  constructor(contents: WebContents, isolated: boolean) {
    this.#contents = contents;
    this.#isolated = isolated;
  }

  async call<K extends keyof A & string>(name: K, ...args: Parameters<A[K]>): Promise<Awaited<ReturnType<A[K]>>> {
    const code = `bench[${JSON.stringify(name)}](...${JSON.stringify(args)})`;
    const done: Promise<unknown> = this.#isolated
      ? this.#contents.executeJavaScriptInIsolatedWorld(ISOLATED_WORLD, [{ code }])
      : this.#contents.executeJavaScript(code);
    return (await limited(done, `${name}(${args.map(String).join(', ')})`)) as Awaited<ReturnType<A[K]>>;
  }
}

/** One window of the bench. */
export interface Seat {
  readonly contents: WebContents;
  readonly page: World<PageApi>;
  readonly preload: World<PreloadApi>;
}
