import { polygonHull } from 'd3-polygon';
import { hueOf, make, makeSvg, part } from '../ui/dom.js';
import { makeGlyph } from './glyphs.js';
import { processes } from './layout.js';
import type { Edge, Model, Node } from './model.js';

/** How far around its peers the outline of a process runs, in pixels. */
const OUTLINE = 46;
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
  readonly #lines = makeSvg('g', { class: 'edges' });
  readonly #nodes = part('nodes');
  readonly #hullOf = new Map<string, Hull>();
  readonly #lineOf = new Map<string, SVGLineElement>();
  readonly #buttonOf = new Map<string, HTMLButtonElement>();
  #chosen = '';

  constructor(model: Model, onChoose: (name: string) => void) {
    this.#model = model;
    this.#onChoose = onChoose;
    part('drawing').append(this.#hulls, this.#lines);
  }

  choose(name: string): void {
    this.#chosen = name;
    this.update();
  }

  /** Somebody has come, gone, or changed. */
  update(): void {
    const { nodes, edges } = this.#model;
    sync(this.#buttonOf, nodes, (node) => this.#makeNode(node));
    for (const [id, button] of this.#buttonOf) {
      const node = nodes.get(id);
      if (node) this.#show(button, node);
    }
    sync(this.#lineOf, edges, ({ source, target }) => {
      const line = makeSvg('line', { 'data-main': String([source, target].some(({ peer }) => peer.type === 'main')) });
      this.#lines.append(line);
      return line;
    });
    sync(this.#hullOf, livingProcesses(this.#model), ([{ peer }]) => {
      const shape = makeSvg('path', { 'data-type': peer.process.type });
      const label = makeSvg('text', {});
      label.textContent = `${peer.process.type} · ${peer.process.pid}`;
      this.#hulls.append(shape, label);
      const remove = (): void => [shape, label].forEach((each) => each.remove());
      return { shape, label, remove };
    });
    this.move();
  }

  /** Everything is somewhere else. */
  move(): void {
    for (const [id, button] of this.#buttonOf) {
      const { x = 0, y = 0 } = this.#model.nodes.get(id) ?? {};
      button.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -24px)`;
    }
    for (const [key, line] of this.#lineOf) {
      const edge = this.#model.edges.get(key);
      if (edge) placeLine(line, edge);
    }
    for (const [process, nodes] of livingProcesses(this.#model)) {
      const hull = this.#hullOf.get(process);
      if (hull) placeHull(hull, nodes);
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

  #makeNode(node: Node): HTMLButtonElement {
    const button = make('button', 'node');
    button.type = 'button';
    button.dataset['testid'] = `node-${node.name}`;
    button.dataset['hue'] = hueOf(node.name);
    button.append(makeGlyph(node.peer.type), make('span', 'caption', node.name), make('span', 'status'));
    button.addEventListener('click', () => this.#onChoose(node.name));
    this.#nodes.append(button);
    return button;
  }

  #show(button: HTMLButtonElement, { name, state, reason }: Node): void {
    button.dataset['state'] = state;
    button.dataset['reason'] = reason ?? '';
    button.setAttribute('aria-pressed', String(name === this.#chosen));
    const status = button.querySelector('.status');
    if (status) status.textContent = state === 'gone' ? (reason ?? 'gone') : words[state];
  }
}

const words = { here: '', unresponsive: 'no answer', blocked: 'blocked' } as const;

function livingProcesses({ nodes }: Model): Map<string, [Node, ...Node[]]> {
  return processes([...nodes.values()].filter(({ state }) => state !== 'gone'));
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

function placeLine(line: SVGLineElement, { source, target }: Edge): void {
  const ends = { x1: source.x, y1: source.y, x2: target.x, y2: target.y };
  for (const [name, value] of Object.entries(ends)) line.setAttribute(name, (value ?? 0).toFixed(1));
}

/** Around a circle for each of its peers: that rounds the corners too. */
function placeHull({ shape, label }: Hull, nodes: readonly Node[]): void {
  const points = nodes.flatMap(({ x = 0, y = 0 }) =>
    Array.from({ length: CORNERS }, (_, index): [number, number] => {
      const angle = (index / CORNERS) * 2 * Math.PI;
      return [x + OUTLINE * Math.cos(angle), y + 6 + OUTLINE * Math.sin(angle)];
    }),
  );
  const hull = polygonHull(points) ?? points;
  shape.setAttribute('d', `M${hull.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join('L')}Z`);
  const [top] = [...hull].sort((a, b) => a[1] - b[1]);
  const across = hull.map(([x]) => x);
  label.setAttribute('x', ((Math.min(...across) + Math.max(...across)) / 2).toFixed(1));
  label.setAttribute('y', ((top?.[1] ?? 0) - 7).toFixed(1));
}
