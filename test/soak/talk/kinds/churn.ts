import type { Registration } from 'portmesh';
import type { Kind, Talker } from '../kind.js';

const CHANNELS = 6;
const WAIT_MS = 500;
const TIMEOUT_MS = 4000;
const channelOf = (number: number): string => `soak:churn:${number}`;

const handling = new WeakMap<Talker, Map<string, Registration>>();

/** Handlers and listeners that come and go, and requests to whoever has one at the moment. */
export const churn: Kind = {
  name: 'churn',
  weight: 4,
  act(seat) {
    const { bus, calls, random, report } = seat;
    const mine = handling.get(seat) ?? new Map<string, Registration>();
    handling.set(seat, mine);
    const channel = channelOf(random.between(1, CHANNELS));
    const known = mine.get(channel);
    if (known) {
      known.dispose();
      mine.delete(channel);
    } else
      mine.set(
        channel,
        bus.handle(channel, () => channel),
      );
    if (random.chance(0.5)) bus.on(channel, () => {});
    else bus.removeAllListeners(channel);
    report.count('changes', 2);

    const asked = channelOf(random.between(1, CHANNELS));
    report.count('requests');
    calls.watch(bus.with({ timeout: TIMEOUT_MS, wait: WAIT_MS }).request(asked), {
      what: `request('${asked}')`,
      within: TIMEOUT_MS,
      codes: ['TIMEOUT', 'NO_HANDLER'],
      problem: (result) => (result === asked ? undefined : `got ${String(result)}`),
    });
  },
};
