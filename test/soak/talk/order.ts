import type { Peer } from 'portmesh';

/** How many peers that are gone are remembered, to notice what comes from them. */
const REMEMBERED = 200;

/**
 * The order of what comes in: each sender numbers what it sends one receiver from 1, and what it sends to all from wherever
 * it stands; neither skips a number, nor uses one twice.
 */
export class Order {
  readonly #sent = new Map<string, number>();
  readonly #received = new Map<string, number>();
  readonly #gone: string[] = [];

  /** The number for the next message to that peer, once it is sure that it is sent. */
  next(peer: Peer): number {
    return (this.#sent.get(peer.id) ?? 0) + 1;
  }

  /** It was sent. */
  sent(peer: Peer): void {
    this.#sent.set(peer.id, this.next(peer));
  }

  /** What is wrong with that number, if anything is. */
  problem(stream: 'one' | 'all', sender: Peer, number: number): string | undefined {
    if (this.#gone.includes(sender.id)) return `a message of ${sender.id} came after its leave`;
    const key = `${stream} ${sender.id}`;
    const before = this.#received.get(key) ?? (stream === 'one' ? 0 : number - 1);
    this.#received.set(key, number);
    return number === before + 1 ? undefined : `${stream}: ${number} of ${sender.id} came behind ${before}`;
  }

  forget(peer: Peer): void {
    this.#sent.delete(peer.id);
    for (const stream of ['one', 'all']) this.#received.delete(`${stream} ${peer.id}`);
    this.#gone.push(peer.id);
    if (this.#gone.length > REMEMBERED) this.#gone.shift();
  }
}
