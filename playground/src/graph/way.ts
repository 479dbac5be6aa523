import type { Spot } from './model.js';

/** A way through the picture, from spot to spot. */
export interface Way {
  /** In pixels */
  readonly length: number;
  /** Where one is after a part of it, from 0 to 1. */
  readonly at: (part: number) => [x: number, y: number];
}

/** @param aside how far to its right one goes, in pixels */
export function along(spots: readonly Spot[], aside: number): Way {
  const legs = spots.slice(1).map((to, index) => {
    const [x, y] = [spots[index]?.x ?? 0, spots[index]?.y ?? 0];
    const [dx, dy] = [(to.x ?? 0) - x, (to.y ?? 0) - y];
    return { x, y, dx, dy, length: Math.hypot(dx, dy) || 1 };
  });
  const length = legs.reduce((sum, leg) => sum + leg.length, 0);
  const at = (part: number): [number, number] => {
    let left = part * length;
    for (const [index, leg] of legs.entries()) {
      if (left > leg.length && index < legs.length - 1) {
        left -= leg.length;
        continue;
      }
      const way = left / leg.length;
      return [
        leg.x + leg.dx * way - (leg.dy / leg.length) * aside,
        leg.y + leg.dy * way + (leg.dx / leg.length) * aside,
      ];
    }
    return [0, 0];
  };
  return { length, at };
}
