import { MeshError, notCloneable } from '../errors/mesh-error.js';
import type { Peer } from '../directory/peer.js';
import type { MeshPort } from '../port/mesh-port.js';
import { hold } from '../wire/hold.js';
import { closeRaw } from './platform.js';
import { MISSED, type CallOptions, type Requests } from './requests.js';
import type { Target } from './target.js';

export interface OpenerOwner {
  readonly requests: Requests;
  /** A fresh channel's two raw ends. */
  channel(): readonly [object, object] | Promise<readonly [object, object]>;
  /** Makes a port for the application of a raw one, at whose other end `peer` is. */
  makePort(raw: object, far: Peer): MeshPort;
}

/**
 * Opens a port to one of the peers meant: makes a channel, hands one end over, and keeps the other when that is accepted.
 * A peer that turns out not to take it closes its end, and the next one gets a fresh channel.
 */
export async function openPort(
  owner: OpenerOwner,
  target: Target,
  channel: string,
  args: readonly unknown[],
  options: CallOptions,
): Promise<MeshPort> {
  let held: readonly unknown[];
  try {
    held = hold(args);
  } catch (error) {
    throw notCloneable(error, `openPort('${channel}'): an argument can't be sent: `);
  }
  const { timeout = 30_000 } = options;
  const end = performance.now() + timeout;
  const tried = new Set<string>();
  for (let left = timeout; ; left = end - performance.now()) {
    if (!(left > 0)) throw new MeshError('TIMEOUT', `openPort('${channel}'): no answer after ${timeout} ms.`);
    const ends = owner.channel();
    // In the same turn, where that is possible: the peer may be gone in the next.
    const [near, far] = ends instanceof Promise ? await ends : (ends as readonly [object, object]);
    try {
      const peer = await owner.requests.port(target, channel, held, { ...options, timeout: left }, far, tried);
      if (peer !== MISSED) return owner.makePort(near, peer as Peer);
    } catch (error) {
      closeRaw(near);
      throw error;
    }
    closeRaw(near);
  }
}
