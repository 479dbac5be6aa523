import { windowNames, type PlaygroundBus } from '../channels.js';
import type { Actions } from './actions.js';
import { Choice } from './choice.js';
import { make, nameTag, part, type Content } from './dom.js';
import { BUCKET_MS, BUCKETS, Gauge } from './gauge.js';
import { duration, type Log } from './log.js';
import type { MeshMap } from './mesh-map.js';
import { Meter } from './meter.js';
import { flatOut, RoundTrips, steady, type Pace } from './round-trips.js';
import type { Seat } from './seat.js';

const BLOCK_MS = 2000;

/** Live traffic with the other window, directly, and with main beside it; and what of it goes on while main is blocked. */
export class Traffic {
  readonly #log: Log;
  readonly #map: MeshMap;
  readonly #gauges = new Map<string, Gauge>();
  readonly #trips: RoundTrips[] = [];
  readonly #meters: Meter[] = [];
  readonly #shaded = new Array<boolean>(BUCKETS).fill(false);
  readonly #result = part<HTMLOutputElement>('block-result');
  readonly #block = part<HTMLButtonElement>('block-main');
  #blocked = false;

  constructor(seat: Seat, log: Log, actions: Actions, map: MeshMap) {
    this.#log = log;
    this.#map = map;
    for (const name of [...windowNames.filter((each) => each !== seat.name), 'main']) this.#measure(name);
    const paces: { value: Pace | undefined; label: string; testId: string; title: string }[] = [
      { value: undefined, label: 'off', testId: 'pace-off', title: 'No traffic' },
      { value: steady, label: 'steady', testId: 'pace-steady', title: 'One request at a time, with a rest between' },
      { value: flatOut, label: 'flat out', testId: 'pace-flat-out', title: 'A hundred requests under way, no rest' },
    ];
    new Choice(part('pace'), paces, steady as Pace | undefined, (pace) => this.#setPace(pace));
    this.#block.addEventListener('click', () => actions.block(BLOCK_MS));
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
    const [window, main] = this.#trips;
    window?.setPace(pace);
    main?.setPace(pace && steady);
  }

  #step(): void {
    this.#shaded.shift();
    this.#shaded.push(this.#blocked);
    const now = performance.now();
    for (const [name, gauge] of this.#gauges) {
      gauge.step();
      this.#map.flow(name, gauge.flowing);
    }
    for (const meter of this.#meters) meter.draw(now, this.#shaded);
  }

  #setBlocked(blocked: boolean): void {
    this.#blocked = blocked;
    this.#block.disabled = blocked;
    this.#map.set('main', blocked ? 'blocked' : 'here');
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
    const words = (): Content[] =>
      gaps.flatMap(([name, gap], index) => [
        index === 0 ? '' : ', ',
        nameTag(name),
        gap === undefined ? ' not measured' : ` ${duration(gap)}`,
      ]);
    this.#log.add('note', nameTag('main'), ` was blocked for ${duration(ms)}; largest gap: `, ...words());
    this.#result.replaceChildren(make('span', '', 'largest gap meanwhile'), make('span', '', ...words()));
    // For who drives the page: the numbers themselves.
    this.#result.dataset['state'] = 'done';
    for (const [name, gap] of gaps) this.#result.dataset[name] = gap === undefined ? '' : gap.toFixed(1);
  }
}
