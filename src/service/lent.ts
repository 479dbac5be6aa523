import type { Passed, Room } from './passed.js';

let lastId = 0;

/**
 * One more counts on something of ours.
 * @param by what it is found by besides its id: itself, so that it is the same thing there each time, or what it was given with
 */
export function lend(room: Room, target: object, by: unknown = target): Passed {
  let lent = room.get(by);
  if (!lent) {
    const key = typeof target === 'function' ? ++lastId : -++lastId;
    lent = { key, by, target, room, uses: 0 };
    room.set(key, lent).set(by, lent);
  }
  lent.uses++;
  return lent;
}
