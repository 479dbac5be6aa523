import type { PlaygroundBus } from '../channels.js';
import type { Place } from '../place/place.js';
import type { PlaceName } from '../places.js';
import type { Acts } from './acts.js';
import { make, nameTag, part, type Content } from './dom.js';
import { BUCKET_MS, BUCKETS, Gauge } from './gauge.js';
import { Meter } from './meter.js';
import { flatOut, RoundTrips, steady, type Pace } from './round-trips.js';
import { duration } from './words.js';

const paces: Readonly<Record<string, Pace | undefined>> = { off: undefined, steady, 'flat out': flatOut };

/** Live traffic with another process, directly, and with main beside it; and what of it goes on while main is blocked. */
export class TrafficPanel {
  readonly #place: Place;
  readonly #gauges = new Map<string, Gauge>();
  readonly #trips: RoundTrips[] = [];
  readonly #meters: Meter[] = [];
  readonly #shaded = new Array<boolean>(BUCKETS).fill(false);
  readonly #result = part<HTMLOutputElement>('block-result');
  readonly #block = part<HTMLButtonElement>('block');
  readonly #pace = part<HTMLSelectElement>('pace');
  #blocked = false;

  constructor(place: Place, acts: Acts, others: readonly PlaceName[]) {
    this.#place = place;
    for (const name of others) this.#measure(name);
    this.#pace.append(...Object.keys(paces).map((name) => new Option(name, name, name === 'steady')));
    this.#pace.value = 'steady';
    this.#pace.addEventListener('change', () => this.#setPace(paces[this.#pace.value]));
    this.#block.addEventListener('click', () => acts.block());
    setInterval(() => this.#step(), BUCKET_MS);
  }

  attach(bus: PlaygroundBus): void {
    this.#setBlocked(false);
    for (const trips of this.#trips) trips.attach(bus);
    bus.on('playground:blocking', () => this.#onBlocking());
    bus.on('playground:unblocked', (_event, ms) => this.#onUnblocked(ms));
  }

  #measure(name: string): void {
    const gauge = new Gauge();
    const meter = new Meter(name, gauge);
    this.#gauges.set(name, gauge);
    this.#meters.push(meter);
    this.#trips.push(new RoundTrips(name, gauge, steady));
    part('meters').append(meter.element);
  }

  /** Main has other things to do: it is never asked flat out. */
  #setPace(pace: Pace | undefined): void {
    const main = this.#trips.at(-1);
    for (const trips of this.#trips) trips.setPace(trips === main ? pace && steady : pace);
  }

  #step(): void {
    this.#shaded.shift();
    this.#shaded.push(this.#blocked);
    const now = performance.now();
    for (const gauge of this.#gauges.values()) gauge.step();
    for (const meter of this.#meters) meter.draw(now, this.#shaded);
  }

  #setBlocked(blocked: boolean): void {
    this.#blocked = blocked;
    this.#block.disabled = blocked;
  }

  #onBlocking(): void {
    this.#setBlocked(true);
    this.#result.replaceChildren(make('span', '', nameTag('main'), ' is blocked …'));
    this.#result.dataset['state'] = 'blocked';
    for (const gauge of this.#gauges.values()) gauge.watch(performance.now());
  }

  #onUnblocked(ms: number): void {
    this.#setBlocked(false);
    const now = performance.now();
    const gaps = [...this.#gauges].map(([name, gauge]) => [name, gauge.watched(now)] as const);
    const words = gaps.flatMap(([name, gap], index): Content[] => [
      index === 0 ? '' : ', ',
      nameTag(name),
      gap === undefined ? ' not measured' : ` ${duration(gap)}`,
    ]);
    this.#place.journal.add('note', { peer: 'main' }, ` was blocked for ${duration(ms)}`);
    this.#result.replaceChildren(make('span', '', 'largest gap meanwhile'), make('span', '', ...words));
    // For who drives the page: the numbers themselves.
    this.#result.dataset['state'] = 'done';
    for (const [name, gap] of gaps) this.#result.dataset[name] = gap === undefined ? '' : gap.toFixed(1);
  }
}
