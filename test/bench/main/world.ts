import type { WebContents } from 'electron';
import type { PageApi } from '../page/page-api.js';
import type { PreloadApi } from '../page/preload-api.js';

/** Where Electron runs the preloads of windows with context isolation. */
const ISOLATED_WORLD = 999;
const LIMIT_MS = 30_000;

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

export function limited<T>(done: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not done after ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  });
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}
