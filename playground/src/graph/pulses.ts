import type { FlowKind } from '../place/traffic.js';
import { part } from '../ui/dom.js';
import type { Model, Movement, Spot } from './model.js';
import { along } from './way.js';

/** Milliseconds from one peer to the next: what takes a fraction of one has to be slowed down to be seen. */
const TRAVEL_MS = 620;
/** Pulses that stand for one movement, however many messages it was. */
const MOST_AT_ONCE = 4;
/** Pulses under way. Past that, the picture is full anyway. */
const MOST = 260;
/** How far beside its line a pulse runs, so that the two directions don't meet. */
const ASIDE = 4;

export const kinds: readonly FlowKind[] = ['event', 'request', 'answer', 'item', 'point'];

interface Pulse {
  readonly way: readonly Spot[];
  readonly kind: FlowKind;
  readonly starts: number;
}

/** What flows, as lights that run along the links. */
export class Pulses {
  readonly #canvas = part<HTMLCanvasElement>('pulses');
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');
  #colours = new Map<FlowKind, string>();
  #pulses: Pulse[] = [];
  #drawing = false;
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
    this.#readColours();
    this.#dark.addEventListener('change', () => this.#readColours());
  }

  resize(width: number, height: number): void {
    this.#canvas.width = width * devicePixelRatio;
    this.#canvas.height = height * devicePixelRatio;
  }

  add({ from, to, kind, count, ms }: Movement): void {
    if (this.#still.matches) return;
    const now = performance.now();
    const way = this.#model.way(from, to);
    const shown = Math.min(count, MOST_AT_ONCE, MOST - this.#pulses.length);
    for (let index = 0; index < shown; index++) {
      this.#pulses.push({ way, kind, starts: now + ((index + Math.random() * 0.8) / shown) * Math.min(ms, 400) });
    }
    if (this.#drawing || shown <= 0) return;
    this.#drawing = true;
    requestAnimationFrame(this.#draw);
  }

  readonly #draw = (): void => {
    const now = performance.now();
    this.#pulses = this.#pulses.filter(
      ({ way, starts }) => now < starts + TRAVEL_MS && way.every(({ state }) => state !== 'gone'),
    );
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.#canvas.clientWidth, this.#canvas.clientHeight);
    context.lineCap = 'round';
    for (const pulse of this.#pulses) this.#drawPulse(context, pulse, (now - pulse.starts) / TRAVEL_MS);
    this.#drawing = this.#pulses.length > 0;
    if (this.#drawing) requestAnimationFrame(this.#draw);
  };

  #drawPulse(context: CanvasRenderingContext2D, { way, kind }: Pulse, done: number): void {
    if (done < 0) return;
    const { length, at } = along(way, ASIDE);
    const eased = done * done * (3 - 2 * done);
    const head = at(eased);
    context.strokeStyle = context.fillStyle = this.#colours.get(kind) ?? 'gray';
    const visible = Math.min(1, done * 6, (1 - done) * 6);
    context.globalAlpha = visible * 0.35;
    context.lineWidth = 3.2;
    context.beginPath();
    context.moveTo(...at(Math.max(0, eased - 26 / length)));
    context.lineTo(...head);
    context.stroke();
    context.globalAlpha = visible * 0.2;
    context.beginPath();
    context.arc(...head, 7, 0, 7);
    context.fill();
    context.globalAlpha = visible;
    context.beginPath();
    context.arc(...head, 2.8, 0, 7);
    context.fill();
  }

  #readColours(): void {
    const style = getComputedStyle(document.documentElement);
    this.#colours = new Map(kinds.map((kind) => [kind, style.getPropertyValue(`--${kind}`).trim()]));
  }
}
