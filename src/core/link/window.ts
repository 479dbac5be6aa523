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

/** Posts under way from which on more of them wait a little: see `Window.crowded`. */
const CROWD = 16;

/** Settled posts are cut off when there are so many. */
const CUT = 1024;

/**
 * Empty posts under way from which on the other side will never acknowledge them. One that does what it should sends far fewer posts
 * that call for one before it hears of the first.
 */
const MAX_EMPTY = 65_536;

export function costOf(frames: number, bytes: number): number {
  return frames + bytes / BYTES_PER_FRAME;
}

/**
 * What is under way to the other side: posted, and not acknowledged. Posts are numbered from 1 by counting, on both sides, in
 * the order in which they leave.
 */
export class Window {
  #size: number;
  /** Posts `#acknowledged + 1` to `#posted`; those before `#head` are done with. */
  #posts: (Posted | undefined)[] = [];
  #head = 0;
  #posted = 0;
  #acknowledged = 0;
  #cost = 0;
  /** Cost of the posts behind the last one that asked to be acknowledged at once. */
  #unasked = 0;
  /** Posts under way that hold something, and those behind the last one that asked. */
  #full = 0;
  #fullUnasked = 0;
  /** Frames under way. */
  frames = 0;

  /** @param size the cost of what is under way from which on nothing more may leave */
  constructor(size: number) {
    this.#size = size;
  }

  /** Whether a post may leave, of whatever cost: one that is larger than the window could never leave else. */
  get open(): boolean {
    return this.#cost < this.#size;
  }

  /**
   * Whether so many posts are under way that the next frames may as well wait until the other side says that it has come to some of
   * them: a post costs both sides as much as ten frames in one, or more.
   */
  get crowded(): boolean {
    return this.#full >= CROWD;
  }

  /** Lets everything leave from now on. */
  lift(): void {
    this.#size = Infinity;
  }

  /**
   * Whether a post of that cost shall ask to be acknowledged at once: beyond half of the window, each quarter. So an answer
   * is on its way long before the window is full, whatever the receiver counts: it counts frames, not bytes. The same with posts,
   * before there is a crowd of them.
   */
  asks(cost: number): boolean {
    if (this.#full >= CROWD / 2 && this.#fullUnasked + 1 >= CROWD / 4) return true;
    return this.#cost + cost > this.#size / 2 && this.#unasked + cost >= this.#size / 4;
  }

  /**
   * It has left. `asked`: it asks to be acknowledged at once.
   * @throws if it is empty, and too many of these are under way: they would fill this side's memory
   */
  add(posted: Posted, asked: boolean): void {
    this.#posted++;
    this.frames += posted.frames;
    this.#cost += posted.cost;
    this.#unasked = asked ? 0 : this.#unasked + posted.cost;
    const under = this.#posts.push(posted) - this.#head;
    if (posted.frames === 0) {
      if (under > this.#full + MAX_EMPTY) throw new Error('unacknowledged');
      return;
    }
    this.#full++;
    this.#fullUnasked = asked ? 0 : this.#fullUnasked + 1;
  }

  /** The other side has dispatched the posts up to `post`. Returns how many frames those were, or -1: no such post. */
  acknowledge(post: number): number {
    if (post > this.#posted || post < this.#acknowledged) return -1;
    const before = this.frames;
    for (; this.#acknowledged < post; this.#acknowledged++) {
      const { frames, cost } = this.#posts[this.#head] as Posted;
      this.#posts[this.#head++] = undefined;
      this.frames -= frames;
      this.#cost -= cost;
      if (frames > 0) this.#full--;
    }
    // Not at each chance: an array that is filled anew takes room for seventeen.
    if (this.#head > CUT) {
      this.#posts = this.#posts.slice(this.#head);
      this.#head = 0;
    }
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
    for (const posted of this.#posts) events += posted?.events ?? 0;
    this.#posts = [];
    this.#head = 0;
    this.#acknowledged = this.#posted;
    this.#cost = this.frames = this.#full = 0;
    return events;
  }
}
