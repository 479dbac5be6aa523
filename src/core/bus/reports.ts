import type { Peer } from '../directory/peer.js';
import type { MeshError } from '../errors/mesh-error.js';
import { legible } from '../wire/frames.js';
import { isMeant, type Target } from './target.js';

/** Events that were lost, or may have been: a peer that is gone can't say which of the last ones it had seen. */
export interface Dropped {
  /** Whom they were for. */
  readonly peer: Peer;
  /** How many events, at most */
  readonly count: number;
  /** The channel, where it is known */
  readonly channel: string | undefined;
  /** Why they were lost. */
  readonly error: MeshError;
}

/** Where a listener threw, or who sent what made no sense. */
export interface ErrorContext {
  /** Whose event it was, or who sent it. */
  readonly peer: Peer;
  /** The channel, where it is known. */
  readonly channel: string | undefined;
}

/** Peers whose loss is kept until a `drain()`, the last ones: who never calls it for those that have left doesn't fill memory. */
const MAX_LOSSES = 100;

/** What goes wrong beside the calls: told to whoever asked for it, and never to the peer, or the next listener. */
export class Reports {
  readonly onError = new Set<(error: unknown, context: ErrorContext) => void>();
  readonly onDropped = new Set<(dropped: Dropped) => void>();
  /** The first loss of each peer since the last `drain()` for it, by the peer's id: peers that have left are among them. */
  readonly #losses = new Map<string, { readonly peer: Peer; readonly error: MeshError }>();

  /** The first loss of those meant, which are forgotten. */
  takeLoss(target: Target): MeshError | undefined {
    const losses = [...this.#losses.values()].filter((loss) => isMeant(target, loss));
    for (const { peer } of losses) this.#losses.delete(peer.id);
    return losses[0]?.error;
  }

  dropped(peer: Peer, count: number, channel: string | undefined, error: MeshError): void {
    if (!this.#losses.has(peer.id)) {
      const [oldest] = this.#losses.keys();
      if (this.#losses.size >= MAX_LOSSES) this.#losses.delete(oldest as string);
      this.#losses.set(peer.id, { peer, error });
    }
    tell(this.onDropped, (listener) => listener({ peer, count, channel, error }));
  }

  failed(error: unknown, peer: Peer, channel: string | undefined): void {
    if (this.onError.size === 0) console.error(`portmesh: '${legible(channel ?? 'link')}' from ${peer.name}:`, error);
    tell(this.onError, (listener) => listener(error, { peer, channel }));
  }
}

function tell<T>(listeners: Iterable<T>, call: (listener: T) => void): void {
  // Those that are there now: one may take itself off, and put itself on again.
  for (const listener of [...listeners]) {
    try {
      call(listener);
    } catch (error) {
      // The last resort has no one else to tell.
      console.error('portmesh: an onError or onDropped listener threw:', error);
    }
  }
}
