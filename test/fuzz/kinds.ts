import * as control from '../../src/core/broker/control.js';
import * as wire from '../../src/core/wire/frames.js';

/** The kinds of a wire by what its module exports, so that a new one is fuzzed as soon as it is there. */
function kindsOf(module: object): ReadonlyMap<number, string> {
  const all = Object.entries(module) as [string, unknown][];
  const isKind = ([name, value]: [string, unknown]): boolean => /^[A-Z]+$/.test(name) && Number.isInteger(value);
  return new Map(all.filter(isKind).map(([name, value]) => [value as number, name]));
}

/** Of frames on a link */
export const frameKinds = kindsOf(wire);
/** Of messages on a control port, in both directions */
export const messageKinds = kindsOf(control);
