import { expect, it } from 'vitest';
import { Allowance } from '../../../../src/core/broker/allowances.js';
import type { Chair } from '../../../../src/core/broker/chair.js';
import { readControl, type ControlSink } from '../../../../src/core/broker/control-reader.js';
import { BYE, OPEN } from '../../../../src/core/broker/control.js';

const behind: [string, unknown][] = [
  ['null', null],
  ['nothing', undefined],
  ['a number', 5],
  ['a text', 'x'],
  ['an object', {}],
  ['an OPEN', [OPEN, 'peer', 0, 0]],
];

it.each(behind)('what comes behind a BYE is not looked at, and its ports are closed: %s', (_, last) => {
  const chair = { allowance: new Allowance() } as Chair;
  let seated = true;
  const sink: Partial<ControlSink> = { bye: () => void (seated = false), seated: () => seated };
  const closed: string[] = [];
  const ports = [{ close: () => closed.push('first') }, { close: () => closed.push('second') }];
  expect(readControl(chair, [[BYE], last], ports, sink as ControlSink)).toBe(true);
  expect(closed).toEqual(['first', 'second']);
});
