import { expect, it } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import { Asked } from '../../../../src/node/client/asked.js';

it('fails what has no answer yet, once', () => {
  const asked = new Asked();
  for (const message of [
    [control.SYNC, 1],
    [control.CONFIRM, 2],
    [control.QUERY, 3],
    [control.QUERY, 4],
    [control.SYNC, 5],
    [control.CHANGES, 6, []],
  ]) {
    asked.said(message);
  }
  asked.told([control.SYNCED, 1]);
  asked.told([control.QUERY, 3, {}]);
  asked.told([control.FAILED, 4, 'NOT_AUTHORIZED', '']);
  asked.told([control.ASK, 5]); // a token of the broker's
  expect(asked.fail('gone')).toEqual([
    [control.FAILED, 2, 'BRIDGE_GONE', 'gone'],
    [control.FAILED, 5, 'BRIDGE_GONE', 'gone'],
  ]);
  expect(asked.fail('gone')).toEqual([]);
});
