import { invalid, show } from '../errors/mesh-error.js';

/**
 * How much may be under way to one peer, and how much may wait for it here.
 *
 * @example
 * const bus = await connect({ name: 'sensor', flow: { limit: 10_000 } });
 */
export interface FlowOptions {
  /**
   * What may be under way to one peer, posted and not dispatched there yet; what comes beyond waits here. A message costs 1,
   * a large one 1 more for each 2 KiB. One that costs more than all of this still goes, when there is room for any.
   * Below 1024 the peer is often idle between two acknowledgements; more than the default gains nothing.
   * @default 4096
   */
  readonly highWater?: number;
  /**
   * How many messages may wait for one peer. Beyond, an event or a request to it fails with `LIMIT`; answers and the items of
   * streams never do.
   * @default 1_000_000
   */
  readonly limit?: number;
  /**
   * How many bytes may wait for one peer: of texts and binaries, roughly. What comes beyond fails in the same way.
   * @default 268_435_456 (256 MiB)
   */
  readonly limitBytes?: number;
  /**
   * What happens beyond the limits: `'reject'` as said, `'buffer'` ignores them. A peer that never comes to its messages then
   * makes this process run out of memory.
   * @default 'reject'
   */
  readonly overflow?: 'reject' | 'buffer';
}

/** As a link uses them. Where nothing is ever refused, the limits are infinite. */
export interface Flow {
  readonly highWater: number;
  readonly limit: number;
  readonly limitBytes: number;
}

export const defaultFlow: Flow = { highWater: 4096, limit: 1_000_000, limitBytes: 256 * 1024 * 1024 };

/**
 * Checks what an application gave, and fills in the rest.
 *
 * @param call what the application called, for the error's text
 * @throws MeshError `INVALID_ARGUMENT` that names the option
 */
export function checkFlow(call: string, options: FlowOptions = {}): Flow {
  if (typeof options !== 'object' || options === null) throw invalid(`${call}({ flow })`, 'give an object.');
  const {
    highWater = defaultFlow.highWater,
    limit = defaultFlow.limit,
    limitBytes = defaultFlow.limitBytes,
    overflow = 'reject',
    ...others
  } = options;
  for (const key of Object.keys(others)) {
    throw invalid(`${call}({ flow: { ${key} } })`, 'the options are highWater, limit, limitBytes and overflow.');
  }
  for (const [name, value] of Object.entries({ highWater, limit, limitBytes })) {
    if (typeof value === 'number' && value >= 1) continue;
    throw invalid(`${call}({ flow: { ${name}: ${show(value)} } })`, 'give a number of 1 or more, or Infinity.');
  }
  if (overflow === 'buffer') return { highWater, limit: Infinity, limitBytes: Infinity };
  if (overflow === 'reject') return { highWater, limit, limitBytes };
  throw invalid(`${call}({ flow: { overflow: ${show(overflow)} } })`, "give 'reject' or 'buffer'.");
}
