import type { Port } from '../port/port.js';
import { startTimer, type Timer } from '../timer.js';
import { ECHO } from '../wire/frames.js';
import { Turn } from './turn.js';

/** Frames in one post at most, so that the receiver works on one while the sender makes the next. */
const MAX_FRAMES = 512;
/** After so many frames dispatched, or milliseconds, the other side is told, if no post of ours has told it. */
const ACKNOWLEDGE_FRAMES = 256;
const ACKNOWLEDGE_MS = 50;

/** What a post that went alone held: what to reject if the far end can't read it. */
export interface Lone {
  readonly kind: number;
  /** A request's id; 0 for an event */
  readonly id: number;
  readonly channel: string;
}

/** A post that is not acknowledged yet. */
interface Posted {
  readonly frames: number;
  readonly events: number;
  lone: Lone | undefined;
}

interface Drain {
  readonly post: number;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * The sending half of a link: gathers the frames of a turn into posts, numbers the posts, and knows which of them the
 * other side has dispatched. Posts are numbered from 1 by counting, on both sides.
 */
export class Outbox {
  readonly #port: Port;
  #batch: unknown[] = [0];
  #frames = 0;
  #events = 0;
  #scheduled = false;
  /** Posts `#acknowledged + 1` to `posted`; those before `#head` are done with. */
  #unacknowledged: Posted[] = [];
  #head = 0;
  #posted = 0;
  #acknowledged = 0;
  #pending = 0;
  /** Posts of the other side that have been dispatched, and how many of their frames it hasn't been told of */
  #received = 0;
  #untold = 0;
  #timer: Timer | undefined;
  #drains: Drain[] = [];
  #closed = false;

  readonly #turn: Turn;

  readonly #onFailure: () => void;

  /** @param onFailure called when what was gathered could not be posted: it is lost */
  constructor(port: Port, turn = new Turn(), onFailure = (): void => {}) {
    this.#port = port;
    this.#turn = turn;
    this.#onFailure = onFailure;
  }

  get port(): Port {
    return this.#port;
  }

  /** Frames handed over and not known to be dispatched. */
  get pending(): number {
    return this.#pending;
  }

  /** How many posts of the other side have been dispatched. */
  get received(): number {
    return this.#received;
  }

  /** The batch to which the caller appends exactly one frame, at once. It leaves at the end of the turn. */
  frame(events = 0): unknown[] {
    if (this.#frames === MAX_FRAMES) this.flush();
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#turn.add(this);
    }
    this.#frames++;
    this.#events += events;
    this.#pending++;
    return this.#batch;
  }

  /** Called by the turn. */
  endTurn(): void {
    this.#scheduled = false;
    try {
      this.flush();
    } catch {
      this.#onFailure(); // a port that doesn't take what every port takes
    }
  }

  /** Posts what has been gathered. */
  flush(): void {
    if (this.#frames === 0 || this.#closed) return;
    const batch = this.#batch;
    const posted = { frames: this.#frames, events: this.#events, lone: undefined };
    this.#batch = [0];
    this.#frames = this.#events = 0;
    this.#post(batch, undefined, posted);
  }

  /**
   * Posts one frame alone, at once, behind what has been gathered before it.
   * @throws what the port throws; nothing has been sent then
   */
  postAlone(frame: readonly unknown[], transfer: readonly object[], lone: Lone, events = 0): void {
    this.flush();
    this.#post([0, ...frame], transfer, { frames: 1, events, lone });
    this.#pending++;
  }

  /** The other side has dispatched our posts up to `post`. False if there is no such post. */
  acknowledge(post: number): boolean {
    if (post > this.#posted || post < this.#acknowledged) return false;
    for (; this.#acknowledged < post; this.#acknowledged++) {
      this.#pending -= (this.#unacknowledged[this.#head++] as Posted).frames;
    }
    if (this.#head > 1024 || this.#head === this.#unacknowledged.length) {
      this.#unacknowledged = this.#unacknowledged.slice(this.#head);
      this.#head = 0;
    }
    if (this.#drains.length > 0) this.#settleDrains();
    return true;
  }

  /** A post of the other side has been dispatched, with so many frames; `reply`: it asks to be told at once. */
  dispatched(frames: number, reply: boolean): void {
    this.#received++;
    this.#untold += frames;
    if (this.#untold === 0 || this.#closed) return;
    if (reply || this.#untold >= ACKNOWLEDGE_FRAMES) this.#tell();
    else this.#timer ??= startTimer(ACKNOWLEDGE_MS, this.#onTimer);
  }

  /** What the unacknowledged post of that number held, if it went alone. Told once. */
  takeLone(post: number): Lone | undefined {
    const posted = this.#unacknowledged[this.#head + post - this.#acknowledged - 1];
    const lone = posted?.lone;
    if (lone) (posted as Posted).lone = undefined;
    return lone;
  }

  /** Resolves when the other side has dispatched all that was handed over before; rejects if the link ends first. */
  drain(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    this.frame().push(ECHO);
    this.flush();
    return new Promise((resolve, reject) => this.#drains.push({ post: this.#posted, resolve, reject }));
  }

  /** Ends it. Returns how many events may not have arrived. */
  close(cause: unknown): number {
    if (this.#closed) return 0;
    this.#closed = true;
    this.#timer?.stop();
    for (const { reject } of this.#drains.splice(0)) reject(cause);
    let lost = this.#events;
    for (let i = this.#head; i < this.#unacknowledged.length; i++) lost += (this.#unacknowledged[i] as Posted).events;
    this.#unacknowledged = [];
    this.#batch = [];
    this.#pending = 0;
    return lost;
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    if (this.#untold > 0) this.#tell();
  };

  /** Tells with what is gathered, or with an empty post, which itself asks for no acknowledgement. */
  #tell(): void {
    if (this.#frames > 0) this.flush();
    else this.#post([0], undefined, { frames: 0, events: 0, lone: undefined });
  }

  #post(message: unknown[], transfer: readonly object[] | undefined, posted: Posted): void {
    message[0] = this.#received;
    this.#port.post(message, transfer);
    this.#untold = 0;
    this.#posted++;
    this.#unacknowledged.push(posted);
  }

  #settleDrains(): void {
    this.#drains = this.#drains.filter((drain) => {
      if (drain.post > this.#acknowledged) return true;
      drain.resolve();
      return false;
    });
  }
}
