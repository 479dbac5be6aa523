const MAX_NONCES = 1000;

/** The asks an owner has answered lately: one that is repeated, since the answer was slow, must not make a second seat. */
export class Answered {
  readonly #nonces = new Set<string>();

  /** Whether it is the first of its nonce; from now on no more. */
  first(nonce: string): boolean {
    if (this.#nonces.has(nonce)) return false;
    this.#nonces.add(nonce);
    for (const oldest of this.#nonces) {
      if (this.#nonces.size <= MAX_NONCES) break;
      this.#nonces.delete(oldest);
    }
    return true;
  }

  /** It could not be answered: the next one of its nonce is. */
  forget(nonce: string): void {
    this.#nonces.delete(nonce);
  }
}
