import { proxy, releaseProxy } from 'comlink';
import { wrap } from 'portmesh/comlink';
import type { PlaygroundBus } from '../channels.js';
import { EVERYBODY } from './deeds.js';
import type { Line } from './journal.js';
import type { Point, Scene } from './scene.js';
import { sleep } from './sleep.js';
import type { Traffic } from './traffic.js';

const DANCERS = 6;
/** Milliseconds between two steps. */
const STEP_MS = 420;

/** Dances in the scenes of windows: each step is a call from here. */
export class Dancing {
  readonly #traffic: Traffic;
  #stop = new AbortController();
  #dances = 0;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  /** Returns whether there was something to stop. */
  stop(): boolean {
    this.#stop.abort();
    this.#stop = new AbortController();
    return this.#dances > 0;
  }

  async dance(bus: PlaygroundBus, to: string, line: Line): Promise<void> {
    this.#dances++;
    await this.#dance(bus, to, line).finally(() => this.#dances--);
  }

  async #dance(bus: PlaygroundBus, to: string, line: Line): Promise<void> {
    const { signal } = this.#stop;
    const circle = new Circle();
    let clicks = 0;
    line.open('comes');
    const scene = await wrap<Scene>(to === EVERYBODY ? bus : bus.to(to), 'scene');
    const onClick = proxy((at: Point) => {
      clicks++;
      circle.middle = at;
    });
    const entered = scene.enter({ by: bus.self.name, count: DANCERS }, onClick);
    // What it returned lives on.
    const troupe = await entered.finally(() => scene[releaseProxy]());
    try {
      for (let step = 0; !signal.aborted; step++) {
        await troupe.move(circle.places(step), STEP_MS);
        for (const peer of bus.peers.named(to)) this.#traffic.count(peer, 'out', 'point');
        line.open(`${step} steps, ${calledBack(clicks)}`);
        await sleep(STEP_MS, signal).catch(() => {});
      }
      line.settle('done', `left, ${calledBack(clicks)}`);
    } finally {
      troupe[releaseProxy](); // and they leave
    }
  }
}

function calledBack(clicks: number): string {
  return `called back for ${clicks} click${clicks === 1 ? '' : 's'}`;
}

/** Where dancers go: around, by turns close together and far apart. */
class Circle {
  middle: Point = { x: 0.3 + Math.random() * 0.4, y: 0.35 + Math.random() * 0.3 };
  readonly #size = 0.13 + Math.random() * 0.15;
  readonly #turn = (Math.random() < 0.5 ? -1 : 1) * (0.5 + Math.random() * 0.4);

  places(step: number): Point[] {
    const size = this.#size * (step % 4 === 3 ? 0.45 : 1);
    return Array.from({ length: DANCERS }, (_, index) => {
      const angle = step * this.#turn + (index / DANCERS) * 2 * Math.PI;
      return { x: this.middle.x + size * Math.cos(angle), y: this.middle.y + size * Math.sin(angle) };
    });
  }
}
