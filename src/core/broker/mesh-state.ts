import type { Peer } from '../directory/peer.js';

/** The tables and counters that every broker has, as plain data. */
export interface MeshState {
  /** The peers in the mesh. */
  readonly peers: readonly Peer[];
  /** Links passed on so far. */
  readonly links: number;
  /** By channel: who uses it. */
  readonly channels: Readonly<
    Record<
      string,
      {
        /** The ids of the peers that listen to it. */
        readonly listens: readonly string[];
        /** The ids of the peers that handle it. */
        readonly handles: readonly string[];
      }
    >
  >;
  /** How many joins were refused so far. */
  readonly refused: number;
  /** How many things that made no sense were ignored so far. */
  readonly malformed: number;
}
