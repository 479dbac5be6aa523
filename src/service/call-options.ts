import { Bus } from '../core/bus/bus.js';
import { invalid, show } from '../core/errors/mesh-error.js';

/** How calls of a service are made. */
export interface ServiceCallOptions {
  /** Milliseconds until a call rejects; it waits so long for a provider too. `Infinity`: for ever. @default 30000 */
  readonly timeout?: number;
  /** Aborts calls: they reject with `ABORTED`, and are cancelled at the provider. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Internal.
 * @throws MeshError `INVALID_ARGUMENT`
 */
export function checkOptions<O extends ServiceCallOptions>(call: string, options: O, names: readonly string[]): O {
  if (typeof options !== 'object' || options === null) throw invalid(call, 'the options are an object.');
  for (const key of Object.keys(options)) {
    if (!names.includes(key)) throw invalid(call, `there is no option '${key}', only ${names.join(', ')}.`);
  }
  const { timeout, signal } = options;
  if (timeout !== undefined && (typeof timeout !== 'number' || !(timeout > 0))) {
    throw invalid(call, `timeout ${show(timeout)}: give milliseconds above 0, or Infinity.`);
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw invalid(call, 'signal: give an AbortSignal.');
  return options;
}

/**
 * Internal.
 * @throws MeshError `INVALID_ARGUMENT`
 */
export function checkBus(call: string, bus: unknown): void {
  if (!(bus instanceof Bus)) throw invalid(call, 'the first argument is a bus.');
}
