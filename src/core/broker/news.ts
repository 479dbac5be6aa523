import { startTimer, type Timer } from '../timer.js';
import { LISTEN, UNLISTEN } from '../directory/entry.js';
import type { Chair } from './chair.js';

/** Changes in one message, from which on it is not told as it is. */
const MANY = 64;
/** Changes that are counted of a message that makes no sense. */
const MOST_COUNTED = 1024;
/** What can't be told at once is told together with all else of so many milliseconds: one post to each, whoever has how much to say. */
const TICK_MS = 20;

type Change = readonly [change: number, channel: string];
/** Changes of a peer, by the channel and its use: the last of each, the latest at the end. */
type Last = Map<string, Change>;

/**
 * What everybody is told of a peer's changes. A peer that does nothing but subscribe and unsubscribe would make the broker, and all
 * others, do nothing but pass on and take that.
 */
export class News {
  readonly #tell: (chair: Chair, first: number, changes: readonly unknown[]) => void;
  readonly #late = new Map<Chair, Last>();
  #behind: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(tell: (chair: Chair, first: number, changes: readonly unknown[]) => void) {
    this.#tell = tell;
  }

  /** A peer's changes. False where they are malformed. */
  take(chair: Chair, first: number, changes: readonly unknown[]): boolean {
    const { channels } = chair;
    const { number } = channels;
    const count = changes.length / 2;
    const atOnce = !this.#late.has(chair) && count <= MANY && chair.allowance.news.take();
    const late = atOnce ? undefined : (this.#late.get(chair) ?? new Map<string, Change>());
    const fits = channels.apply(first, changes, late && ((change, channel) => note(late, change, channel)));
    if (late && late.size > 0) this.#delay(chair, late); // not what makes no sense, or says nothing new
    // What claims to be long may be nothing but holes, which nobody walks over.
    chair.allowance.readMessages(fits ? count : Math.min(count, MOST_COUNTED));
    if (fits && !late && channels.number > number) this.#tell(chair, first, changes.slice());
    return fits;
  }

  /** Tells all that waits, now. */
  flush(): void {
    const late = [...this.#late];
    this.#late.clear();
    for (const [chair, last] of late) {
      // Who knows some of them already, from a link, knows those whose numbers it skips: none has a lower one than it had.
      if (last.size > 0) this.#tell(chair, chair.channels.number - last.size + 1, [...last.values()].flat());
    }
    const behind = this.#behind;
    this.#behind = [];
    for (const done of behind) done();
  }

  /** Calls `done` when all that is known now has been told. */
  behind(done: () => void): void {
    if (this.#late.size > 0) this.#behind.push(done);
    else done();
  }

  left(chair: Chair): void {
    this.#late.delete(chair);
  }

  close(): void {
    this.#timer?.stop();
    this.#late.clear();
    this.#behind = [];
  }

  #delay(chair: Chair, late: Last): void {
    this.#late.set(chair, late);
    this.#timer ??= startTimer(TICK_MS, this.#onTick);
  }

  readonly #onTick = (): void => {
    this.#timer = undefined;
    this.flush();
  };
}

/** Only the last change of each matters, also if it takes back one before: a link may have told of that one. */
function note(late: Last, change: number, channel: string): void {
  const key = `${change === LISTEN || change === UNLISTEN ? 'listen' : 'handle'} ${channel}`;
  late.delete(key);
  late.set(key, [change, channel]);
}
