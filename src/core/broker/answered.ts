import { Bucket } from './bucket.js';

/** So many more asks are remembered than are answered at once. */
const MORE_NONCES = 1000;

/**
 * The asks an owner has answered lately: one that is repeated, since the answer was slow, must not make a second seat. A child that
 * asks too often is not answered for the moment: it asks again.
 */
export class Answered {
  /** And whether the port has come that was asked for. */
  readonly #nonces = new Map<string, boolean>();
  readonly #bucket: Bucket;
  readonly #most: number;

  /** @param atOnce asks that are answered at once, and from then on `perSecond` */
  constructor(atOnce = 200, perSecond = 10) {
    this.#bucket = new Bucket(atOnce, perSecond);
    this.#most = atOnce + MORE_NONCES;
  }

  /** Whether it is the first of its nonce, and may be answered; from now on no more. */
  first(nonce: string): boolean {
    if (this.#nonces.has(nonce) || !this.#bucket.take()) return false;
    this.#nonces.set(nonce, false);
    for (const oldest of this.#nonces.keys()) {
      if (this.#nonces.size <= this.#most) break;
      this.#nonces.delete(oldest);
    }
    return true;
  }

  /** Whether a port that comes is that of an answered ask, and the only one. */
  takes(nonce: string): boolean {
    if (this.#nonces.get(nonce) !== false) return false;
    this.#nonces.set(nonce, true);
    return true;
  }

  /** It could not be answered: the next one of its nonce is. */
  forget(nonce: string): void {
    this.#nonces.delete(nonce);
  }
}
