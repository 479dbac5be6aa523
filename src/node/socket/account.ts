/**
 * What waits in this process for another one, on all tunnels that are billed to it. Who only relays what others say has one: these
 * could fill its memory else.
 */
export class Account {
  readonly #max: number;
  readonly #onOver: (bytes: number) => void;
  #bytes = 0;

  /**
   * @param max bytes
   * @param onOver called each time a tunnel ends since more would wait. It must not throw
   */
  constructor(max: number, onOver: (bytes: number) => void) {
    this.#max = max;
    this.#onOver = onOver;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** So much more waits, or less. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Whether more waits than may. Who asks ends its tunnel then. */
  isOver(): boolean {
    if (this.#bytes <= this.#max) return false;
    this.#onOver(this.#bytes);
    return true;
  }
}
