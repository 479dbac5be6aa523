import { allows } from '../core/directory/grant.js';
import { defaultLimits } from '../core/directory/limits.js';
import type { PeerType } from '../core/directory/peer.js';

/** Stands for the processes that main attaches, among the origins that hold names. It is their peers' origin. */
export const TRUSTED = '';
/** Stands for main's own seats: what is sent to one of their names reaches no other process. */
export const MAIN = ' main';

/** Stands for the peers of brokers: what they are called there, no page can be. */
export const BROKER = ' broker';

const UNNAMED = ' ';

const unnamed: readonly PeerType[] = ['window', 'frame', 'webview', 'worker', 'utility', 'node'];

/**
 * Who may call itself what. A name is held, until the bridge closes, by the origin that took it first: what is sent to a
 * name can't be drawn off by another origin while its holder reloads.
 */
export class Names {
  readonly #holders = new Map<string, string>([
    ['main', MAIN],
    // What those are called that ask for no name: nobody can hold these, anybody may have them.
    ...unnamed.map((type): [string, string] => [type, UNNAMED]),
  ]);
  readonly #counts = new Map<string, number>();
  readonly #limit: number;

  /** @param limit how many names the pages of one origin can hold; main, and what it attaches, can hold any number */
  constructor(limit = defaultLimits.names) {
    this.#limit = limit;
  }

  /**
   * Takes a name for an origin. Returns why not, in words, or `undefined` if it has it now.
   * @param granted it may have these whoever holds them, and holds those that nobody does
   */
  take(name: string, origin: string, granted: readonly string[] = []): string | undefined {
    const holder = this.#holders.get(name);
    if (holder === UNNAMED && (origin === TRUSTED || origin === MAIN))
      return `the name '${name}' is that of peers without one. Choose another.`;
    if ((holder === origin && origin !== 'null') || holder === UNNAMED) return undefined;
    if (holder !== undefined && allows(granted, name)) return undefined;
    // Main may call itself what it has called a child.
    if (holder !== undefined && !(holder === TRUSTED && origin === MAIN)) {
      const why = holder === TRUSTED || holder === MAIN ? 'is reserved by main' : 'is held by another origin';
      const fix =
        origin === MAIN
          ? 'take it before anybody else can'
          : origin === TRUSTED
            ? `grant it with attach(child, { grant: { names: ['${name}'] } })`
            : `grant it with authorize: () => ({ names: ['${name}'] })`;
      return `the name '${name}' ${why}. Choose another, or ${fix}.`;
    }
    const count = (this.#counts.get(origin) ?? 0) + 1;
    if (count > this.#limit && origin !== TRUSTED && origin !== MAIN) {
      return `${origin} holds ${this.#limit} names already. Use a name again instead of a new one.`;
    }
    this.#counts.set(origin, count);
    this.#holders.set(name, origin);
    return undefined;
  }
}
