import type { Kind, Talker } from '../kind.js';

const ONE = 'soak:event';
const ALL = 'soak:broadcast';
const BURST = 30;
/** Of the events: its listener throws */
const LOUD = 0.02;

/** Bursts to one peer: in order, none twice, none missing. */
export const events: Kind = {
  name: 'events',
  weight: 8,
  serve(seat) {
    seat.bus.on(ONE, (event, number, loud) => {
      seat.received('one', event.sender, number);
      if (loud) throw new RangeError('of the listener');
    });
  },
  act(seat) {
    const peer = seat.listener(ONE);
    if (!peer) return;
    for (let left = seat.random.between(1, BURST); left > 0; left--) {
      seat.bus.to(peer).send(ONE, seat.order.next(peer), seat.random.chance(LOUD), { left, text: `${left} more` });
      seat.order.sent(peer);
      seat.report.count('events');
    }
  },
};

const numbers = new WeakMap<Talker, number>();

/** Bursts to everybody. */
export const broadcasts: Kind = {
  name: 'broadcasts',
  weight: 4,
  serve(seat) {
    seat.bus.on(ALL, (event, number) => seat.received('all', event.sender, number));
  },
  act(seat) {
    for (let left = seat.random.between(1, BURST); left > 0; left--) {
      const number = (numbers.get(seat) ?? 0) + 1;
      numbers.set(seat, number);
      seat.bus.send(ALL, number, ['to all', left]);
      seat.report.count('broadcasts');
    }
  },
};
