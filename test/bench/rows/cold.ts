import type { Row } from '../main/contest.js';
import { median } from '../main/ways.js';

const PAIRS = 30;
const IDLE_MS = 100;
/** The same after the same pause: what waking up costs is no one's merit. */
const AGAIN = 'the second, in the same state';
const WARM = 'warm, one after the other';
const RAW = 'raw port, handed over by main';

export const coldIdle: Row = {
  name: 'cold-request',
  title: 'first request to a peer never spoken to, idle app, p50',
  unit: 'ms',
  contenders: ['portmesh', 'relay through main'],
  targets: [{ peer: AGAIN, atMost: 4 }],
  run: first(IDLE_MS),
};

export const coldBusy: Row = {
  name: 'cold-request-busy',
  title: 'first request to a peer never spoken to, amid traffic, p50',
  unit: 'ms',
  contenders: ['portmesh', 'relay through main'],
  targets: [],
  run: first(0),
};

/** Each peer has a name and a seat of its own, so that each first request makes a new link. */
function first(idle: number): Row['run'] {
  return async ({ stage, index, scaled, fail }) => {
    const { client, server } = await stage.pair('mesh');
    const names = Array.from({ length: scaled(PAIRS) }, (_, each) => `cold-${idle}-${index}-${each}`);
    await server.page.call('addPeers', names);
    const { cold, again, warm } = await client.page.call('cold', names, idle);
    await server.page.call('removePeers');
    const values = new Map([
      ['portmesh', median(cold)],
      [AGAIN, median(again)],
      [WARM, median(warm)],
    ]);
    try {
      values.set(RAW, median(await client.preload.call('introduce', scaled(PAIRS), idle)));
    } catch (error) {
      fail(RAW, error);
    }
    return values;
  };
}
