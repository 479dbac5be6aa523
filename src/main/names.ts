/** How many names one origin can hold. Protects the table from a page that joins under ever new names. */
const MAX_NAMES = 1000;

/** Stands for main itself, and the processes it attaches, among the origins that hold names. */
export const TRUSTED = '';

const UNNAMED = ' ';

/**
 * Who may call itself what. A name is held, until the bridge closes, by the origin that took it first: what is sent to a
 * name can't be drawn off by another origin while its holder reloads.
 */
export class Names {
  readonly #holders = new Map<string, string>([
    ['main', TRUSTED],
    // What those are called that ask for no name: nobody can hold these, anybody may have them.
    ...['window', 'frame', 'webview'].map((type): [string, string] => [type, UNNAMED]),
  ]);
  readonly #counts = new Map<string, number>();

  /** Takes a name for an origin. Returns why not, in words, or `undefined` if it has it now. */
  take(name: string, origin: string, granted: readonly string[] = []): string | undefined {
    const holder = this.#holders.get(name);
    if (holder === UNNAMED && origin === TRUSTED)
      return `the name '${name}' is that of pages without one. Choose another.`;
    if ((holder === origin && origin !== 'null') || holder === UNNAMED || granted.includes(name)) return undefined;
    if (holder !== undefined) {
      const why = holder === TRUSTED ? 'is reserved by main' : 'is held by another origin';
      return `the name '${name}' ${why}. Choose another, or grant it with authorize: () => ({ names: ['${name}'] }).`;
    }
    const count = (this.#counts.get(origin) ?? 0) + 1;
    if (count > MAX_NAMES) return `${origin} holds ${MAX_NAMES} names already. Use a name again instead of a new one.`;
    this.#counts.set(origin, count);
    this.#holders.set(name, origin);
    return undefined;
  }
}
