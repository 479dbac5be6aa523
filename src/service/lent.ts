import { claim, discard } from '../core/bus/producer.js';
import type { ServedRequest } from '../core/bus/events.js';
import type { Lowered } from './lower.js';
import type { Passed, Room } from './passed.js';
import { REFERENCES, type References } from './wire.js';

let lastId = 0;

/**
 * One more counts on each of these of ours. What the peer has already is the same thing there each time; but what is given with the
 * answer to a call is found by its number, until that is known to be taken.
 * @param lent gets them
 */
export function lendAll(room: Room, { found, places }: Lowered, lent: Passed[], call?: ServedRequest): References {
  const ids: Record<number, unknown> = {};
  found.forEach((target, i) => {
    const by = call ? `${call.id}:${i}` : target;
    let each = room.get(by);
    if (!each) {
      const key = typeof target === 'function' ? ++lastId : -++lastId;
      each = { key, by, target, room, uses: 0, channel: call?.channel ?? REFERENCES, label: call?.label };
      if (typeof target !== 'function') {
        claim(target);
        // Nobody else has what a call has returned.
        if (call) each.stop = () => discard(target);
      }
      room.set(key, each).set(by, each);
    }
    each.uses++;
    lent.push(each);
    ids[places[i] as number] = each.key;
  });
  return ids;
}
