import type { Row } from '../main/row.js';
import { oneByOne } from '../contest/ways.js';

const SEATS = 10;

export const joins: Row = {
  name: 'joins',
  title: '100 joins at once, 10 in each of 10 windows, until all know of all',
  unit: 'ms',
  contenders: ['portmesh'],
  targets: [{ atMost: 1000 }],
  receivers: 10,
  run: oneByOne(async ({ receivers }, scaled) => {
    const seats = scaled(SEATS);
    const prefix = `at-once-${++lastRound}-`;
    const others = receivers.length * seats - 1;
    const start = Date.now();
    const ends = await Promise.all(
      receivers.map(({ page }, window) => {
        const names = Array.from({ length: seats }, (_, seat) => `${prefix}${window}-${seat}`);
        return page.call('joinAtOnce', names, prefix, others);
      }),
    );
    await Promise.all(receivers.map(({ page }) => page.call('removePeers')));
    return Math.max(...ends) - start;
  }),
};

/** So that nobody is taken for one that has left. */
let lastRound = 0;
