import type { Kind } from '../kind.js';

const ECHO = 'soak:echo';
const ANYBODY = 'soak:anybody';
const SLOW = 'soak:slow';
const THROW = 'soak:throw';
const BURST = 10;
const TIMEOUT_MS = 4000;
/** Longer than some time-outs, so that some are cancelled at the other side. */
const SLOW_MS = 1500;

/** Of one peer, which are in one order with the events for it, and of anybody but oneself. */
export const requests: Kind = {
  name: 'requests',
  weight: 8,
  serve(seat) {
    seat.bus.handle(ECHO, (event, number, value) => {
      seat.received('one', event.sender, number);
      return [number, value];
    });
    seat.bus.handle(ANYBODY, async () => seat.bus.self.id);
  },
  act(seat) {
    const { bus, calls, order, random, report } = seat;
    const within = { within: TIMEOUT_MS, codes: ['TIMEOUT', 'NO_HANDLER'] } as const;
    const peer = seat.handler(ECHO);
    for (let left = peer ? random.between(1, BURST) : 0; peer && left > 0; left--) {
      const number = order.next(peer);
      const call = bus.to(peer).with({ timeout: TIMEOUT_MS }).request(ECHO, number, { left });
      order.sent(peer);
      report.count('requests');
      calls.watch(call, {
        ...within,
        what: `request('${ECHO}')`,
        problem: (result) =>
          JSON.stringify(result) === JSON.stringify([number, { left }]) ? undefined : `got ${JSON.stringify(result)}`,
      });
    }
    report.count('requests');
    calls.watch(bus.with({ timeout: TIMEOUT_MS }).request(ANYBODY), {
      ...within,
      what: `request('${ANYBODY}')`,
      problem: (id) => (id === bus.self.id ? 'was answered by its own bus' : undefined),
    });
  },
};

/** With time-outs and aborts before the answer comes, or about when it comes. */
export const slowRequests: Kind = {
  name: 'slow requests',
  weight: 4,
  serve(seat) {
    seat.bus.handle(
      SLOW,
      (event, ms) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, ms as number, 'slow');
          // It holds nothing longer than its caller waits.
          event.signal.addEventListener('abort', () => {
            clearTimeout(timer);
            seat.report.count('cancelled');
            resolve('cancelled');
          });
        }),
    );
  },
  act({ bus, calls, random, report }) {
    const timeout = random.between(50, TIMEOUT_MS);
    const abort = random.chance(0.3) ? new AbortController() : undefined;
    if (abort) setTimeout(() => abort.abort(), random.between(0, SLOW_MS));
    report.count('requests');
    calls.watch(bus.with({ timeout, signal: abort?.signal }).request(SLOW, random.between(0, SLOW_MS)), {
      what: `request('${SLOW}')`,
      within: timeout,
      codes: ['TIMEOUT', 'NO_HANDLER', ...(abort ? (['ABORTED'] as const) : [])],
      problem: (result) => (result === 'slow' ? undefined : `got ${String(result)}`),
    });
  },
};

/** What a handler throws arrives as itself. */
export const throwingRequests: Kind = {
  name: 'throwing requests',
  weight: 2,
  serve({ bus }) {
    bus.handle(THROW, (_, text) => {
      throw new TypeError(String(text), { cause: 'soak' });
    });
  },
  act({ bus, calls, random, report }) {
    const text = `thrown ${random.between(0, 1e9)}`;
    report.count('requests');
    calls.watch(bus.with({ timeout: TIMEOUT_MS }).request(THROW, text), {
      what: `request('${THROW}')`,
      within: TIMEOUT_MS,
      codes: ['TIMEOUT', 'NO_HANDLER'],
      thrown: (error) => error instanceof TypeError && error.message === text && error.cause === 'soak',
    });
  },
};
