/** What a post that went alone held: what to reject if it can't be posted, or the far end can't read it. */
export interface Lone {
  readonly kind: number;
  /** A request's id; 0 for an event */
  readonly id: number;
  readonly channel: string;
}

/** A post that is not acknowledged yet. */
export interface Posted {
  readonly frames: number;
  readonly events: number;
  /** Frames, and bytes as frames: see `costOf` */
  readonly cost: number;
  lone: Lone | undefined;
}

/** So many bytes take the receiver, or its memory, about as much as a frame. */
const BYTES_PER_FRAME = 2048;

/** Settled posts are cut off at once where none is left, else when there are so many. */
const CUT = 1024;

export function costOf(frames: number, bytes: number): number {
  return frames + bytes / BYTES_PER_FRAME;
}

/**
 * What is under way to the other side: posted, and not acknowledged. Posts are numbered from 1 by counting, on both sides, in
 * the order in which they leave.
 */
export class Window {
  readonly #clock: { now(): number };
  #size: number;
  /** Posts `#acknowledged + 1` to `#posted`; those before `#head` are done with. */
  #posts: Posted[] = [];
  #head = 0;
  #posted = 0;
  #acknowledged = 0;
  #cost = 0;
  /** Cost of the posts behind the last one that asked to be acknowledged at once. */
  #unasked = 0;
  /** Frames under way. */
  frames = 0;
  /** Since when frames are under way, and no acknowledgement has come; `Infinity` if none are. */
  oldest = Infinity;

  /** @param size the cost of what is under way from which on nothing more may leave */
  constructor(size: number, clock: { now(): number }) {
    this.#size = size;
    this.#clock = clock;
  }

  /** Whether a post may leave, of whatever cost: one that is larger than the window could never leave else. */
  get open(): boolean {
    return this.#cost < this.#size;
  }

  /** Lets everything leave from now on. */
  lift(): void {
    this.#size = Infinity;
  }

  /**
   * Whether a post of that cost shall ask to be acknowledged at once: beyond half of the window, each quarter. So an answer
   * is on its way long before the window is full, whatever the receiver counts: it counts frames, not bytes.
   */
  asks(cost: number): boolean {
    return this.#cost + cost > this.#size / 2 && this.#unasked + cost >= this.#size / 4;
  }

  /** It has left. `asked`: it asks to be acknowledged at once. */
  add(posted: Posted, asked: boolean): void {
    if (this.frames === 0 && posted.frames > 0) this.oldest = this.#clock.now();
    this.#posted++;
    this.#posts.push(posted);
    this.frames += posted.frames;
    this.#cost += posted.cost;
    this.#unasked = asked ? 0 : this.#unasked + posted.cost;
  }

  /** The other side has dispatched the posts up to `post`. Returns how many frames those were, or -1: no such post. */
  acknowledge(post: number): number {
    if (post > this.#posted || post < this.#acknowledged) return -1;
    if (post === this.#acknowledged) return 0;
    const before = this.frames;
    for (; this.#acknowledged < post; this.#acknowledged++) {
      const { frames, cost } = this.#posts[this.#head++] as Posted;
      this.frames -= frames;
      this.#cost -= cost;
    }
    if (this.#head > CUT || this.#head === this.#posts.length) {
      this.#posts = this.#posts.slice(this.#head);
      this.#head = 0;
    }
    this.oldest = this.frames > 0 ? this.#clock.now() : Infinity;
    return before - this.frames;
  }

  /** What the post of that number held, if it is under way and went alone. Told once. */
  takeLone(post: number): Lone | undefined {
    const posted = this.#posts[this.#head + post - this.#acknowledged - 1];
    const lone = posted?.lone;
    if (lone) (posted as Posted).lone = undefined;
    return lone;
  }

  /** Forgets it all. Returns how many events were under way. */
  clear(): number {
    let events = 0;
    for (let i = this.#head; i < this.#posts.length; i++) events += (this.#posts[i] as Posted).events;
    this.#posts = [];
    this.#head = 0;
    this.#acknowledged = this.#posted;
    this.#cost = this.frames = 0;
    this.oldest = Infinity;
    return events;
  }
}
