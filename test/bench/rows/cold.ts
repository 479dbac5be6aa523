import type { Values } from '../contest/contest.js';
import type { Arena, Row } from '../main/row.js';
import { INTRODUCE, INTRODUCE_UTILITY } from '../main/channels.js';
import { median } from '../contest/ways.js';
import type { ColdSamples } from '../page/measures/cold.js';

const OURS = 'portmesh';
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
  contenders: [OURS],
  targets: [{ peer: AGAIN, atMost: 4 }],
  run: first(IDLE_MS),
};

export const coldBusy: Row = {
  name: 'cold-request-busy',
  title: 'first request to a peer never spoken to, amid traffic, p50',
  unit: 'ms',
  contenders: [OURS],
  targets: [],
  run: first(0),
};

/** Each peer has a name and a seat of its own, so that each first request makes a new link. */
function first(idle: number): Row['run'] {
  return async ({ stage, index, scaled, fail }) => {
    const { client, server } = await stage.pair('mesh');
    const names = freshNames(`cold-${idle}-${index}`, scaled(PAIRS));
    await server.page.call('addPeers', names);
    const samples = await client.page.call('cold', names, idle);
    await server.page.call('removePeers');
    const raw = client.preload.call('introduce', INTRODUCE, names.length, idle);
    return withRaw(valuesOf(samples), raw, fail);
  };
}

const toUtility: Row['run'] = async ({ stage, index, scaled, fail }) => {
  const [{ client }, utility] = [await stage.pair('mesh'), await stage.utility()];
  const names = freshNames(`cold-to-utility-${index}`, scaled(PAIRS));
  await utility.call('addPeers', names);
  const samples = await client.page.call('cold', names, IDLE_MS);
  await utility.call('removePeers');
  const raw = client.preload.call('introduce', INTRODUCE_UTILITY, names.length, IDLE_MS);
  return withRaw(valuesOf(samples), raw, fail);
};

/** It can't make a channel: it has to ask main for one first. */
const fromUtility: Row['run'] = async ({ stage, index, scaled, fail }) => {
  const [{ server }, utility] = [await stage.pair('mesh'), await stage.utility()];
  const names = freshNames(`cold-from-utility-${index}`, scaled(PAIRS));
  await server.page.call('addPeers', names);
  const samples = await utility.call('cold', names, IDLE_MS);
  await server.page.call('removePeers');
  return withRaw(valuesOf(samples), utility.call('introduce', names.length, IDLE_MS), fail);
};

export const coldToUtility: Row = {
  name: 'cold-to-utility',
  title: 'first request R→utility, idle app, p50',
  unit: 'ms',
  contenders: [OURS],
  targets: [],
  run: toUtility,
};

export const coldFromUtility: Row = {
  name: 'cold-from-utility',
  title: 'first request utility→R, idle app, p50',
  unit: 'ms',
  contenders: [OURS],
  targets: [],
  run: fromUtility,
};

function freshNames(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, each) => `${prefix}-${each}`);
}

function valuesOf({ cold, again, warm }: ColdSamples): Values {
  return new Map([
    [OURS, median(cold)],
    [AGAIN, median(again)],
    [WARM, median(warm)],
  ]);
}

async function withRaw(values: Values, raw: Promise<number[]>, fail: Arena['fail']): Promise<Values> {
  try {
    return values.set(RAW, median(await raw));
  } catch (error) {
    fail(RAW, error);
    return values;
  }
}
