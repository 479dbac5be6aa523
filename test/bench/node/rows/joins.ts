import { now } from '../clock.js';
import type { Row } from './row.js';

const PROCESSES = 10;
const SEATS = 100;

export const joins: Row = {
  name: 'node-joins',
  title: '1,000 Node peers join at once, 100 in each of 10 processes, until all know of all',
  unit: 's',
  contenders: ['portmesh'],
  targets: [{ atMost: 30 }],
  async run({ stage, contestants, index, scaled }) {
    const values = new Map<string, number>();
    for (const { name, folder } of contestants) {
      const processes = await Promise.all(Array.from({ length: PROCESSES }, (_, i) => stage.process(`joining ${i}`)));
      const seats = scaled(SEATS);
      const prefix = `at-once-${index}-${++lastRound}-`;
      const others = PROCESSES * seats - 1;
      const start = now();
      const ends = await Promise.all(
        processes.map((each, i) => {
          const names = Array.from({ length: seats }, (_, seat) => `${prefix}${i}-${seat}`);
          return each.call('joinAtOnce', folder, names, prefix, others);
        }),
      );
      values.set(name, (Math.max(...ends) - start) / 1000);
      await Promise.all(processes.map((each) => each.call('removePeers')));
    }
    return values;
  },
};

/** So that nobody is taken for one that has left. */
let lastRound = 0;
