/** What protects a peer, and everybody's directory, from one peer that asks for too much. */
export interface Limits extends MessageLimits {
  /** Channels one peer may listen to, and as many it may handle. @default 10000 */
  readonly channels: number;
  /** Requests and streams of one peer that are served at a time. @default 100000 */
  readonly serving: number;
  /**
   * Links that one peer opens at once; in the long run, a quarter of that each second. More wait. So do ports, where main has to make
   * them: for utility processes and the like. @default 2000
   */
  readonly links: number;
  /**
   * Seats of one document, or of one attached process; and as many of each frame or worker that it shares, but ten times as many of
   * these together. @default 1000
   */
  readonly seats: number;
  /** Names that the pages of one origin may hold. @default 1000 */
  readonly names: number;
}

/**
 * How large one message may be: an event, a request, a result, an item of a stream. Beyond, its call fails with `LIMIT` before anything
 * is sent. Whoever speaks the wire by hand is refused by the receiver, unless that trusts it anyway: peers of its own origin, main,
 * utility and Node processes. Ports deliver a message whole, so it has been in memory by then; the application doesn't get it. What
 * is posted on a `MeshPort` is not looked at.
 */
export interface MessageLimits {
  /**
   * Bytes of all texts, keys and binaries in it, a character counting as one. What a Blob, a bitmap or a stream stands for doesn't
   * count. At least 65536. @default 268435456 (256 MiB)
   */
  readonly size: number;
  /**
   * How deep objects may be nested in it; one that occurs several times counts where it is nearest to the top. At least 32.
   * @default 1000
   */
  readonly depth: number;
}

export const defaultLimits: Limits = {
  channels: 10_000,
  serving: 100_000,
  links: 2000,
  seats: 1000,
  names: 1000,
  size: 256 * 1024 * 1024,
  depth: 1000,
};

/** Of those that can't be any number above 0: what is captured for a batch is smaller than that, and not looked at. */
export const leastLimits: Partial<Limits> = { size: 65_536, depth: 32 };

export const unlimited: MessageLimits = { size: Infinity, depth: Infinity };
