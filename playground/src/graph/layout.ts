import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  type Simulation,
  type SimulationLinkDatum,
} from 'd3-force';
import { placeNames } from '../places.js';
import { part } from '../ui/dom.js';
import type { Model, Spot } from './model.js';

/** In a narrow window, everything is drawn smaller, for processes to stay apart. */
export const isSmall = (width: number): boolean => width < 560;
/** The room around each that is its own, in pixels. */
const roomOf = ({ look }: Spot, small: boolean): number => (look === 'gateway' ? 44 : 50) - (small ? 12 : 0);
/** What is kept free at the edges: sides, top (with a process' label), bottom (with the legend). */
const MARGIN = { x: 74, small: 44, top: 76, bottom: 88 };
/** The room between the outlines of two processes: for a label at least. */
const GAP = { wide: 56, small: 20 };
/** An eighth of a turn. */
const ASIDE = Math.SQRT1_2;
/** How strongly each is drawn to where it belongs; all others only a little, to the middle. */
const pulls: Partial<Readonly<Record<Spot['look'], number>>> = { main: 0.5, gateway: 0.3 };

type Pull = SimulationLinkDatum<Spot>;

/** Where peers are: those of one process together, main in the middle of it all. */
export class Layout {
  readonly #model: Model;
  readonly #simulation: Simulation<Spot, Pull>;
  readonly #room = forceCollide<Spot>((spot) => roomOf(spot, this.#small));
  readonly #links = forceLink<Spot, Pull>().distance(260).strength(0.006);
  #width = 600;
  #height = 400;

  constructor(model: Model, onTick: () => void) {
    this.#model = model;
    this.#simulation = forceSimulation<Spot, Pull>()
      .force('charge', forceManyBody<Spot>().strength(-700).distanceMax(420))
      .force('collide', this.#room)
      .force('links', this.#links)
      .force('processes', (alpha: number) => this.#gather(alpha))
      .force('frame', (alpha: number) => this.#contain(alpha))
      .velocityDecay(0.45)
      .alphaDecay(0.035)
      .on('tick', onTick)
      .on('end', () => this.#settle(true));
  }

  get #small(): boolean {
    return isSmall(this.#width);
  }

  /** Everybody stays where they were, as seen from the edges: what is drawn fills the room that there is. */
  resize(width: number, height: number): void {
    for (const spot of this.#model.spots.values()) {
      spot.x = ((spot.x ?? 0) * width) / this.#width;
      spot.y = ((spot.y ?? 0) * height) / this.#height;
    }
    this.#width = width;
    this.#height = height;
    this.#simulation.nodes(this.#simulation.nodes()); // who measures each anew
    this.#settle(false);
    this.#simulation.alpha(0.5).restart();
  }

  /** Somebody has come or gone. */
  update(): void {
    const spots = [...this.#model.spots.values()];
    for (const spot of spots) if (spot.x === undefined) this.#begin(spot);
    this.#simulation.nodes(spots);
    this.#links.links([...this.#model.edges.values()].map(({ source, target }) => ({ source, target })));
    this.#settle(false);
    this.#simulation.alpha(Math.max(this.#simulation.alpha(), 0.45)).restart();
  }

  /** For who drives the page: whether everybody stands still. */
  #settle(settled: boolean): void {
    part('stage').dataset['settled'] = String(settled);
  }

  /** Always at the same place, so that the picture is the same each time. */
  #begin(spot: Spot): void {
    if (spot.look === 'gateway') return void Object.assign(spot, this.#passage());
    const index = placeNames.findIndex((name) => name === spot.name);
    const angle = ((index < 0 ? Math.random() * placeNames.length : index) / placeNames.length) * 2 * Math.PI;
    const reach = spot.look === 'main' ? 0 : 0.34;
    spot.x = this.#width * (0.5 + reach * Math.sin(angle));
    spot.y = this.#height * (0.5 - reach * Math.cos(angle));
  }

  /** Where the gateway belongs: between those of Electron and those of Node, but aside of main, through which nothing of it goes. */
  #passage(): { x: number; y: number } {
    const nodes = [...this.#model.nodes.values()];
    const sides = [nodes.filter(({ look }) => look === 'node'), nodes.filter(({ look }) => look !== 'node')];
    const middles = sides.filter((side) => side.length > 0).map((side) => ({ x: meanX(side), y: meanY(side) }));
    const [x, y] = [this.#width / 2, this.#height / 2];
    const [dx, dy] = [meanX(middles) - x, meanY(middles) - y];
    return { x: x + (dx - dy) * ASIDE, y: y + (dx + dy) * ASIDE };
  }

  /** Peers of one process move together, and processes apart. */
  #gather(alpha: number): void {
    const groups = [...processes(this.#model.spots.values()).values()].map((spots) => {
      const x = meanX(spots);
      const y = meanY(spots);
      const reach = Math.max(
        ...spots.map((spot) => Math.hypot((spot.x ?? 0) - x, (spot.y ?? 0) - y) + roomOf(spot, this.#small)),
      );
      return { spots, x, y, reach };
    });
    for (const { spots, x, y } of groups) push(spots, alpha * 0.4, (spot) => [x - (spot.x ?? 0), y - (spot.y ?? 0)]);
    groups.forEach((one, index) => {
      for (const other of groups.slice(index + 1)) {
        const [dx, dy] = [other.x - one.x, other.y - one.y];
        const distance = Math.hypot(dx, dy) || 1;
        const overlap = one.reach + other.reach + (this.#small ? GAP.small : GAP.wide) - distance;
        if (overlap <= 0) continue;
        const [x, y] = [(dx / distance) * overlap, (dy / distance) * overlap];
        push(one.spots, alpha * 0.6, () => [-x, -y]);
        push(other.spots, alpha * 0.6, () => [x, y]);
      }
    });
  }

  #contain(alpha: number): void {
    const middle = { x: this.#width / 2, y: (this.#height + MARGIN.top - MARGIN.bottom) / 2 };
    const passage = this.#passage();
    for (const spot of this.#model.spots.values()) {
      const { x, y } = spot.look === 'gateway' ? passage : middle;
      const pull = alpha * (pulls[spot.look] ?? 0.02);
      spot.vx = (spot.vx ?? 0) + (x - (spot.x ?? 0)) * pull * (this.#width < this.#height ? 2 : 1);
      spot.vy = (spot.vy ?? 0) + (y - (spot.y ?? 0)) * pull * (this.#width > this.#height ? 2 : 1);
      const side = this.#small ? MARGIN.small : MARGIN.x;
      spot.x = clamp(spot.x ?? 0, side, this.#width - side);
      spot.y = clamp(spot.y ?? 0, MARGIN.top, this.#height - MARGIN.bottom);
    }
  }
}

/** Those of each process; a ghost is in none. */
export function processes(spots: Iterable<Spot>): Map<string, [Spot, ...Spot[]]> {
  const groups = new Map<string, [Spot, ...Spot[]]>();
  for (const spot of spots) {
    const process = spot.state === 'gone' ? `gone ${spot.name}` : spot.process.id;
    const known = groups.get(process);
    if (known) known.push(spot);
    else groups.set(process, [spot]);
  }
  return groups;
}

function push(spots: readonly Spot[], strength: number, towards: (spot: Spot) => readonly [number, number]): void {
  for (const spot of spots) {
    const [x, y] = towards(spot);
    spot.vx = (spot.vx ?? 0) + x * strength;
    spot.vy = (spot.vy ?? 0) + y * strength;
  }
}

type Placed = Pick<Spot, 'x' | 'y'>;

function meanX(all: readonly Placed[]): number {
  return all.reduce((sum, { x = 0 }) => sum + x, 0) / all.length;
}

function meanY(all: readonly Placed[]): number {
  return all.reduce((sum, { y = 0 }) => sum + y, 0) / all.length;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(Math.max(least, most), value));
}
