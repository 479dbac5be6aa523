import type { Cast, Point, Troupe } from '../place/scene.js';
import { hueOf } from './dom.js';

/** Milliseconds in which those who come and go appear and fade. */
const FADE_MS = 600;
/** Points of a trail. */
const TRAIL = 26;
const SIZE = 10;
const MOST = 60;

/** The outlines of dancers, by turns: how many corners; 0: round. */
const CORNERS = [0, 4, 3, 6];

interface Dancer {
  readonly corners: number;
  readonly trail: Point[];
  from: Point;
  to: Point;
}

interface Group extends Troupe {
  readonly cast: Cast;
  readonly dancers: readonly Dancer[];
  readonly came: number;
  left: number | undefined;
  moved: number;
  ms: number;
}

/** Draws those who dance, as long as there are any, and somebody can see it. */
export class Ballet {
  readonly #canvas: HTMLCanvasElement;
  readonly #groups = new Set<Group>();
  #drawing = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#begin()).observe(canvas);
  }

  /** Those who have not left. */
  get cast(): Cast[] {
    return [...this.#groups].filter(({ left }) => left === undefined).map(({ cast }) => cast);
  }

  enter(cast: Cast): Troupe {
    const middle = { x: 0.5, y: 0.5 };
    const dancers = Array.from({ length: Math.min(cast.count, MOST) }, (_, index) => ({
      corners: CORNERS[index % CORNERS.length] ?? 0,
      trail: [],
      from: middle,
      to: middle,
    }));
    const now = performance.now();
    const group: Group = {
      cast,
      dancers,
      came: now,
      left: undefined,
      moved: now,
      ms: 1,
      move: (places, ms) => {
        for (const [index, dancer] of dancers.entries()) {
          dancer.from = placeOf(group, dancer, performance.now());
          dancer.to = inside(places[index] ?? dancer.to);
        }
        Object.assign(group, { moved: performance.now(), ms: Math.max(1, ms) });
      },
    };
    this.#groups.add(group);
    this.#begin();
    return group;
  }

  leave(troupe: Troupe): void {
    for (const group of this.#groups) if (group === troupe) group.left = performance.now();
  }

  #begin(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const now = performance.now();
    for (const group of this.#groups) if (now - (group.left ?? now) > FADE_MS) this.#groups.delete(group);
    this.#drawing = width > 0 && this.#groups.size > 0;
    // Nobody sees it. And a canvas that loses its size lets Chromium 118 crash when another window of this process closes.
    if (width === 0) return;
    const ratio = devicePixelRatio;
    this.#canvas.width = width * ratio;
    this.#canvas.height = height * ratio;
    const context = this.#canvas.getContext('2d');
    if (!context || !this.#drawing) return;
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.#canvas);
    for (const group of this.#groups) {
      context.fillStyle = context.strokeStyle = style.getPropertyValue(`--${hueOf(group.cast.by)}`).trim();
      const seen = Math.min(1, (now - group.came) / FADE_MS, 1 - (now - (group.left ?? now)) / FADE_MS);
      for (const dancer of group.dancers) {
        const { x, y } = placeOf(group, dancer, now);
        dancer.trail.push({ x: x * width, y: y * height });
        if (dancer.trail.length > TRAIL) dancer.trail.shift();
      }
      drawTies(context, group, Math.max(0, seen));
      for (const dancer of group.dancers) drawDancer(context, dancer, Math.max(0, seen), now);
    }
    requestAnimationFrame(() => this.#draw());
  }
}

/** Seen, wherever they are told to go. */
function inside({ x, y }: Point): Point {
  return { x: Math.min(Math.max(x, 0.03), 0.97), y: Math.min(Math.max(y, 0.03), 0.97) };
}

/** On the way to where it was told to go, faster in the middle of it. */
function placeOf({ moved, ms }: Group, { from, to }: Dancer, now: number): Point {
  const done = Math.min(1, (now - moved) / ms);
  const eased = done * done * (3 - 2 * done);
  return { x: from.x + (to.x - from.x) * eased, y: from.y + (to.y - from.y) * eased };
}

/** Between those of a troupe. */
function drawTies(context: CanvasRenderingContext2D, { dancers }: Group, seen: number): void {
  context.beginPath();
  for (const { trail } of dancers) {
    const last = trail.at(-1);
    if (last) context.lineTo(last.x, last.y);
  }
  context.closePath();
  context.globalAlpha = 0.08 * seen;
  context.fill();
  context.globalAlpha = 0.35 * seen;
  context.lineWidth = 1;
  context.stroke();
}

function drawDancer(context: CanvasRenderingContext2D, { corners, trail }: Dancer, seen: number, now: number): void {
  trail.forEach((point, index) => {
    const before = trail[index - 1];
    if (!before) return;
    const strength = index / trail.length;
    context.globalAlpha = 0.4 * seen * strength ** 2;
    context.lineWidth = SIZE * strength;
    context.beginPath();
    context.moveTo(before.x, before.y);
    context.lineTo(point.x, point.y);
    context.stroke();
  });
  const last = trail.at(-1);
  if (!last) return;
  context.globalAlpha = seen;
  context.beginPath();
  if (corners === 0) context.arc(last.x, last.y, SIZE * seen, 0, 7);
  for (let corner = 0; corner < corners; corner++) {
    const angle = now / 900 + (corner / corners) * 2 * Math.PI;
    const reach = SIZE * 1.25 * seen;
    context.lineTo(last.x + reach * Math.cos(angle), last.y + reach * Math.sin(angle));
  }
  context.closePath();
  context.fill();
}
