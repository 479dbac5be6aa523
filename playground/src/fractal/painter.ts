// The service's implementation. It is an EventEmitter: what it emits, the users of the service hear.

import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Peer } from 'portmesh';
import { currentCall } from 'portmesh/service';
import type { Place } from '../place/place.js';
import { patience, stepsAway } from './mandelbrot.js';
import { home, type Band, type Fractal, type FractalEvents, type Glance, type View } from './service.js';

/** Pixels that one number stands for: first all of the picture so, then so. */
const SCALES = [8, 1];
/** Numbers in a band, about: what is computed between two looks at what else there is to do. */
const BAND = 6000;
const MAX_SIDE = 4096;
/** Closer than that, the numbers of a computer are too coarse. */
const SMALLEST = 1e-11;
const GLANCES = 12;
/** Milliseconds for each: for who watches. */
const GLANCE_MS = 60;

export class Painter extends EventEmitter<FractalEvents> implements Fractal {
  readonly #place: Place;
  #view = home;

  constructor(place: Place) {
    super();
    this.#place = place;
  }

  async view(): Promise<View> {
    return this.#view;
  }

  async go(view: View): Promise<void> {
    this.#go(view, this.#called());
  }

  paint(view: View, width: number, height: number): AsyncIterable<Band> {
    return this.#paint(this.#called(), view, Math.min(width, MAX_SIDE), Math.min(height, MAX_SIDE));
  }

  async explore(onGlance: (glance: Glance) => void): Promise<View> {
    const sender = this.#called();
    const here = this.#view.height < SMALLEST * 100 ? home : this.#view;
    let best: Glance | undefined;
    for (let count = 0; count < GLANCES; count++) {
      const view = {
        x: nearby(here.x, here),
        y: nearby(here.y, here),
        height: here.height * (0.1 + Math.random() * 0.2),
      };
      const glance = { view, worth: worthOf(view) };
      onGlance(glance);
      if (!best || glance.worth > best.worth) best = glance;
      await pause(GLANCE_MS);
    }
    this.#go(best?.view ?? home, sender);
    return this.#view;
  }

  #go({ x, y, height }: View, by: Peer): void {
    this.#view = { x, y, height: Math.min(Math.max(height, SMALLEST), home.height * 2) };
    this.emit('moved', this.#view, by.name);
  }

  async *#paint(user: Peer, view: View, width: number, height: number): AsyncGenerator<Band> {
    const line = this.#place.journal
      .add('served', { peer: user.name }, ` has a picture painted, ${width} × ${height}`)
      .open();
    let bands = 0;
    try {
      for (const scale of SCALES) {
        const rows = Math.ceil(BAND / Math.ceil(width / scale)) * scale;
        for (let y = 0; y < height; y += rows) {
          yield { y, scale, steps: computeBand(view, width, height, y, Math.min(y + rows, height), scale) };
          bands++;
          this.#place.traffic.count(user, 'out', 'item');
          await nextTurn(); // others have questions too
        }
      }
    } finally {
      line.settle('done', `${bands} bands`);
    }
  }

  /** By whom: in each method, and before anything is waited for. */
  #called(): Peer {
    const { sender } = currentCall();
    this.#place.traffic.count(sender, 'in', 'request');
    this.#place.traffic.count(sender, 'out', 'answer');
    return sender;
  }
}

function computeBand(view: View, width: number, height: number, from: number, to: number, scale: number): Float32Array {
  const across = Math.ceil(width / scale);
  const steps = new Float32Array(across * Math.ceil((to - from) / scale));
  const size = view.height / height;
  const most = patience(view);
  let index = 0;
  for (let row = from; row < to; row += scale) {
    const y = view.y + (row + scale / 2 - height / 2) * size;
    for (let column = 0; column < width; column += scale) {
      steps[index++] = stepsAway(view.x + (column + scale / 2 - width / 2) * size, y, most);
    }
  }
  return steps;
}

function nearby(at: number, { height }: View): number {
  return at + (Math.random() - 0.5) * height;
}

/** A place is worth as much as neighbours differ there, unless most of it stays. */
function worthOf(view: View): number {
  const [width, height] = [24, 16]; // as they are drawn
  const steps = computeBand(view, width, height, 0, height, 1);
  let [different, staying] = [0, 0];
  steps.forEach((each, index) => {
    if (each === 0) staying++;
    else different += Math.min(1, Math.abs(Math.log2(each / (steps[index - 1] || each))));
  });
  return staying > steps.length / 3 ? 0 : different / steps.length;
}
