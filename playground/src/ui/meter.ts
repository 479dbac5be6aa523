import { hueOf, make, makeSvg, nameTag } from './dom.js';
import { BUCKETS, type Gauge } from './gauge.js';
import { duration } from './words.js';

const HEIGHT = 40;

/** One gauge, drawn: the numbers, and a bar for each tenth of a second. */
export class Meter {
  readonly element: HTMLElement;
  readonly #gauge: Gauge;
  readonly #bars = makeSvg('path', { class: 'bars' });
  readonly #shade = makeSvg('path', { class: 'shade' });
  readonly #rate = make('strong', '', '0');
  readonly #latency = make('span', '');
  readonly #gap = make('span', '');
  /** The height of the chart in round trips: follows what is measured, down only slowly. */
  #scale = 1;

  constructor(name: string, gauge: Gauge) {
    this.#gauge = gauge;
    const chart = makeSvg('svg', { viewBox: `0 0 ${BUCKETS} ${HEIGHT}`, preserveAspectRatio: 'none' });
    chart.setAttribute('aria-hidden', 'true');
    chart.append(this.#shade, this.#bars);
    this.#rate.dataset['testid'] = `rate-${name}`;
    this.#latency.dataset['testid'] = `latency-${name}`;
    this.#gap.dataset['testid'] = `gap-${name}`;
    const numbers = make('p', 'numbers', nameTag(name), this.#rate, '/s', this.#latency, this.#gap);
    this.element = make('div', 'meter', numbers);
    this.element.append(chart);
    this.element.dataset['hue'] = hueOf(name);
  }

  /** @param shaded the buckets, oldest first, in which main was blocked */
  draw(now: number, shaded: readonly boolean[]): void {
    const { counts, rate, latency } = this.#gauge;
    this.#scale = Math.max(1, this.#scale * 0.97, ...counts);
    this.#bars.setAttribute('d', bars(counts.map((count) => (count / this.#scale) * HEIGHT)));
    this.#shade.setAttribute(
      'd',
      bars(
        shaded.map((each) => (each ? HEIGHT : 0)),
        1,
      ),
    );
    this.#rate.textContent = rate.toLocaleString('en');
    this.#latency.textContent = latency === undefined ? '' : `${latency.toFixed(1)} ms`;
    const gap = this.#gauge.largestGap(now);
    this.#gap.textContent = gap === undefined ? '' : `gap ${duration(gap)}`;
    this.#gap.dataset['large'] = String(gap !== undefined && gap > 250);
  }
}

function bars(heights: readonly number[], width = 0.72): string {
  return heights
    .map((height, x) => (height > 0 ? `M${x} ${HEIGHT}v-${height.toFixed(1)}h${width}v${height.toFixed(1)}z` : ''))
    .join('');
}
