import { describe, expect, it } from 'vitest';
import { checkFlow, defaultFlow } from '../../../../src/core/link/flow.js';

describe('flow options', () => {
  it('have defaults, each on its own', () => {
    expect(checkFlow('connect')).toEqual(defaultFlow);
    expect(checkFlow('connect', {})).toEqual(defaultFlow);
    expect(checkFlow('connect', { limit: 5 })).toEqual({ ...defaultFlow, limit: 5 });
    expect(checkFlow('connect', { overflow: 'reject', highWater: Infinity })).toMatchObject({ highWater: Infinity });
  });

  it('know no limit where everything is to be buffered', () => {
    const flow = checkFlow('connect', { overflow: 'buffer', limit: 5, highWater: 7 });
    expect(flow).toEqual({ highWater: 7, limit: Infinity, limitBytes: Infinity });
  });

  it.each([
    [{ highWater: 0 }, 'connect({ flow: { highWater: 0 } }): give a number of 1 or more, or Infinity.'],
    [{ limit: -1 }, 'connect({ flow: { limit: -1 } }): give a number of 1 or more, or Infinity.'],
    [{ limit: '5' }, "connect({ flow: { limit: '5' } }): give a number of 1 or more, or Infinity."],
    [{ limitBytes: NaN }, 'connect({ flow: { limitBytes: NaN } }): give a number of 1 or more, or Infinity.'],
    [{ overflow: 'drop' }, "connect({ flow: { overflow: 'drop' } }): give 'reject' or 'buffer'."],
    [{ overflow: 'drop', limit: 5 }, "connect({ flow: { overflow: 'drop' } }): give 'reject' or 'buffer'."],
    [null, 'connect({ flow }): give an object.'],
    [5, 'connect({ flow }): give an object.'],
  ])('%o is refused, by name', (options, message) => {
    const check = (): unknown => checkFlow('connect', options as object);
    expect(check).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', message }));
  });
});
