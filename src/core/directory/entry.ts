import type { Link } from '../link/link.js';
import { isName } from '../wire/frames.js';
import { everything, permits, type Grant } from './grant.js';
import { defaultLimits } from './limits.js';
import type { Peer } from './peer.js';

// What a peer listens to and handles. Its owner numbers its changes, from 1. A change is applied only if its number is
// greater than the last one applied, so it may come twice: through the broker, which tells everybody, and on a link, in
// order with what its owner says there. A change is two places in an array: what, and the channel.

export const LISTEN = 1;
export const UNLISTEN = 2;
export const HANDLE = 3;
export const UNHANDLE = 4;

/** Nobody adds to it: of a thousand peers, many listen to nothing, or handle nothing, and are known to each of the others. */
const nothing = new Set<string>();

/** The state of one peer's channels: as its owner has it, or as another peer, or the broker, knows it. */
export class Channels {
  listens = nothing;
  handles = nothing;
  /** The number of the last change applied. */
  number = 0;
  readonly #grant: Grant;
  readonly #limit: number;

  /**
   * @param grant which channels its owner may listen to, and handle; others are not counted as either
   * @param limit channels it may listen to, and handle, at most
   */
  constructor(grant = everything, limit = defaultLimits.channels) {
    this.#grant = grant;
    this.#limit = limit;
  }

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
      const kind = change === LISTEN || change === UNLISTEN ? 'listens' : 'handles';
      const set = this[kind];
      if (change === LISTEN || change === HANDLE) {
        if (!set.has(channel) && permits(this.#grant, change === LISTEN ? 'listen' : 'handle', channel)) {
          if (set.size >= this.#limit) return false;
          if (set === nothing) this[kind] = new Set([channel]);
          else set.add(channel);
          applied?.(change, channel);
        }
      } else if (set.delete(channel)) {
        applied?.(change, channel);
      }
      this.number = number;
    }
    return true;
  }

  /** Takes over a whole state. False if it is malformed, or too much. */
  replace(number: number, listens: unknown, handles: unknown): boolean {
    if (!this.#fits(listens) || !this.#fits(handles)) return false;
    this.number = number;
    this.listens = this.#permitted('listen', listens);
    this.handles = this.#permitted('handle', handles);
    return true;
  }

  #permitted(use: 'listen' | 'handle', names: readonly string[]): Set<string> {
    return names.length > 0 ? new Set(names.filter((name) => permits(this.#grant, use, name))) : nothing;
  }

  #fits(names: unknown): names is string[] {
    return Array.isArray(names) && names.length <= this.#limit && Array.from(names).every(isName);
  }
}

/** A peer in the directory of another one, with the link to it, if there is one. */
export class Entry {
  readonly peer: Peer;
  /** What it may do: enforced by whom it talks to. */
  readonly grant: Grant;
  readonly channels: Channels;
  link: Link | undefined;
  /** How many links to it have ended. */
  epoch = 0;
  /** Whether the last of them ended while it was taken to hang. */
  silent = false;

  constructor(peer: Peer, grant: Grant, limit?: number) {
    this.peer = peer;
    this.grant = grant;
    this.channels = new Channels(grant, limit);
  }
}
