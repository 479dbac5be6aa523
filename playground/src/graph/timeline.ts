import { make, nameTag, part, type Content } from '../ui/dom.js';
import { duration } from '../ui/words.js';
import type { Movement } from './model.js';

const STEP_MS = 200;
/** Half a minute. */
const STEPS = 150;
const LANE = { height: 26, gap: 8 };

interface Lane {
  readonly label: string;
  readonly colour: string;
  readonly counts: number[];
  /** Messages since the last step. */
  now: number;
  /** The lane's height in messages: follows what there is, down only slowly. */
  scale: number;
}

/** How much flows with main, and how much between all others, lately: two lanes on one time axis. */
export class Timeline {
  readonly #canvas: HTMLCanvasElement;
  readonly #result = part<HTMLOutputElement>('block-result');
  readonly #others = lane('between others', '--text');
  readonly #main = lane('with main', '--main');
  readonly #blocked = new Array<boolean>(STEPS).fill(false);
  /** Between others, while main was blocked: messages, since when. */
  #meanwhile = { count: 0, since: 0 };
  blocked = false;

  constructor() {
    const canvas = part('timeline').querySelector('canvas');
    if (!canvas) throw new Error('the timeline has no canvas');
    this.#canvas = canvas;
    canvas.after(
      ...[this.#others, this.#main].map(({ label }, index) => {
        const caption = make('span', 'lane', label);
        caption.style.top = `${index * (LANE.height + LANE.gap) + 5}px`;
        return caption;
      }),
    );
    setInterval(() => this.#step(), STEP_MS);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  /** Messages a second, over the last second. */
  get rate(): number {
    const last = (counts: readonly number[]): number =>
      counts.slice(-1000 / STEP_MS).reduce((sum, count) => sum + count, 0);
    return last(this.#others.counts) + last(this.#main.counts);
  }

  add({ from, to, count }: Movement): void {
    const withMain = from.peer.type === 'main' || to.peer.type === 'main';
    (withMain ? this.#main : this.#others).now += count;
    if (!withMain) this.#meanwhile.count += count;
  }

  onBlocking(): void {
    this.blocked = true;
    this.#meanwhile = { count: 0, since: performance.now() };
    this.#say('blocked', nameTag('main'), ' is blocked …');
  }

  onUnblocked(ms: number): void {
    this.blocked = false;
    const { count, since } = this.#meanwhile;
    const seen = duration(performance.now() - since);
    this.#result.dataset['meanwhile'] = String(count);
    this.#say(
      'done',
      nameTag('main'),
      ` was blocked for ${duration(ms)}. The others exchanged `,
      make('b', '', count.toLocaleString('en')),
      ` messages in those ${seen}.`,
    );
  }

  #say(state: string, ...words: readonly Content[]): void {
    this.#result.dataset['state'] = state;
    this.#result.replaceChildren(...words);
  }

  #step(): void {
    for (const each of [this.#others, this.#main]) {
      each.counts.shift();
      each.counts.push(each.now);
      each.now = 0;
      each.scale = Math.max(4, each.scale * 0.98, ...each.counts.slice(-20));
    }
    this.#blocked.shift();
    this.#blocked.push(this.blocked);
    this.#draw();
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#canvas.width = width * devicePixelRatio;
    this.#canvas.height = height * devicePixelRatio;
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    context.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(document.documentElement);
    const step = width / STEPS;
    context.fillStyle = style.getPropertyValue('--main').trim();
    context.globalAlpha = 0.16;
    this.#blocked.forEach((blocked, index) => {
      const from = Math.round(index * step);
      if (blocked) context.fillRect(from, 0, Math.round((index + 1) * step) - from, height);
    });
    [this.#others, this.#main].forEach(({ counts, scale, colour }, index) => {
      const floor = (index + 1) * (LANE.height + LANE.gap) - 2;
      context.fillStyle = context.strokeStyle = style.getPropertyValue(colour).trim();
      context.globalAlpha = 0.75;
      counts.forEach((count, at) => {
        const tall = Math.min(LANE.height, (count / scale) * LANE.height);
        if (count > 0)
          context.fillRect(at * step, floor - Math.max(1.5, tall), Math.max(1, step - 1.5), Math.max(1.5, tall));
      });
      context.globalAlpha = 0.25;
      context.fillRect(0, floor, width, 1);
    });
  }
}

function lane(label: string, colour: string): Lane {
  return { label, colour, counts: new Array<number>(STEPS).fill(0), now: 0, scale: 4 };
}
