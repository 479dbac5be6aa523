import type { Passed, Room } from './passed.js';

let lastId = 0;

/**
 * One more counts on each of these of ours. What the peer has already is the same thing there each time; but what is given with the
 * answer to a call of that number is found by it, until that is known to be taken.
 */
export function lendAll(room: Room, found: readonly object[], number?: number): Passed[] {
  return found.map((target, i) => {
    const by = number ? `${number}:${i}` : target;
    let lent = room.get(by);
    if (!lent) {
      const key = typeof target === 'function' ? ++lastId : -++lastId;
      lent = { key, by, target, room, uses: 0 };
      room.set(key, lent).set(by, lent);
    }
    lent.uses++;
    return lent;
  });
}
