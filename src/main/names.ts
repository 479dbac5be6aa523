import { defaultLimits } from '../core/directory/limits.js';
import type { PeerType } from '../core/directory/peer.js';

/** Stands for main itself, and the processes it attaches, among the origins that hold names. */
export const TRUSTED = '';

const UNNAMED = ' ';

const unnamed: readonly PeerType[] = ['window', 'frame', 'webview', 'worker', 'utility'];

/**
 * Who may call itself what. A name is held, until the bridge closes, by the origin that took it first: what is sent to a
 * name can't be drawn off by another origin while its holder reloads.
 */
export class Names {
  readonly #holders = new Map<string, string>([
    ['main', TRUSTED],
    // What those are called that ask for no name: nobody can hold these, anybody may have them.
    ...unnamed.map((type): [string, string] => [type, UNNAMED]),
  ]);
  readonly #counts = new Map<string, number>();
  readonly #limit: number;

  /** @param limit how many names the pages of one origin can hold; main, and what it attaches, can hold any number */
  constructor(limit = defaultLimits.names) {
    this.#limit = limit;
  }

  /** Takes a name for an origin. Returns why not, in words, or `undefined` if it has it now. */
  take(name: string, origin: string, granted: readonly string[] = []): string | undefined {
    const holder = this.#holders.get(name);
    if (holder === UNNAMED && origin === TRUSTED)
      return `the name '${name}' is that of peers without one. Choose another.`;
    if ((holder === origin && origin !== 'null') || holder === UNNAMED || granted.includes(name)) return undefined;
    if (holder !== undefined) {
      const why = holder === TRUSTED ? 'is reserved by main' : 'is held by another origin';
      return `the name '${name}' ${why}. Choose another, or grant it with authorize: () => ({ names: ['${name}'] }).`;
    }
    const count = (this.#counts.get(origin) ?? 0) + 1;
    if (count > this.#limit && origin !== TRUSTED) {
      return `${origin} holds ${this.#limit} names already. Use a name again instead of a new one.`;
    }
    this.#counts.set(origin, count);
    this.#holders.set(name, origin);
    return undefined;
  }
}
