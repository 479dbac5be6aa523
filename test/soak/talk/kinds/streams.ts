import type { Kind, Talker } from '../kind.js';

const CHANNEL = 'soak:stream';
const TIMEOUT_MS = 20_000;
const MOST = 3000;
/** Of the streams: left in the middle */
const BREAKS = 0.3;
/** Of the items: their consumer takes its time */
const SLOW = 0.01;
const SLOW_MS = 20;

/** Items in order, none twice, none missing; left in the middle now and then. The producer always gets to its `finally`. */
export const streams: Kind = {
  name: 'streams',
  weight: 1,
  serve({ bus, report }) {
    bus.handle(CHANNEL, async function* (_, count) {
      report.count('streams served');
      try {
        for (let i = 0; i < count; i++) yield i;
      } finally {
        report.count('streams ended');
      }
    });
  },
  act(talker) {
    const { calls, random, report } = talker;
    report.count('streams');
    calls.watch(take(talker, random.between(0, MOST), random.chance(BREAKS)), {
      what: `stream('${CHANNEL}')`,
      within: TIMEOUT_MS,
      codes: ['TIMEOUT', 'NO_HANDLER'],
      problem: (result) => result as string | undefined,
    });
  },
};

/** What is wrong with the items, if anything is. */
async function take({ bus, random, report }: Talker, count: number, breaks: boolean): Promise<string | undefined> {
  const end = breaks ? random.between(0, count) : count;
  let next = 0;
  for await (const item of bus.with({ timeout: TIMEOUT_MS }).stream(CHANNEL, count)) {
    if (item !== next) return `item ${String(item)} came in the place of ${next}`;
    if (++next > end) return undefined;
    report.count('items');
    if (random.chance(SLOW)) await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  }
  return next === count ? undefined : `it ended behind ${next} items of ${count}`;
}
