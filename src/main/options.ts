import { invalid } from '../core/errors/mesh-error.js';
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
   * What a handler throws goes to windows of other origins without stack, and without paths and URLs in its texts.
   * @default false
   */
  readonly redactErrors?: boolean;
  /** The preload's path, where it is shipped by the application itself. @default found in the package */
  readonly preload?: string;
}

const optionNames: ReadonlySet<string> = new Set(['origins', 'authorize', 'redactErrors', 'preload']);

/** Options as given, with the defaults for those that are not. */
export type CheckedOptions = Required<Pick<BridgeOptions, 'origins' | 'redactErrors'>> &
  Pick<BridgeOptions, 'authorize' | 'preload'>;

/** @throws MeshError `INVALID_ARGUMENT`, in words of the call and the fix */
export function checkOptions(options: unknown): CheckedOptions {
  if (typeof options !== 'object' || options === null) throw invalid('createBridge(options)', 'give an object.');
  for (const key of Object.keys(options)) {
    if (!optionNames.has(key)) {
      throw invalid(`createBridge({ ${key} })`, 'the options are origins, authorize, redactErrors and preload.');
    }
  }
  const { origins = [], authorize, redactErrors = false, preload } = options as BridgeOptions;
  if (!Array.isArray(origins) || !origins.every(isOrigin)) {
    throw invalid(
      'createBridge({ origins })',
      "give origins as the browser writes them, in small letters, without a path or a default port: ['app://editor'].",
    );
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw invalid('createBridge({ authorize })', 'give a function that returns a grant, true or false.');
  }
  if (typeof redactErrors !== 'boolean') throw invalid('createBridge({ redactErrors })', 'give true or false.');
  if (preload !== undefined && typeof preload !== 'string') {
    throw invalid('createBridge({ preload })', "give the preload's absolute path.");
  }
  return { origins, redactErrors, ...(authorize && { authorize }), ...(preload !== undefined && { preload }) };
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
