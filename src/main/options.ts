import { AUTHORIZE_MS } from '../core/broker/authorize.js';
import { defaultLimits, leastLimits, type Limits } from '../core/directory/limits.js';
import { invalid, show } from '../core/errors/mesh-error.js';
import type { Authorize } from './candidate.js';

/** What `createBridge` takes. */
export interface BridgeOptions {
  /**
   * Origins whose windows may join, such as `app://editor`, besides the files of the app itself. Frames in them join too if
   * they are of the same origin. @default []
   */
  readonly origins?: readonly string[];
  /** Decides instead of `origins` and the default. */
  readonly authorize?: Authorize;
  /**
   * Milliseconds that `authorize` has to answer; then the candidate is refused, with `TIMEOUT`. A candidate gives up by itself when
   * the `timeout` of its `connect()` is over, 10 s if it sets none. `Infinity`: it waits for ever.
   * @default 8000
   */
  readonly authorizeTimeout?: number;
  /**
   * What a handler throws goes to windows of other origins without stack, and without paths and URLs in its texts.
   * @default false
   */
  readonly redactErrors?: boolean;
  /** The preload's path, where it is shipped by the application itself. @default found in the package */
  readonly preload?: string;
  /**
   * How much one peer, document or origin may ask for, and how large one message may be. What isn't given keeps its default: 10,000
   * `channels`, 100,000 requests that are `serving`, 2,000 `links` at once, 1,000 `seats`, 1,000 `names`; a `size` of 268,435,456
   * bytes (256 MiB) and a `depth` of 1,000 objects. Each is a number above 0; `size` is at least 65,536, `depth` at least 32.
   */
  readonly limits?: Partial<Limits>;
}

const optionNames: readonly string[] = [
  'origins',
  'authorize',
  'authorizeTimeout',
  'redactErrors',
  'preload',
  'limits',
];

/** Options as given, with the defaults for those that are not. */
export type CheckedOptions = Required<Pick<BridgeOptions, 'origins' | 'authorizeTimeout' | 'redactErrors'>> &
  Pick<BridgeOptions, 'authorize' | 'preload'> & { readonly limits: Limits };

/** @throws MeshError `INVALID_ARGUMENT`, in words of the call and the fix */
export function checkOptions(options: unknown): CheckedOptions {
  if (typeof options !== 'object' || options === null) throw invalid('createBridge(options)', 'give an object.');
  for (const key of Object.keys(options)) {
    if (!optionNames.includes(key)) {
      throw invalid(`createBridge({ ${key} })`, `the options are ${optionNames.join(', ')}.`);
    }
  }
  const { authorizeTimeout = AUTHORIZE_MS } = options as BridgeOptions;
  const { origins = [], authorize, redactErrors = false, preload, limits } = options as BridgeOptions;
  if (!Array.isArray(origins) || !origins.every(isOrigin)) {
    throw invalid(
      'createBridge({ origins })',
      "give origins as the browser writes them, in small letters, without a path or a default port: ['app://editor'].",
    );
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw invalid('createBridge({ authorize })', 'give a function that returns a grant, true or false.');
  }
  if (typeof authorizeTimeout !== 'number' || !(authorizeTimeout >= 1)) {
    const call = `createBridge({ authorizeTimeout: ${show(authorizeTimeout)} })`;
    throw invalid(call, 'give milliseconds: 1 or more, or Infinity.');
  }
  if (typeof redactErrors !== 'boolean') throw invalid('createBridge({ redactErrors })', 'give true or false.');
  if (preload !== undefined && typeof preload !== 'string') {
    throw invalid('createBridge({ preload })', "give the preload's absolute path.");
  }
  return {
    origins,
    authorizeTimeout,
    redactErrors,
    limits: checkLimits(limits),
    ...(authorize && { authorize }),
    ...(preload !== undefined && { preload }),
  };
}

function checkLimits(given: unknown = {}): Limits {
  const call = 'createBridge({ limits })';
  if (typeof given !== 'object' || given === null) throw invalid(call, 'give an object, such as { seats: 100 }.');
  const limits: Record<string, number> & Limits = { ...defaultLimits };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      throw invalid(call, `there is no limit '${name}', only ${Object.keys(defaultLimits).join(', ')}.`);
    }
    if (value === undefined) continue;
    const least = leastLimits[name as keyof Limits] ?? 1;
    if (!Number.isSafeInteger(value) || (value as number) < least) {
      throw invalid(call, `${name} is ${show(value)}. Give a whole number of ${least} or more.`);
    }
    limits[name] = value as number;
  }
  return limits;
}

/** One that isn't written as the browser does would never match. */
function isOrigin(origin: unknown): boolean {
  return (
    typeof origin === 'string' &&
    /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s@]+$/.test(origin) &&
    origin === origin.toLowerCase() &&
    !/^http:.*:80$|^https:.*:443$/.test(origin)
  );
}
