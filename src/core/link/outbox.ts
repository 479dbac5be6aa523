import type { Port, PortCapabilities } from '../port/port.js';
import { startTimer, type Timer } from '../timer.js';
import { ECHO, UNREADABLE } from '../wire/frames.js';
import { MAX_FRAMES, TEXT_FROM, type Broadcast } from './broadcast.js';
import { Drains, type Drained } from './drains.js';
import { defaultFlow, type Flow } from './flow.js';
import { closePorts, keep, Queue, textIn, type Waiting } from './queue.js';
import { Receipts } from './receipts.js';
import type { Sender, Turn } from './turn.js';
import { costOf, Window, type Lone, type Posted } from './window.js';

/** What every port carries. */
const least: PortCapabilities = { buffers: false, nestedPorts: false, hostObjects: false };

/** Milliseconds between two posts that join a crowd: who goes on for long, and hears nothing meanwhile, sends all the same. */
const PATIENCE_MS = 1;
/** Milliseconds for which the last of all waits at most. */
const HOLD_MS = 20;

/** In a post that holds nothing to be acknowledged. */
const nothing: Posted = { frames: 0, events: 0, cost: 0, lone: undefined };

export interface OutboxOptions {
  /** None: everything waits for `attach()`. */
  readonly port?: Port | undefined;
  /** Of the bus it belongs to */
  readonly turn: Turn;
  /** @default defaultFlow */
  readonly flow?: Flow | undefined;
  /**
   * What was gathered can't be posted: this port doesn't take what every port takes. The link has to end, and this with it: it
   * is not the fault of whoever is just sending.
   */
  onFailure(): void;
  /** What had to wait, alone, could not be posted when its time came: this message is lost, its neighbours are not. */
  onUnpostable(lone: Lone, error: unknown): void;
}

/**
 * The sending half of a link.
 *
 * 1. The frames of a turn are gathered into a batch, which is posted when the turn ends; a frame that can't be captured is
 *    posted alone, at once.
 * 2. A post leaves while the window is open, and its cost comes back when the other side has dispatched it. Else posts wait in
 *    the queue, as they were at the call, and leave in order as acknowledgements come in. The batch behind them goes on
 *    gathering.
 * 3. Acknowledgements never wait, neither for the window nor in the queue: two sides that are full can't stop each other.
 */
export class Outbox implements Sender {
  readonly #options: OutboxOptions;
  readonly #turn: Turn;
  readonly #flow: Flow;
  readonly #window: Window;
  readonly #queue = new Queue();
  readonly #receipts = new Receipts(() => this.#tell());
  readonly #drains = new Drains();
  #port: Port | undefined;
  #batch: unknown[] = [0];
  /** What stands for the batch, up to `#length`, as long as nothing else is gathered. */
  #shared: Broadcast | undefined;
  #length = 0;
  #frames = 0;
  #events = 0;
  /** Frames that are just being posted. */
  #leaving = 0;
  #scheduled = false;
  /** Nothing can leave: there is no port, the window is closed, or others wait. */
  #blocked = false;
  /** While blocked: frames in the batch from which on this is full. */
  #fullAt = Infinity;
  /** When a post last joined a crowd. */
  #joined = 0;
  #hold: Timer | undefined;
  /** It ends in any case. */
  #finishing = false;
  #closed = false;

  /** So much waits that its owner refuses events and requests; never answers, nor items of streams. */
  full = false;
  /** How many frames went alone. */
  alone = 0;
  /** The turn's: who is flushed next. */
  next: Sender | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#turn = options.turn;
    this.#flow = options.flow ?? defaultFlow;
    this.#window = new Window(this.#flow.highWater);
    this.#port = options.port;
    this.#gauge();
  }

  get port(): Port | undefined {
    return this.#port;
  }

  /** What may be handed over: the least there is, as long as nobody knows what kind of port it will be. */
  get carries(): PortCapabilities {
    return this.#port?.carries ?? least;
  }

  /** Frames handed over and not known to be dispatched: gathered, waiting, leaving and under way. */
  get pending(): number {
    return this.#frames + this.#queue.frames + this.#leaving + this.#window.frames;
  }

  // ---- handing over

  /** The batch to which the caller appends exactly one frame, at once. It leaves at the end of the turn, if it can. */
  frame(events = 0): unknown[] {
    if (this.#frames === MAX_FRAMES) this.#seal(events);
    if (this.#shared) {
      this.#batch = this.#shared.copy(this.#length);
      this.#shared = undefined;
    }
    this.#count(events);
    return this.#batch;
  }

  /** Gathers what was added last to what several get. False: this has gathered other things, so it needs a frame of its own. */
  share(broadcast: Broadcast): boolean {
    if (this.#frames === MAX_FRAMES) this.#seal(1);
    const same = this.#frames === 0 || this.#shared === broadcast;
    if (!same || this.#frames !== broadcast.frames - 1) return false;
    this.#shared = broadcast;
    this.#length = broadcast.length;
    broadcast.shared = broadcast.frames;
    this.#count(1);
    return true;
  }

  /** Called by the turn. */
  endTurn(): void {
    this.#scheduled = false;
    if (!this.#window.crowded || this.#isTime()) this.flush();
    else this.#hold ??= startTimer(HOLD_MS, this.#onHeld);
  }

  readonly #onHeld = (): void => {
    this.#hold = undefined;
    this.flush();
  };

  /** Whether a post more may join the crowd. */
  #isTime(): boolean {
    const now = performance.now();
    if (now - this.#joined < PATIENCE_MS) return false;
    this.#joined = now;
    return true;
  }

  /** Posts what has been gathered. Where it can't leave, it stays, and goes on gathering. `next`: see `#postOrEnd` */
  flush(next = 0): void {
    if (this.#frames === 0) return;
    if (this.#blocked) {
      // What it shares waits as it is, so that it goes on sharing: to one that is slow, nothing is written anew.
      if (this.#shared && this.#frames >= TEXT_FROM) this.#seal(next);
      return;
    }
    const batch = this.#taken();
    const gathered = this.#gathered();
    this.#reset();
    if (!this.#closed) this.#postOrEnd(batch, gathered, next);
  }

  /**
   * Posts one frame alone, at once, behind what has been gathered before it. Where it can't leave, it waits, as it is now: its
   * buffers are out of the caller's hands when this returns, in any case.
   *
   * @param transfer what moves with it; a port among it must not stand in the frame
   * @param bytes how large it is, roughly
   * @throws what the port throws, or `NOT_CLONEABLE`; nothing has been sent, and nothing moved then
   */
  postAlone(frame: readonly unknown[], transfer: readonly object[], lone: Lone, events = 0, bytes = 0): void {
    if (this.#closed) return;
    this.alone++;
    if (this.#frames > 0) this.#seal(events);
    if (this.#closed) return closePorts(transfer);
    const posted = { frames: 1, events, cost: costOf(1, bytes), lone };
    if (this.#blocked) {
      const [message, kept] = keep([0, ...frame], transfer);
      this.#queue.push({ message, transfer: kept, bytes, posted });
    } else {
      this.#post([0, ...frame], transfer, posted);
    }
    if (this.#blocked || !this.#window.open) this.#gauge();
  }

  /**
   * Where a post may run other code, what is handed over from now on waits, as it is at the call, until `uncork()`. False if that isn't
   * needed: nothing is to be uncorked then.
   */
  cork(): boolean {
    if (!this.#port?.reenters || this.#blocked || this.#closed) return false;
    return (this.#blocked = true);
  }

  uncork(): void {
    this.#release();
  }

  /**
   * Calls `drained` when the other side has dispatched all that was handed over before, at once if it has; with the cause if the
   * link ends first.
   * @returns what ends the wait
   */
  drain(drained: Drained): () => void {
    const { pending } = this;
    if (pending === 0) {
      drained();
      return () => {};
    }
    if (this.#drains.isAsked(pending)) return this.#drains.after(pending, drained);
    const end = this.#drains.after(pending + 1, drained);
    this.frame().push(ECHO);
    this.flush();
    return end;
  }

  // ---- the other side

  /**
   * The other side has dispatched our posts up to `post`. False if there is no such post. What may leave now leaves with
   * `dispatched()`, which comes next: so it acknowledges the post that told this, too.
   */
  acknowledge(post: number): boolean {
    const frames = this.#window.acknowledge(post);
    if (frames > 0) this.#drains.done(frames);
    return frames >= 0;
  }

  /** A post of the other side has been dispatched, with so many frames; `reply`: it asks to be told at once. */
  dispatched(frames: number, reply: boolean): void {
    this.#receipts.add(frames);
    if (this.#closed) return;
    if (this.#blocked) this.#release();
    else if (!this.#scheduled && !this.#window.crowded) this.flush();
    this.#receipts.owe(reply);
  }

  /**
   * A post of the other side can't be read: tells it at once, ahead of what waits. If an acknowledgement of that post came
   * first, the other side would have forgotten what it held.
   */
  unreadable(): void {
    this.#receipts.add(0);
    if (!this.#closed) this.#postOrEnd([0, UNREADABLE, this.#receipts.count], nothing);
  }

  /** What the unacknowledged post of that number held, if it went alone. Told once. */
  takeLone(post: number): Lone | undefined {
    return this.#window.takeLone(post);
  }

  // ---- beginning and end

  /** The port for which everything waited. It is closed if this is. */
  attach(port: Port): void {
    if (this.#closed) return port.close();
    this.#port = port;
    this.#release();
  }

  /** Posts all that waits, however much is under way, and `frame` behind it: the last chance. */
  finish(...frame: readonly unknown[]): void {
    this.#finishing = true;
    this.frame().push(...frame);
    this.#window.lift();
    this.#release();
    this.flush();
  }

  /** Ends it, and closes the ports that wait in it. Returns how many events may not have arrived. */
  close(cause: unknown): number {
    if (this.#closed) return 0;
    this.#closed = true;
    this.#receipts.stop();
    this.#hold?.stop();
    this.#drains.fail(cause);
    const lost = this.#events + this.#queue.clear() + this.#window.clear();
    this.#reset();
    this.#gauge();
    return lost;
  }

  // ---- inside

  #count(events: number): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#turn.add(this);
    }
    if (++this.#frames >= this.#fullAt) this.full = true;
    this.#events += events;
  }

  /** What has been gathered, to be posted or to wait. */
  #taken(): unknown[] {
    if (!this.#shared) return this.#batch;
    this.#turn.release(this.#shared);
    return this.#shared.leave(this.#length);
  }

  #gathered(): Posted {
    return { frames: this.#frames, events: this.#events, cost: this.#frames, lone: undefined };
  }

  #reset(): void {
    this.#batch = [0];
    this.#shared = undefined;
    this.#frames = this.#events = 0;
    if (!this.#window.open) this.#gauge();
  }

  /** What has been gathered leaves, or begins to wait behind the others: what comes next, with so many events, comes behind it. */
  #seal(next: number): void {
    if (!this.#blocked) return this.flush(next);
    const message = this.#taken();
    const bytes = textIn(message);
    const posted = { ...this.#gathered(), cost: costOf(this.#frames, bytes) };
    this.#queue.push({ message, transfer: undefined, bytes, posted });
    this.#reset();
    this.#gauge();
  }

  /** Posts what waits, as far as the window allows. */
  #release(): void {
    while (this.#port && this.#window.open) {
      const next = this.#queue.shift();
      if (!next) break;
      this.#postWaiting(next);
    }
    this.#gauge();
    // In a turn, more may come: then it leaves at the end.
    if (!this.#scheduled) this.flush();
  }

  #postWaiting({ message, transfer, posted }: Waiting): void {
    const { lone } = posted;
    if (!lone) return this.#postOrEnd(message, posted);
    try {
      this.#post(message, transfer, posted);
    } catch (error) {
      closePorts(transfer);
      this.#options.onUnpostable(lone, error);
    }
  }

  /** Looks anew at whether something can leave, and at how much waits. */
  #gauge(): void {
    const { frames, bytes, length } = this.#queue;
    this.#blocked = !this.#closed && (!this.#port || length > 0 || !this.#window.open);
    this.#fullAt = this.#blocked ? this.#flow.limit - frames : Infinity;
    this.full = this.#frames >= this.#fullAt || (this.#blocked && bytes >= this.#flow.limitBytes);
  }

  /** Acknowledges with what is gathered, or with an empty post, which asks for no acknowledgement itself. */
  #tell(): void {
    if (this.#frames > 0 && !this.#blocked) this.flush();
    else this.#postOrEnd([0], nothing);
  }

  /** Posts what every port takes. Where this one doesn't, all is lost: the events in it, too, and the `next` ones, of who is just sending. */
  #postOrEnd(message: unknown[], posted: Posted, next = 0): void {
    try {
      this.#post(message, undefined, posted);
    } catch {
      this.#events += posted.events + next;
      if (!this.#finishing) this.#options.onFailure();
    }
  }

  #post(message: unknown[], transfer: readonly object[] | undefined, posted: Posted): void {
    const asks = this.#window.asks(posted.cost);
    if (asks) message.push(ECHO);
    message[0] = this.#receipts.count;
    const blocked = this.#blocked;
    const untold = this.#receipts.told();
    // Electron's main process runs microtasks inside of a post: what they hand over comes behind it.
    this.#blocked = true;
    this.#leaving += posted.frames;
    try {
      // What is captured is copied: a batch is a tree.
      this.#port?.post(message, transfer, !posted.lone);
    } catch (error) {
      this.#blocked = blocked;
      // Where a batch fails, all ends with the link.
      if (posted.lone) this.#drains.lost(posted.frames, this.#window.frames);
      this.#receipts.untell(untold);
      throw error;
    } finally {
      this.#leaving -= posted.frames;
    }
    this.#blocked = blocked;
    this.#window.add(posted, asks);
    if (!blocked) this.#afterPost();
  }

  /** Sees to what was handed over meanwhile. */
  #afterPost(): void {
    if (!this.#window.open || this.#queue.length > 0) {
      this.#release();
    } else if (this.#frames > 0 && !this.#scheduled) {
      this.#scheduled = true;
      this.#turn.add(this);
    }
  }
}
