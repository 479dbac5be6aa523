import { expect, it } from 'vitest';
import type { Chair } from '../../../../src/core/broker/chair.js';
import { readControl, type ControlSink } from '../../../../src/core/broker/control-reader.js';
import { BYE } from '../../../../src/core/broker/control.js';

it.each([null, undefined, 5, 'x', {}])('what comes behind a BYE is not looked at, whatever it is: %s', (last) => {
  let seated = true;
  const sink: Partial<ControlSink> = { bye: () => void (seated = false), seated: () => seated };
  const closed: string[] = [];
  const ports = [{ close: () => closed.push('first') }, { close: () => closed.push('second') }];
  expect(readControl({} as Chair, [[BYE], last], ports, sink as ControlSink)).toBe(true);
  expect(closed).toEqual(['first', 'second']);
});
