interface Settle {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait for peers to come back. */
export class Waiting {
  /** By id of the peer */
  readonly #waiting = new Map<string, Settle[]>();

  /** Resolves when that peer is back; rejects when it has left, or all that waits has failed. */
  for(id: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const others = this.#waiting.get(id);
      if (others) others.push({ resolve, reject });
      else this.#waiting.set(id, [{ resolve, reject }]);
    });
  }

  back(id: string): void {
    for (const { resolve } of this.#take(id)) resolve();
  }

  left(id: string): void {
    for (const { reject } of this.#take(id)) reject(new Error('it has left.'));
  }

  fail(error: Error): void {
    for (const id of [...this.#waiting.keys()]) for (const { reject } of this.#take(id)) reject(error);
  }

  #take(id: string): readonly Settle[] {
    const settles = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    return settles;
  }
}
