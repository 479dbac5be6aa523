import { invalid, show } from './errors/mesh-error.js';

interface Patience {
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Internal: what the options of calls of all kinds have in common.
 *
 * @param call as its caller wrote it, up to the options: "with("
 * @param names the options there are
 * @throws MeshError `INVALID_ARGUMENT` for an option that is none, or for a time-out or a signal that makes no sense
 */
export function checkOptions<O extends object>(call: string, options: O, names: readonly string[]): O {
  if (typeof options !== 'object' || options === null) throw invalid(`${call}options)`, 'give an object.');
  for (const key of Object.keys(options)) {
    if (!names.includes(key)) throw invalid(`${call}{ ${key} })`, `the options are ${names.join(', ')}.`);
  }
  const { timeout, signal } = options as Patience;
  if (timeout !== undefined && (typeof timeout !== 'number' || !(timeout > 0))) {
    throw invalid(`${call}{ timeout: ${show(timeout)} })`, 'give milliseconds above 0, or Infinity.');
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw invalid(`${call}{ signal })`, 'give an AbortSignal.');
  }
  return options;
}
