import type { Grant } from '../core/directory/grant.js';
import type { Peer, PeerFrame, PeerProcess, PeerType } from '../core/directory/peer.js';

/**
 * Somebody who wants to join, as the bridge sees it. All of it but the name is read from Electron, not from the page; with `via`,
 * the owner vouches for the origin of a frame, and the bridge has seen that it has a frame of that origin.
 */
export interface Candidate {
  /** The name it asks for, or its type if it asks for none. */
  readonly name: string;
  /** What kind of place it lives in. */
  readonly type: PeerType;
  /** Its document's origin, such as `app://editor`; `'null'` for an opaque one. A worker has its owner's. */
  readonly origin: string;
  /** Its document's URL; of a worker its owner's, of a frame that can't be told from others of its origin `''`. */
  readonly url: string;
  /** The URL of the document that it is a part of: for an `about:srcdoc` frame the nearest one above it, else its own. */
  readonly hostUrl: string;
  /** The origin of the top frame of its window; the same as `origin` for a top frame. */
  readonly topOrigin: string;
  /** The renderer process it lives in. */
  readonly process: PeerProcess;
  /** The frame it lives in; absent for a worker, and for a frame that can't be told from others of its origin. */
  readonly frame?: PeerFrame;
  /** The peer that shares it, if it comes through one: what it gets is never more than that one has. */
  readonly via?: Peer;
}

/**
 * Decides who joins: a grant, or `true` for an empty one, or `false`. May be asynchronous. If it throws, returns anything else, or
 * doesn't answer within `authorizeTimeout`, the candidate is refused, and the bridge's `refused` event says so. Frames and workers
 * that a page shares are asked for too (`candidate.via`); what main attaches isn't.
 */
export type Authorize = (candidate: Candidate) => Grant | boolean | Promise<Grant | boolean>;
