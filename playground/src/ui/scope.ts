import type { Peer } from 'portmesh';
import type { Shape } from '../place/deeds.js';
import type { Point, Waves } from '../place/waves.js';
import { hueOf, make, nameTag, part } from './dom.js';

/** How many points of a trace are kept. */
const POINTS = 120;
/** Milliseconds until a closed port's trace has faded. */
const FADE_MS = 1500;

interface Trace {
  readonly name: string;
  readonly shape: Shape;
  readonly points: Point[];
  closed: number | undefined;
}

/** The canvas on which ports draw. The mouse over it is what a trail from here follows. */
export class Scope {
  readonly #holder = part('scope');
  readonly #canvas = make('canvas');
  readonly #legend = make('p', 'legend');
  readonly #traces = new Map<number, Trace>();
  readonly #name: string;
  #drawing = false;

  constructor(name: string, waves: Waves) {
    this.#name = name;
    this.#canvas.setAttribute('aria-label', 'What is drawn over ports');
    this.#legend.dataset['testid'] = 'legend';
    this.#holder.append(this.#canvas, this.#legend);
    this.#showLegend();
    waves.draw = (id, from, shape, point) => this.#add(id, from, shape, point);
    this.#canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
      waves.mouse = { x: offsetX / this.#canvas.clientWidth, y: offsetY / this.#canvas.clientHeight };
    });
    this.#canvas.addEventListener('pointerleave', () => (waves.mouse = undefined));
  }

  #add(id: number, { name }: Peer, shape: Shape, point: Point | undefined): void {
    let trace = this.#traces.get(id);
    if (!trace) {
      trace = { name, shape, points: [], closed: undefined };
      this.#traces.set(id, trace);
      this.#showLegend();
    }
    if (point) trace.points.push(point);
    else trace.closed = performance.now();
    if (trace.points.length > POINTS) trace.points.shift();
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#drawing = false;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const ratio = devicePixelRatio;
    this.#canvas.width = width * ratio;
    this.#canvas.height = height * ratio;
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    context.scale(ratio, ratio);
    context.lineWidth = 2;
    context.lineCap = context.lineJoin = 'round';
    const now = performance.now();
    let fading = false;
    for (const [id, trace] of this.#traces) {
      const left = trace.closed === undefined ? 1 : 1 - (now - trace.closed) / FADE_MS;
      if (left <= 0) {
        this.#traces.delete(id);
        this.#showLegend();
        continue;
      }
      fading ||= left < 1;
      drawTrace(context, trace, { width, height }, left);
    }
    if (!fading) return;
    this.#drawing = true;
    requestAnimationFrame(() => this.#draw());
  }

  #showLegend(): void {
    const names = [...this.#traces.values()].map(({ name }) => nameTag(name));
    this.#holder.dataset['traces'] = String(names.length);
    this.#legend.replaceChildren(...(names.length > 0 ? names : [`Open a port to ${this.#name}, and it draws`]));
  }
}

/** Line by line, since each is paler than the one after it. */
function drawTrace(
  context: CanvasRenderingContext2D,
  { name, points, shape }: Trace,
  { width, height }: { width: number; height: number },
  left: number,
): void {
  const colour = getComputedStyle(document.documentElement)
    .getPropertyValue(`--${hueOf(name)}`)
    .trim();
  context.strokeStyle = context.fillStyle = colour;
  const place = ({ x, y }: Point, index: number): [number, number] => [
    (shape === 'sine' || x === undefined ? 1 - (points.length - 1 - index) / POINTS : x) * (width - 8),
    y * height,
  ];
  points.forEach((point, index) => {
    const before = points[index - 1];
    if (!before) return;
    context.globalAlpha = left * (index / points.length) ** (shape === 'sine' ? 0.6 : 1.6);
    context.beginPath();
    context.moveTo(...place(before, index - 1));
    context.lineTo(...place(point, index));
    context.stroke();
  });
  const last = points.at(-1);
  if (!last) return;
  context.globalAlpha = left;
  context.beginPath();
  context.arc(...place(last, points.length - 1), 4, 0, 7);
  context.fill();
}
