import type { Passed, Room } from './passed.js';

let lastId = 0;

/** For good: the peer has it until it says otherwise. */
export function give(room: Room, target: object, uses = 1): Passed {
  const key = typeof target === 'function' ? ++lastId : -++lastId;
  const lent = { key, target, room, uses };
  room.set(key, lent);
  return lent;
}

/** For a call. What the peer has already is the same thing there each time. */
export function lend(room: Room, target: object): Passed {
  const lent = room.get(target) ?? give(room, target, 0);
  room.set(target, lent);
  lent.uses++;
  return lent;
}
