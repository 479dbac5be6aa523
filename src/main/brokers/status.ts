import type { Address } from '../../node/net/address.js';

/** A broker that the bridge has joined, for `bridge.state()`. */
export interface BrokerStatus {
  /** Where it is. */
  readonly address: Address;
  /** Whether it is there now; if not, it is tried again and again. */
  readonly joined: boolean;
  /** How many peers sit there. */
  readonly peers: number;
  /** Why the last attempt failed; `undefined` if it didn't. */
  readonly problem: string | undefined;
}

/** The gateway between Electron's peers and Node's, for `bridge.state()`. */
export interface GatewayStatus {
  /** Whether there is one. */
  readonly running: boolean;
  /** Links between Electron's peers and Node's that pass through it. */
  readonly links: number;
  /** Bytes that wait there to be sent to Node's peers, as of the last quarter of a second. */
  readonly queued: number;
}
