import type { Vouch } from '../core/broker/asking.js';
import type { Peer } from '../core/directory/peer.js';

/** All that one page, or process, shares has so many times the seats that one share has. */
const TIMES = 10;

interface Share {
  readonly name: string;
  /** The one in the frame now. */
  document: number;
  readonly peers: Map<string, Peer>;
}

/** Whom a document, or an attached process, has let in, by the calls of share() that they came through. */
export class Shares {
  readonly #shares = new Map<string, Share>();
  readonly #byPeer = new Map<string, Share>();

  /** How many seats they have. */
  get size(): number {
    return this.#byPeer.size;
  }

  /** All of them. */
  peers(): Peer[] {
    return [...this.#shares.values()].flatMap(({ peers }) => [...peers.values()]);
  }

  /** Those of the document that was in the frame before the one that asks now. */
  before({ share, document }: Vouch): Peer[] {
    const known = this.#shares.get(share);
    return known && known.document !== document ? [...known.peers.values()] : [];
  }

  /**
   * Why there is no seat for one more, in words; `undefined`: there is. A child that takes all it can get leaves its owner, and
   * the other children, theirs.
   */
  problem({ share }: Vouch, seats: number): string | undefined {
    const own = this.#shares.get(share)?.peers.size ?? 0;
    if (own >= seats) return `this frame or worker has ${seats} seats already. close() those no longer used.`;
    if (this.size >= TIMES * seats) return `what its owner shares has ${TIMES * seats} seats already, in all.`;
    return undefined;
  }

  add({ share, document }: Vouch, peer: Peer): void {
    const known = this.#shares.get(share) ?? { name: share, document, peers: new Map<string, Peer>() };
    known.document = document;
    known.peers.set(peer.id, peer);
    this.#shares.set(share, known);
    this.#byPeer.set(peer.id, known);
  }

  remove(peer: string): void {
    const known = this.#byPeer.get(peer);
    if (!known) return;
    this.#byPeer.delete(peer);
    known.peers.delete(peer);
    if (known.peers.size === 0) this.#shares.delete(known.name);
  }
}
