import type { Peer } from '../directory/peer.js';
import type { Port } from '../port/port.js';

/** What a platform gives the mesh. */
export interface Platform {
  /** A fresh channel's two raw ends; `undefined` where only the broker can make one. */
  channel(): readonly [object, object] | undefined;
  /**
   * Where peers are linked by sockets: makes the connection, and resolves with its raw port. Rejects with why there is none.
   * @param known the number of the peer's last announcement that is known here
   */
  dial?(peer: Peer, known: number): Promise<object>;
  /** Where brokers come back: whether nobody knows at the moment if a peer is still there. A link to it has to wait, or fails. */
  away?(peer: Peer): boolean;
  /** With it: what to say of a call that fails because the broker is gone. */
  readonly gone?: string;
  /** Makes a port of a raw one. `far` is at its other end; `undefined`: nobody knows who. */
  adopt(port: unknown, far: Peer | undefined): Port;
}
