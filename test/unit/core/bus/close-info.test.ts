import { expect, it } from 'vitest';
import { closedError } from '../../../../src/core/bus/close-info.js';

it.each([
  [{ reason: 'bye', local: true, detail: '' }, 'CLOSED', 'this bus was closed by its own close().'],
  [
    { reason: 'bridge-gone', local: false, detail: 'it was closed' },
    'BRIDGE_GONE',
    'the bridge is gone (bridge-gone: it was closed).',
  ],
  [
    { reason: 'evicted', local: false, detail: 'too loud' },
    'CLOSED',
    'this bus was ended by the bridge (evicted: too loud). Connect again.',
  ],
  [
    { reason: 'killed', local: false, detail: '' },
    'CLOSED',
    'this bus was ended by the bridge (killed). Connect again.',
  ],
] as const)('a call on a bus that ended with %o says so', (info, code, text) => {
  expect(closedError("send('e')", info)).toMatchObject({ code, message: `send('e'): ${text}` });
});
