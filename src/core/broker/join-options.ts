import { invalid } from '../errors/mesh-error.js';
import { checkFlow, type FlowOptions } from '../link/flow.js';
import { checkOptions } from '../options.js';
import { isPeerName } from '../wire/frames.js';

/** What every `connect()` takes. */
export interface ConnectBasics {
  /** The display name; others reach this peer by it, and may share it. 1 to 256 characters, no control characters. @default the peer's type, such as `'window'` */
  readonly name?: string;
  /** Milliseconds to wait for the bridge, and for an owner. `Infinity`: for ever. @default 10000 */
  readonly timeout?: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
  /** How much may be under way to a peer, and wait for it. */
  readonly flow?: FlowOptions;
}

/**
 * @param names the options there are
 * @returns the call in the caller's words, and the time-out
 * @throws MeshError `INVALID_ARGUMENT`
 */
export function checkConnect(options: ConnectBasics, names: readonly string[]): { call: string; timeout: number } {
  const { name, timeout = 10_000, flow } = checkOptions('connect(', options, names);
  if (name !== undefined && !isPeerName(name))
    throw invalid('connect({ name })', 'a name is a text of 1 to 256 characters, without control characters.');
  // Now: an error behind the join would leave a seat that nobody has.
  checkFlow('connect', flow);
  return { call: name === undefined ? 'connect()' : `connect({ name: '${name}' })`, timeout };
}
