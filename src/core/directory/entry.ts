import type { Link } from '../link/link.js';
import { isName } from '../wire/frames.js';
import type { Peer } from './peer.js';

// What a peer listens to and handles. Its owner numbers its changes, from 1. A change is applied only if its number is
// greater than the last one applied, so it may come twice: through the broker, which tells everybody, and on a link, in
// order with what its owner says there. A change is two places in an array: what, and the channel.

export const LISTEN = 1;
export const UNLISTEN = 2;
export const HANDLE = 3;
export const UNHANDLE = 4;

/** Channels one peer may listen to, and handle. Protects everybody's directory from one peer's loop. */
export const MAX_CHANNELS = 10_000;

/** The state of one peer's channels: as its owner has it, or as another peer, or the broker, knows it. */
export class Channels {
  listens = new Set<string>();
  handles = new Set<string>();
  /** The number of the last change applied. */
  number = 0;

  /**
   * Applies the changes numbered from `first` that are new, calling `applied` for each that changes something.
   * @returns false if they are malformed, or too many; then none, or only those before the bad one, are applied
   */
  apply(first: number, changes: readonly unknown[], applied?: (change: number, channel: string) => void): boolean {
    if (changes.length % 2 !== 0) return false;
    for (let i = 0; i < changes.length; i += 2) {
      const change = changes[i];
      const channel = changes[i + 1];
      if (!isName(channel) || !(change === LISTEN || change === UNLISTEN || change === HANDLE || change === UNHANDLE)) {
        return false;
      }
      const number = first + i / 2;
      if (number <= this.number) continue;
      const set = change === LISTEN || change === UNLISTEN ? this.listens : this.handles;
      if (change === LISTEN || change === HANDLE) {
        if (!set.has(channel)) {
          if (set.size >= MAX_CHANNELS) return false;
          set.add(channel);
          applied?.(change, channel);
        }
      } else if (set.delete(channel)) {
        applied?.(change, channel);
      }
      this.number = number;
    }
    return true;
  }
}

/** A peer in the directory of another one, with the link to it, if there is one. */
export class Entry {
  readonly peer: Peer;
  readonly channels = new Channels();
  link: Link | undefined;
  /** How many links to it have ended. */
  epoch = 0;

  constructor(peer: Peer) {
    this.peer = peer;
  }
}

export function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_CHANNELS && Array.from(value).every(isName);
}
