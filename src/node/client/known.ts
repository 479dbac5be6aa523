import type { Message, Welcome } from '../../core/broker/control.js';
import * as control from '../../core/broker/control.js';
import type { Peer } from '../../core/directory/peer.js';
import { startTimer, type Timer } from '../../core/timer.js';

/** How long those are kept, after a rejoin, who have not rejoined yet: longer than they wait between two attempts. */
const GRACE_MS = 10_000;

/**
 * Whom this peer knows of, by what its broker has told. After a rejoin, the broker's word is brought to what it means to somebody who
 * knew them before: who was there stays, with its links; who doesn't come back within a while has left.
 */
export class Known {
  /** By id: what its counterparts enforce, as text. */
  readonly #grants = new Map<string, string>();
  /** Those not seen since the rejoin. */
  #missing = new Set<string>();
  #grace: Timer | undefined;
  readonly #tell: (messages: Message[]) => void;

  /** @param tell takes what is to be told later */
  constructor(tell: (messages: Message[]) => void) {
    this.#tell = tell;
  }

  first(welcome: Welcome): void {
    for (const [peer, , , , grant] of welcome.peers) this.#grants.set(peer.id, JSON.stringify(grant));
  }

  /** What is to be told of the peers that a new broker has. */
  again(welcome: Welcome): Message[] {
    this.#missing = new Set(this.#grants.keys());
    const messages = welcome.peers.flatMap(([peer, number, listens, handles, grant]) => [
      ...this.joined([control.JOIN, peer, grant]),
      [control.STATE, peer.id, number, listens, handles],
    ]);
    this.#grace?.stop();
    this.#grace = startTimer(GRACE_MS, () => this.#giveUp());
    return messages;
  }

  /** What a JOIN means here. */
  joined(message: Message): Message[] {
    const [, peer, grant] = message as [number, Peer, unknown];
    const text = JSON.stringify(grant);
    const before = this.#grants.get(peer.id);
    this.#grants.set(peer.id, text);
    this.#missing.delete(peer.id);
    if (before === text) return [];
    // What it may do is decided anew: to the mesh, it is another peer.
    return before === undefined ? [message] : [[control.LEAVE, peer.id, 'lost'], message];
  }

  left(id: string): void {
    this.#grants.delete(id);
    this.#missing.delete(id);
  }

  stop(): void {
    this.#grace?.stop();
  }

  #giveUp(): void {
    const gone = [...this.#missing];
    for (const id of gone) this.left(id);
    if (gone.length > 0) this.#tell(gone.map((id) => [control.LEAVE, id, 'lost']));
  }
}
