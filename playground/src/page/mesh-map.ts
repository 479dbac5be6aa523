import { hueOf, makeSvg, part } from './dom.js';

const WIDTH = 320;
const HEIGHT = 136;
const PILL = { width: 76, height: 24 };

/** Clockwise from the top. Others follow as they come. */
const ORDER = ['main', 'viewer', 'editor'];

/** How somebody on the map is doing. */
export type NodeState = 'here' | 'gone' | 'blocked';

/** A picture of the mesh: who is there, and over which of its own links this window is exchanging something. */
export class MeshMap {
  readonly #svg = makeSvg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}` });
  readonly #self: string;
  readonly #names = [...ORDER];
  readonly #states = new Map<string, NodeState>();
  readonly #flows = new Map<string, SVGElement>();
  readonly #pills = new Map<string, SVGElement>();

  constructor(self: string) {
    this.#self = self;
    this.#svg.setAttribute('aria-hidden', 'true');
    part('mesh-map').append(this.#svg);
    this.#draw();
  }

  set(name: string, state: NodeState): void {
    if (!this.#names.includes(name)) {
      this.#names.push(name);
      this.#draw();
    }
    this.#states.set(name, state);
    this.#show(name);
  }

  /** @param flowing whether anything came over the link to `name` just now */
  flow(name: string, flowing: boolean): void {
    this.#flows.get(name)?.setAttribute('data-flowing', String(flowing));
  }

  #draw(): void {
    this.#svg.replaceChildren();
    const places = this.#names.map((name, index) => [name, this.#place(index)] as const);
    places.forEach(([from, a], index) => {
      for (const [to, b] of places.slice(index + 1)) {
        const other = from === this.#self ? to : to === this.#self ? from : undefined;
        const ends = { x1: a.x, y1: a.y, x2: b.x, y2: b.y };
        this.#svg.append(makeSvg('line', { ...ends, class: 'line' }));
        if (other === undefined) continue;
        const flow = makeSvg('line', { ...ends, class: 'flow', 'data-hue': hueOf(other) });
        this.#svg.append(flow);
        this.#flows.set(other, flow);
      }
    });
    for (const [name, { x, y }] of places) {
      const box = { x: x - PILL.width / 2, y: y - PILL.height / 2, ...PILL, rx: PILL.height / 2 };
      const text = makeSvg('text', { x, y });
      text.textContent = name;
      const pill = makeSvg('g', { class: 'pill', 'data-hue': hueOf(name), 'data-self': String(name === this.#self) });
      pill.append(makeSvg('rect', box), text);
      this.#svg.append(pill);
      this.#pills.set(name, pill);
      this.#show(name);
    }
  }

  #show(name: string): void {
    this.#pills.get(name)?.setAttribute('data-state', this.#states.get(name) ?? 'gone');
  }

  /** On an ellipse; it reaches as far down as its lowest one, wherever that is. */
  #place(index: number): { x: number; y: number } {
    const count = this.#names.length;
    const angle = (each: number): number => (each / count) * 2 * Math.PI;
    const lowest = 1 - Math.cos(angle(Math.floor(count / 2)));
    return {
      x: WIDTH / 2 + ((WIDTH - PILL.width) / 2 - 2) * Math.sin(angle(index)),
      y: PILL.height / 2 + 2 + (HEIGHT - PILL.height - 4) * ((1 - Math.cos(angle(index))) / lowest),
    };
  }
}
