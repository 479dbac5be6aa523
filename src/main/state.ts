import type { MeshError, LeaveReason } from '../core/errors/mesh-error.js';
import type { Peer } from '../core/directory/peer.js';
import type { Candidate } from './candidate.js';

/** What `bridge.on()` tells of. What a listener throws is thrown into the process, after the bridge has done its work. */
export interface BridgeEvents {
  /** Somebody has joined, by whatever way. */
  join: [peer: Peer];
  /** Somebody has left: told once for each, when it is known why. */
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
export interface BridgeState {
  readonly peers: readonly Peer[];
  /** Links passed on so far. */
  readonly links: number;
  /** By channel: the ids of who listens to it, and of who handles it. */
  readonly channels: Readonly<
    Record<string, { readonly listens: readonly string[]; readonly handles: readonly string[] }>
  >;
  /** Joins refused so far, and messages that made no sense. */
  readonly refused: number;
  readonly malformed: number;
  /** Windows watched, documents that have peers, children attached, and peers whose end is being found out. */
  readonly watched: number;
  readonly documents: number;
  readonly attached: number;
  readonly departing: number;
}
