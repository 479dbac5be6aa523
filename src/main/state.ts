import type { MeshError, LeaveReason } from '../core/errors/mesh-error.js';
import type { MeshState } from '../core/broker/mesh-state.js';
import type { Peer } from '../core/directory/peer.js';
import type { BrokerStatus, GatewayStatus } from './brokers/status.js';
import type { Candidate } from './candidate.js';

/**
 * The events of a bridge, and what their listeners get. What a listener throws is thrown into the process, after the bridge has
 * done its work.
 */
export interface BridgeEvents {
  /** Somebody was let in, by whatever way. */
  join: [peer: Peer];
  /** Somebody has left. Told once for each, when it is known why. */
  leave: [peer: Peer, reason: LeaveReason];
  /**
   * Somebody was not let in: by the policy, for its name, a limit, or its version. `candidate` is absent where it was refused before it
   * was looked at, and for an attached process. A frame that is refused by default may be let in by its owner afterwards.
   */
  refused: [error: MeshError, candidate: Candidate | undefined];
  /** A peer, or a page or process that isn't one, sent what makes no sense. It was ignored. */
  malformed: [problem: string, peer: Peer | undefined];
}

/** The bridge's own counters and tables, as plain data. */
export interface BridgeState extends MeshState {
  /** Windows watched. */
  readonly watched: number;
  /** Documents that have peers. */
  readonly documents: number;
  /** Children attached. */
  readonly attached: number;
  /** Peers whose end is being found out. */
  readonly departing: number;
  /** Functions and iterables of services that main's own buses have passed, or were passed, by reference, and are still good. */
  readonly references: number;
  /** The brokers of Node's peers that were joined. */
  readonly brokers: readonly BrokerStatus[];
  /** What joins their peers and Electron's. */
  readonly gateway: GatewayStatus;
}
