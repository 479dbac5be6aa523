import type { Grant } from '../core/directory/grant.js';
import type { PeerFrame, PeerProcess, PeerType } from '../core/directory/peer.js';

/** Somebody who wants to join, as the bridge sees it. All of it but the name is read from Electron, not from the page. */
export interface Candidate {
  /** The name it asks for, or its type if it asks for none. */
  readonly name: string;
  /** What kind of place it lives in. */
  readonly type: PeerType;
  /** Its document's origin, such as `app://editor`; `'null'` for an opaque one. */
  readonly origin: string;
  /** Its document's URL. */
  readonly url: string;
  /** The origin of the top frame of its window; the same as `origin` for a top frame. */
  readonly topOrigin: string;
  /** The renderer process it lives in. */
  readonly process: PeerProcess;
  /** The frame it lives in. */
  readonly frame: PeerFrame;
}

/**
 * Decides who joins: a grant, or `true` for an empty one, or `false`. May be asynchronous. If it throws, or returns anything else,
 * the candidate is refused, and the bridge's `refused` event says so.
 */
export type Authorize = (candidate: Candidate) => Grant | boolean | Promise<Grant | boolean>;
