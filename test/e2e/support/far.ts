import { beforeAll } from 'vitest';
import type { Place, World } from './place.js';
import { kinds, type Kind } from './places.js';
import { usePlaces } from './set-up.js';

/** Between a window and each kind of place, and back: a title, and what `Far.ends` makes places of. */
export const directions = kinds.flatMap(
  (kind) =>
    [
      [`to a ${kind}`, kind, true],
      [`from a ${kind}`, kind, false],
    ] as const,
);

/** A window called `far`, and a place of each kind, which all are in one mesh. */
export interface Far {
  readonly window: Place;
  place(kind: Kind): Place;
  /** @param outward whether it is the window from which it goes to the other place */
  ends(kind: Kind, outward: boolean): [from: Place, to: Place];
}

/** Has them for a whole suite. @param setUp runs in each of them, and travels as text */
export function useFar(setUp: (world: World) => unknown): Far {
  const places = usePlaces({ per: 'suite' });
  const all = new Map<Kind, Place>();
  let window: Place;

  beforeAll(async () => {
    for (const kind of kinds) all.set(kind, await places.make(kind, `a ${kind}`));
    window = await places.join('b', 'far');
    for (const place of [...all.values(), window]) {
      await place.run(setUp);
      await place.run(async ({ bus }) => {
        while (bus.peers.named('far').length === 0 && bus.self.name !== 'far')
          await new Promise((resolve) => bus.peers.once('join', resolve));
      });
    }
  }, 60_000);

  const far: Far = {
    get window() {
      return window;
    },
    place: (kind) => all.get(kind)!,
    ends: (kind, outward) => (outward ? [far.window, far.place(kind)] : [far.place(kind), far.window]),
  };
  return far;
}
