import type { Row } from '../main/row.js';
import { handOver } from '../main/wiring.js';

const CALLS = 100;

export const crash: Row = {
  name: 'crash',
  title: '100 pending calls rejected after a renderer crash',
  unit: 'ms',
  contenders: ['portmesh'],
  targets: [{ atMost: 250 }],
  async run({ stage }) {
    const { client } = await stage.pair('mesh');
    const victim = await stage.open('mesh');
    const name = new URL(victim.contents.getURL()).hash.slice(1);
    handOver('victim', client.contents, victim.contents);
    await victim.page.call('neverAnswer', CALLS);
    await client.page.call('leavePending', name, CALLS);
    const start = Date.now();
    victim.contents.forcefullyCrashRenderer();
    const { rejected, closed } = await client.page.call('whenGone');
    victim.contents.close();
    return new Map([
      ['portmesh', rejected - start],
      ["a raw port's close event", closed - start],
    ]);
  },
};
