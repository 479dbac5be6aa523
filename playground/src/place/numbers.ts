import type { Caller, Peer } from 'portmesh';
import type { Channels, PlaygroundBus } from '../channels.js';
import type { Journal, Line } from './journal.js';
import { sleep } from './sleep.js';
import type { Traffic } from './traffic.js';

/** Milliseconds between two looks at how a stream goes. */
const LOOK_MS = 250;
/** Milliseconds that a slow consumer takes for each number. */
const SLOW_MS = 40;
/** Looks that are drawn. */
const RATES = 32;

/** Streams of numbers: from here, to whoever asks, and to here. */
export class Numbers {
  readonly #journal: Journal;
  readonly #traffic: Traffic;
  readonly #stops = new Set<() => void>();
  /** Whether numbers are taken slowly here. */
  slow = false;

  constructor(journal: Journal, traffic: Traffic) {
    this.#journal = journal;
    this.#traffic = traffic;
  }

  attach(bus: PlaygroundBus): void {
    bus.handle('demo:numbers', ({ sender }, perSecond) => this.#produce(sender, perSecond));
  }

  /** The consumer's `break`, or its end, ends this at its `yield`. */
  async *#produce(consumer: Peer, perSecond: number): AsyncGenerator<number> {
    const pace = perSecond < Infinity ? `${perSecond.toLocaleString('en')} numbers a second` : 'numbers, flat out';
    const line = this.#journal.add('served', { peer: consumer.name }, ` streams ${pace}`);
    const speed = new Speed(line);
    const start = performance.now();
    let number = 0;
    try {
      for (;;) {
        yield ++number;
        speed.count();
        this.#traffic.count(consumer, 'out', 'item');
        const early = (number / perSecond) * 1000 - (performance.now() - start);
        if (early > 4) await sleep(early);
      }
    } finally {
      speed.stop();
      line.settle('done', `stopped after ${number.toLocaleString('en')}`);
    }
  }

  /** Takes numbers until `stop()`. */
  async take(caller: Caller<Channels>, perSecond: number, line: Line): Promise<void> {
    let stopped = false;
    const stop = (): void => void (stopped = true);
    this.#stops.add(stop);
    const speed = new Speed(line);
    let last = 0;
    try {
      for await (const number of caller.stream('demo:numbers', perSecond)) {
        if (number !== last + 1) throw new Error(`${number} came after ${last}`);
        last = number;
        speed.count();
        if (stopped) break;
        if (this.slow) await sleep(SLOW_MS);
      }
      line.settle('done', `stopped after ${last.toLocaleString('en')}, all in order`);
    } catch (error) {
      line.fail(error);
    } finally {
      speed.stop();
      this.#stops.delete(stop);
    }
  }

  /** Returns whether there was something to stop. */
  stop(): boolean {
    for (const stop of this.#stops) stop();
    return this.#stops.size > 0;
  }
}

/** How fast a stream goes, written into a line of the journal as it goes. */
class Speed {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #rates: number[] = [];
  #total = 0;
  #before = 0;
  #looked = performance.now();

  constructor(line: Line) {
    line.open('begins');
    this.#timer = setInterval(() => this.#look(line), LOOK_MS);
  }

  count(): void {
    this.#total++;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(line: Line): void {
    const now = performance.now();
    const rate = ((this.#total - this.#before) * 1000) / (now - this.#looked);
    this.#before = this.#total;
    this.#looked = now;
    this.#rates.push(Math.round(rate));
    if (this.#rates.length > RATES) this.#rates.shift();
    line.measure(
      [...this.#rates],
      `${this.#total.toLocaleString('en')} so far, ${Math.round(rate).toLocaleString('en')}/s`,
    );
  }
}
