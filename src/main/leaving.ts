import type { Peer } from '../core/directory/peer.js';
import type { LeaveReason } from '../core/errors/mesh-error.js';
import { SURE_WORD_MS, WORD_MS, type Departures } from './departures.js';
import type { DocumentRecord, Registry } from './registry.js';
import { Watcher } from './watcher.js';

/** A navigation is told of before the port of what it ended closes, or a little later; a busy main process hears of it late. */
const STRAY_MS = 4 * WORD_MS;

/** Finds out why pages, and the frames and workers that they share, have left. */
export class Leaving {
  readonly watcher: Watcher;
  readonly #registry: Registry;
  readonly #departures: Departures;

  constructor(registry: Registry, departures: Departures) {
    this.#registry = registry;
    this.#departures = departures;
    this.watcher = new Watcher(registry, {
      gone: (document, reason) => {
        document.reason ??= reason;
        for (const peer of [...document.peers.keys()]) departures.told(peer, reason);
      },
      dead: (document, reason) => {
        for (const peer of [...document.peers.keys()]) departures.dead(peer, reason);
      },
    });
  }

  /** A peer's control port has closed. False if it is none of a page. */
  closed(peer: Peer): boolean {
    const document = this.#registry.documentOf(peer.id);
    if (!document) return false;
    // Whatever becomes of a page, main is told of it; and a page that loads takes all along that is in it.
    const sure = document.top || this.watcher.isLoading(document.webContents);
    const reason = document.reason ?? document.owner?.reason;
    const at = performance.now();
    this.#departures.closed(peer.id, reason, () => this.#find(peer, document, at), sure ? SURE_WORD_MS : WORD_MS);
    return true;
  }

  /** A peer has left. Returns whom it takes along. */
  left(peer: Peer, reason: LeaveReason): Peer[] {
    const document = this.#registry.documentOf(peer.id);
    this.#departures.forget(peer.id);
    this.#registry.remove(peer.id);
    // A guest has none of its own, and may be in the record of the page that let it in.
    if (peer.via) return [];
    // Of whatever ends the page itself, its children die too, and it is told of each why.
    if (!document || !(reason === 'evicted' || reason === 'bye' || reason === 'lost')) return [];
    const guests = document.shares.peers();
    if (this.#registry.seats(document).length === 0) return guests;
    // Another seat of the same page stands for them as well; not for what has come through one that is shown out.
    return reason === 'evicted' ? guests.filter(({ via }) => via === peer.id) : [];
  }

  /** @param at when its port has closed */
  #find(peer: Peer, document: DocumentRecord, at: number): LeaveReason {
    if (this.watcher.isDead(document)) {
      this.watcher.processDied(document.process, 'crashed');
      return 'crashed';
    }
    if (peer.type === 'worker') return 'terminated';
    // It can't be told which frame it was: one that nobody is known of has navigated.
    const unknown = document.owner !== undefined && document.frame === undefined;
    if (unknown && this.watcher.strayedSince(document.webContents, at - STRAY_MS)) return 'navigated';
    return document.top ? 'lost' : 'frame-removed';
  }
}
