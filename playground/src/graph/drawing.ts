import { polygonHull } from 'd3-polygon';
import { hueOf, make, makeSvg, part } from '../ui/dom.js';
import { makeGlyph } from './glyphs.js';
import { isSmall, processes } from './layout.js';
import type { Model, Spot } from './model.js';

/** How far around those in it the outline of a process runs, in pixels. */
const outlineOf = ({ look }: Spot, small: boolean): number => (look === 'gateway' ? 40 : 46) - (small ? 10 : 0);
const CORNERS = 20;
/** An edge this busy is drawn as strong as any, in messages a second. */
const BUSY = 400;

interface Hull {
  readonly shape: SVGPathElement;
  readonly label: SVGTextElement;
  remove(): void;
}

/** The still part of the picture: processes, links, and the peers, which are buttons. */
export class Drawing {
  readonly #model: Model;
  readonly #onChoose: (name: string) => void;
  readonly #hulls = makeSvg('g', { class: 'hulls' });
  readonly #labels = makeSvg('g', { class: 'labels' });
  readonly #lines = makeSvg('g', { class: 'edges' });
  readonly #nodes = part('nodes');
  readonly #hullOf = new Map<string, Hull>();
  readonly #lineOf = new Map<string, SVGPolylineElement>();
  readonly #buttonOf = new Map<string, HTMLButtonElement>();
  #chosen = '';
  #small = false;

  constructor(model: Model, onChoose: (name: string) => void) {
    this.#model = model;
    this.#onChoose = onChoose;
    part('drawing').append(this.#hulls, this.#lines, this.#labels);
  }

  choose(name: string): void {
    this.#chosen = name;
    this.update();
  }

  resize(width: number): void {
    this.#small = isSmall(width);
    part('stage').toggleAttribute('data-small', this.#small);
  }

  /** Somebody has come, gone, or changed. */
  update(): void {
    const { spots, edges } = this.#model;
    sync(this.#buttonOf, spots, (spot) => this.#makeSpot(spot));
    for (const [key, button] of this.#buttonOf) {
      const spot = spots.get(key);
      if (spot) this.#show(button, spot);
    }
    sync(this.#lineOf, edges, ({ source, target }) => {
      const line = makeSvg('polyline', { 'data-main': String([source, target].some(({ look }) => look === 'main')) });
      this.#lines.append(line);
      return line;
    });
    sync(this.#hullOf, livingProcesses(this.#model), ([{ process }]) => {
      const shape = makeSvg('path', { 'data-type': process.type });
      const label = makeSvg('text', {});
      label.textContent = `${process.type} · ${process.pid}`;
      this.#hulls.append(shape);
      this.#labels.append(label);
      const remove = (): void => [shape, label].forEach((each) => each.remove());
      return { shape, label, remove };
    });
    this.move();
  }

  /** Everything is somewhere else. */
  move(): void {
    const { spots } = this.#model;
    for (const [key, button] of this.#buttonOf) {
      const { x = 0, y = 0 } = spots.get(key) ?? {};
      button.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -24px)`;
    }
    for (const [key, line] of this.#lineOf) {
      const edge = this.#model.edges.get(key);
      if (edge) placeLine(line, this.#model.way(edge.source, edge.target));
    }
    for (const [process, inside] of livingProcesses(this.#model)) {
      const hull = this.#hullOf.get(process);
      if (hull) placeHull(hull, inside, this.#small);
    }
  }

  /** Links glow as much as they are used. */
  glow(): void {
    for (const [key, line] of this.#lineOf) {
      const rate = this.#model.edges.get(key)?.rate ?? 0;
      const strength = Math.min(1, Math.log1p(rate) / Math.log1p(BUSY));
      line.style.strokeWidth = (1 + 3 * strength).toFixed(2);
      line.style.strokeOpacity = (0.22 + 0.5 * strength).toFixed(2);
    }
  }

  #makeSpot({ name, look }: Spot): HTMLButtonElement {
    const button = make('button', 'node');
    button.type = 'button';
    button.dataset['testid'] = `node-${name}`;
    button.dataset['hue'] = hueOf(name);
    button.append(makeGlyph(look), make('span', 'caption', name), make('span', 'status'));
    button.addEventListener('click', () => this.#onChoose(name));
    this.#nodes.append(button);
    return button;
  }

  #show(button: HTMLButtonElement, { name, state, reason }: Spot): void {
    button.dataset['state'] = state;
    button.dataset['reason'] = reason ?? '';
    button.setAttribute('aria-pressed', String(name === this.#chosen));
    const status = button.querySelector('.status');
    if (status) status.textContent = state === 'gone' ? (reason ?? 'gone') : words[state];
  }
}

const words = { here: '', unresponsive: 'no answer', blocked: 'blocked' } as const;

function livingProcesses({ spots }: Model): Map<string, [Spot, ...Spot[]]> {
  return processes([...spots.values()].filter(({ state }) => state !== 'gone'));
}

/** Makes what is new, and removes what is gone. */
function sync<K, T, E extends { remove(): void }>(
  made: Map<K, E>,
  wanted: ReadonlyMap<K, T>,
  draw: (thing: T) => E,
): void {
  for (const [key, element] of made) {
    if (wanted.has(key)) continue;
    element.remove();
    made.delete(key);
  }
  for (const [key, thing] of wanted) if (!made.has(key)) made.set(key, draw(thing));
}

function placeLine(line: SVGPolylineElement, way: readonly Spot[]): void {
  line.setAttribute('points', way.map(({ x = 0, y = 0 }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' '));
}

/** Around a circle for each in it: that rounds the corners too. */
function placeHull({ shape, label }: Hull, inside: readonly Spot[], small: boolean): void {
  const points = inside.flatMap((spot) =>
    Array.from({ length: CORNERS }, (_, index): [number, number] => {
      const angle = (index / CORNERS) * 2 * Math.PI;
      const [x, y, reach] = [spot.x ?? 0, spot.y ?? 0, outlineOf(spot, small)];
      return [x + reach * Math.cos(angle), y + 6 + reach * Math.sin(angle)];
    }),
  );
  const hull = polygonHull(points) ?? points;
  shape.setAttribute('d', `M${hull.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join('L')}Z`);
  const [top] = [...hull].sort((a, b) => a[1] - b[1]);
  const across = hull.map(([x]) => x);
  label.setAttribute('x', ((Math.min(...across) + Math.max(...across)) / 2).toFixed(1));
  label.setAttribute('y', ((top?.[1] ?? 0) - 7).toFixed(1));
}
