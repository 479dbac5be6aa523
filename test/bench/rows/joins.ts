import type { Row } from '../main/contest.js';
import { oneByOne } from '../main/ways.js';

const SEATS = 10;

export const joins: Row = {
  name: 'joins',
  title: '100 joins at once, 10 in each of 10 windows, until all know of all',
  unit: 'ms',
  contenders: ['portmesh', 'electron-common-ipc'],
  targets: [{ atMost: 1000 }],
  receivers: 10,
  run: oneByOne(async ({ name, receivers }, scaled) => {
    const seats = scaled(SEATS);
    const prefix = `at-once-${++lastRound}-`;
    const others = receivers.length * seats - 1;
    const ours = name === 'portmesh';
    const start = Date.now();
    const ends = await Promise.all(
      receivers.map(({ page }, window) => {
        const names = Array.from({ length: seats }, (_, seat) => `${prefix}${window}-${seat}`);
        return ours ? page.call('joinAtOnce', names, prefix, others) : page.call('joinCommonIpcAtOnce', names);
      }),
    );
    await Promise.all(receivers.map(({ page }) => page.call(ours ? 'removePeers' : 'leaveCommonIpc')));
    return Math.max(...ends) - start;
  }),
};

/** Names are held by their origin; nobody shall meet those that have left. */
let lastRound = 0;
