import type { MeshError, LeaveReason } from '../core/errors/mesh-error.js';
import type { Peer } from '../core/directory/peer.js';
import type { Candidate } from './candidate.js';

export interface BridgeEvents {
  join: [peer: Peer];
  leave: [peer: Peer, reason: LeaveReason];
  /** Somebody was not let in. */
  refused: [error: MeshError, candidate: Candidate | undefined];
  /** A peer, or a page that isn't one, sent what makes no sense. It was ignored. */
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
  readonly refused: number;
  readonly malformed: number;
  /** Windows watched, documents that have peers, and peers whose end is being found out. */
  readonly watched: number;
  readonly documents: number;
  readonly departing: number;
}
