import { claim, discard } from '../core/bus/producer.js';
import type { Lowered } from './lower.js';
import type { Passed, Room } from './passed.js';
import type { References } from './wire.js';

let lastId = 0;

/**
 * One more counts on each of these of ours. What the peer has already is the same thing there each time; but what is given with the
 * answer to a call of that `number` is found by it, until that is known to be taken.
 * @param lent gets them
 */
export function lendAll(room: Room, { found, places }: Lowered, lent: Passed[], number?: number): References {
  const ids: Record<number, unknown> = {};
  found.forEach((target, i) => {
    const by = number ? `${number}:${i}` : target;
    let each = room.get(by);
    if (!each) {
      const key = typeof target === 'function' ? ++lastId : -++lastId;
      each = { key, by, target, room, uses: 0 };
      if (typeof target !== 'function') {
        claim(target);
        // Nobody else has what a call has returned.
        if (number) each.stop = () => discard(target);
      }
      room.set(key, each).set(by, each);
    }
    each.uses++;
    lent.push(each);
    ids[places[i] as number] = each.key;
  });
  return ids;
}
