import { forceCollide, forceLink, forceManyBody, forceSimulation, type Simulation } from 'd3-force';
import { placeNames } from '../places.js';
import type { Edge, Model, Node } from './model.js';

/** The room around a node that is its own, in pixels. */
const RADIUS = 50;
/** What is kept free at the edges: sides, top (with a process' label), bottom (with the legend). */
const MARGIN = { x: 74, top: 76, bottom: 88 };
/** The room between the outlines of two processes. */
const GAP = 56;

/** Where peers are: those of one process together, main in the middle of it all. */
export class Layout {
  readonly #model: Model;
  readonly #simulation: Simulation<Node, Edge>;
  readonly #links = forceLink<Node, Edge>().distance(260).strength(0.006);
  #width = 600;
  #height = 400;

  constructor(model: Model, onTick: () => void) {
    this.#model = model;
    this.#simulation = forceSimulation<Node, Edge>()
      .force('charge', forceManyBody<Node>().strength(-700).distanceMax(420))
      .force('collide', forceCollide<Node>(RADIUS))
      .force('links', this.#links)
      .force('processes', (alpha: number) => this.#gather(alpha))
      .force('frame', (alpha: number) => this.#contain(alpha))
      .velocityDecay(0.45)
      .alphaDecay(0.035)
      .on('tick', onTick);
  }

  resize(width: number, height: number): void {
    this.#width = width;
    this.#height = height;
    this.#simulation.alpha(0.5).restart();
  }

  /** Somebody has come or gone. */
  update(): void {
    for (const node of this.#model.nodes.values()) if (node.x === undefined) this.#begin(node);
    this.#simulation.nodes([...this.#model.nodes.values()]);
    this.#links.links([...this.#model.edges.values()]);
    this.#simulation.alpha(Math.max(this.#simulation.alpha(), 0.45)).restart();
  }

  /** Always at the same place, so that the picture is the same each time. */
  #begin(node: Node): void {
    const index = placeNames.findIndex((name) => name === node.name);
    const angle = ((index < 0 ? Math.random() * placeNames.length : index) / placeNames.length) * 2 * Math.PI;
    const reach = node.peer.type === 'main' ? 0 : 0.34;
    node.x = this.#width * (0.5 + reach * Math.sin(angle));
    node.y = this.#height * (0.5 - reach * Math.cos(angle));
  }

  /** Peers of one process move together, and processes apart. */
  #gather(alpha: number): void {
    const groups = [...processes(this.#model.nodes.values()).values()].map((nodes) => {
      const x = mean(nodes, (node) => node.x ?? 0);
      const y = mean(nodes, (node) => node.y ?? 0);
      const reach = Math.max(...nodes.map((node) => Math.hypot((node.x ?? 0) - x, (node.y ?? 0) - y)));
      return { nodes, x, y, reach: reach + RADIUS };
    });
    for (const { nodes, x, y } of groups) push(nodes, alpha * 0.4, (node) => [x - (node.x ?? 0), y - (node.y ?? 0)]);
    groups.forEach((one, index) => {
      for (const other of groups.slice(index + 1)) {
        const [dx, dy] = [other.x - one.x, other.y - one.y];
        const distance = Math.hypot(dx, dy) || 1;
        const overlap = one.reach + other.reach + GAP - distance;
        if (overlap <= 0) continue;
        const [x, y] = [(dx / distance) * overlap, (dy / distance) * overlap];
        push(one.nodes, alpha * 0.6, () => [-x, -y]);
        push(other.nodes, alpha * 0.6, () => [x, y]);
      }
    });
  }

  #contain(alpha: number): void {
    const middle = { x: this.#width / 2, y: (this.#height + MARGIN.top - MARGIN.bottom) / 2 };
    for (const node of this.#model.nodes.values()) {
      const pull = alpha * (node.peer.type === 'main' ? 0.5 : 0.02);
      node.vx = (node.vx ?? 0) + (middle.x - (node.x ?? 0)) * pull * (this.#width < this.#height ? 2 : 1);
      node.vy = (node.vy ?? 0) + (middle.y - (node.y ?? 0)) * pull * (this.#width > this.#height ? 2 : 1);
      node.x = clamp(node.x ?? 0, MARGIN.x, this.#width - MARGIN.x);
      node.y = clamp(node.y ?? 0, MARGIN.top, this.#height - MARGIN.bottom);
    }
  }
}

/** The peers of each process; a ghost is in none. */
export function processes(nodes: Iterable<Node>): Map<string, [Node, ...Node[]]> {
  const groups = new Map<string, [Node, ...Node[]]>();
  for (const node of nodes) {
    const process = node.state === 'gone' ? `gone ${node.peer.id}` : node.peer.process.id;
    const known = groups.get(process);
    if (known) known.push(node);
    else groups.set(process, [node]);
  }
  return groups;
}

function push(nodes: readonly Node[], strength: number, towards: (node: Node) => readonly [number, number]): void {
  for (const node of nodes) {
    const [x, y] = towards(node);
    node.vx = (node.vx ?? 0) + x * strength;
    node.vy = (node.vy ?? 0) + y * strength;
  }
}

function mean(nodes: readonly Node[], of: (node: Node) => number): number {
  return nodes.reduce((sum, node) => sum + of(node), 0) / nodes.length;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(Math.max(least, most), value));
}
