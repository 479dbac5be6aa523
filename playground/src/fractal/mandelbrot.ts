import { home, type View } from './service.js';

/** Far enough out that what comes is smooth. */
const ESCAPE = 64;

/** How many steps tell that a point stays: the closer one looks, the more. */
export function patience({ height }: View): number {
  return Math.round(90 + 55 * Math.log2(1 + home.height / height));
}

/** How many steps of z² + c lead away from the middle, with fractions; 0: not so many. */
export function stepsAway(x: number, y: number, most: number): number {
  // The heart and the disc beside it, which take longest, are known.
  const q = (x - 0.25) ** 2 + y * y;
  if (q * (q + x - 0.25) <= 0.25 * y * y || (x + 1) ** 2 + y * y <= 0.0625) return 0;
  let [re, im, re2, im2] = [0, 0, 0, 0];
  for (let step = 0; step < most; step++) {
    im = 2 * re * im + y;
    re = re2 - im2 + x;
    re2 = re * re;
    im2 = im * im;
    if (re2 + im2 > ESCAPE) return step + 2 - Math.log2(Math.log2(re2 + im2) / 2);
  }
  return 0;
}
