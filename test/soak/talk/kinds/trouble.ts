import type { Kind } from '../kind.js';

const TIMEOUT_MS = 4000;

/** A channel that nobody handles, and a peer that isn't there. */
export const missing: Kind = {
  name: 'missing',
  weight: 1,
  act({ bus, calls, random, report }) {
    const nobody = random.chance(0.5);
    const caller = (nobody ? bus.to('nobody') : bus).with({ timeout: TIMEOUT_MS });
    report.count('requests');
    calls.watch(caller.request('soak:missing'), {
      what: "request('soak:missing')",
      within: TIMEOUT_MS,
      codes: ['TIMEOUT', nobody ? 'NO_PEER' : 'NO_HANDLER'],
    });
  },
};

/** A value that can't be sent rejects its own call, and no other of the same turn. */
export const unsendable: Kind = {
  name: 'unsendable',
  weight: 1,
  act({ bus, calls, report }) {
    report.count('requests');
    calls.watch(
      bus.with({ timeout: TIMEOUT_MS }).request('soak:anybody', () => {}),
      {
        what: 'a request with a function',
        within: TIMEOUT_MS,
        codes: ['NOT_CLONEABLE'],
      },
    );
  },
};
