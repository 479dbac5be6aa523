// A service, as its provider and its users know it: a picture that is computed in the utility process, and seen in two windows.

import { defineService } from 'portmesh/service';

/** A part of the plane: its middle, and how much of it fits into a picture's height. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** Some rows of a picture. */
export interface Band {
  /** The first row, in pixels */
  readonly y: number;
  /** Pixels that one number stands for, across and down: a picture comes coarse first. */
  readonly scale: number;
  /** Row by row: how long each point took to get away; 0: it stays. */
  readonly steps: Float32Array;
}

/** A place that was looked at. */
export interface Glance {
  readonly view: View;
  /** How much there is to see: the more, the better. */
  readonly worth: number;
}

export interface Fractal {
  /** Where everybody looks. */
  view(): Promise<View>;
  /** Goes there, with everybody. */
  go(view: View): Promise<void>;
  /** The picture. Whoever has enough leaves the loop, and the painter stops. */
  paint(view: View, width: number, height: number): AsyncIterable<Band>;
  /** Looks around for a place with much to see, calls back for each that it considers, and goes to the best. */
  explore(onGlance: (glance: Glance) => void): Promise<View>;
}

export interface FractalEvents {
  moved: [view: View, by: string];
}

export const home: View = { x: -0.6, y: 0, height: 2.5 };

export const fractal = defineService<Fractal, FractalEvents>('fractal', { version: '1.0' });
