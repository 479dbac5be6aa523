/** What protects a peer, and everybody's directory, from one peer that asks for too much. */
export interface Limits {
  /** Channels one peer may listen to, and as many it may handle. @default 10000 */
  readonly channels: number;
  /** Requests and streams of one peer that are served at a time. @default 100000 */
  readonly serving: number;
  /**
   * Seats of one document, or of one attached process; and as many of each frame or worker that it shares, but ten times as many of
   * these together. @default 1000
   */
  readonly seats: number;
  /** Names that the pages of one origin may hold. @default 1000 */
  readonly names: number;
}

export const defaultLimits: Limits = { channels: 10_000, serving: 100_000, seats: 1000, names: 1000 };
