import type { Peer } from '../directory/peer.js';
import { Bucket } from './bucket.js';

/** Posts to the broker, of all peers of one process: at once, and then in a second. */
const POSTS = { atOnce: 100_000, perSecond: 5000 };
/** Messages of changes that everybody is told of at once, of all peers of one process; the others, a little later: see news.ts. */
const NEWS = { atOnce: 500, perSecond: 50 };
/** So many messages in one post, or changes in one message, count as one more. */
const MESSAGES_PER_POST = 16;
/** Processes from which on those are looked for that have said nothing for long. */
const PROCESSES = 100;

/** What the peers of one process may make the broker do, together. */
export class Allowance {
  /** How often what they announce is told at once. */
  readonly news = new Bucket(NEWS.atOnce, NEWS.perSecond);
  readonly #posts = new Bucket(POSTS.atOnce, POSTS.perSecond);

  /**
   * Whether another post may come. An honest peer's always may: it makes one in a turn.
   * @param ports beside it: each costs as much as another post
   */
  takesPost(ports = 0): boolean {
    if (!this.#posts.take()) return false;
    this.#posts.add(ports);
    return true;
  }

  /** So many messages of it, or changes in one, are looked at. */
  readMessages(count = 1): void {
    this.#posts.add(count / MESSAGES_PER_POST);
  }

  /** It was an answer to what the broker has asked: who asks shall not use it up. */
  answered(): void {
    this.#posts.add(-1 - 1 / MESSAGES_PER_POST);
  }

  /** Whether it says no more than none. */
  get full(): boolean {
    return this.#posts.full && this.news.full;
  }
}

/** By process, since a page may have many seats, and may leave and come back. */
export class Allowances {
  readonly #processes = new Map<string, Allowance>();

  /** In words, for who has used it up. */
  static readonly rule = `${POSTS.atOnce} at once, then ${POSTS.perSecond} a second`;

  /** Processes that are remembered. */
  get size(): number {
    return this.#processes.size;
  }

  of({ id, process: { type, id: of } }: Peer): Allowance {
    // A Node process says itself which one it is. And behind a `?` stands a frame whose process can't be told, of those that its owner
    // lets in: they have one together, and not their owner's, whose seat they could end else.
    const process = type === 'node' ? id : of.replace(/\?.*/, '?');
    const known = this.#processes.get(process);
    if (known) return known;
    if (this.#processes.size >= PROCESSES)
      for (const [key, each] of this.#processes) if (each.full) this.#processes.delete(key);
    const allowance = new Allowance();
    this.#processes.set(process, allowance);
    return allowance;
  }
}
