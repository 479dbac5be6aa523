import { describe, expect, it, vi } from 'vitest';
import { invalid, MeshError, notCloneable, show } from '../../../../src/core/errors/mesh-error.js';

/** The class as another copy of the library has it. */
async function otherCopy(): Promise<typeof MeshError> {
  vi.resetModules();
  const copy = await import('../../../../src/core/errors/mesh-error.js');
  expect(copy.MeshError).not.toBe(MeshError);
  return copy.MeshError;
}

describe('MeshError', () => {
  it('has a code, a message, a name, and a stack that begins where it was made', () => {
    const error = new MeshError('TIMEOUT', 'too late');
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toBe('TIMEOUT');
    expect(String(error)).toBe('MeshError: too late');
    expect(error.stack?.split('\n')[1]).toContain('mesh-error.test');
  });

  it('has cause and reason only where they were given, be it as undefined', () => {
    const plain = new MeshError('TIMEOUT', 'x');
    expect('cause' in plain || 'reason' in plain).toBe(false);
    expect('cause' in new MeshError('TIMEOUT', 'x', { cause: undefined })).toBe(true);
    expect(new MeshError('PEER_GONE', 'x', { reason: 'crashed', cause: 0 })).toMatchObject({
      reason: 'crashed',
      cause: 0,
    });
    expect('reason' in new MeshError('PEER_GONE', 'x', { reason: undefined })).toBe(false);
  });

  it('lists nothing but its code', () => {
    expect(Object.keys(new MeshError('TIMEOUT', 'x'))).toEqual(['code']);
  });

  it('invalid() names the call before the problem', () => {
    expect(invalid('to(target)', 'no target.')).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'to(target): no target.',
    });
  });
});

describe('show', () => {
  it.each<[unknown, string]>([
    ['text', "'text'"],
    ['x'.repeat(500), `'${'x'.repeat(100)}'`],
    [-0.5, '-0.5'],
    [NaN, 'NaN'],
    [5n, 'bigint'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'symbol'],
    [Object.create(null), 'object'],
    [{ toString: 1 }, 'object'],
  ])('says %# in a few words', (value, words) => {
    expect(show(value)).toBe(words);
  });
});

function rejectionOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('notCloneable', () => {
  it('says what the platform said, with its error for a cause', () => {
    const cause = new DOMException('no', 'DataCloneError');
    expect(notCloneable(cause, 'send: ')).toMatchObject({ code: 'NOT_CLONEABLE', message: 'send: no', cause });
    const first = notCloneable(cause);
    expect(notCloneable(first, 'again: '), 'the first cause, not a chain').toMatchObject({
      message: 'again: no',
      cause,
    });
  });

  it('says once what to do where the platform only says that something could not be cloned', () => {
    const first = notCloneable(rejectionOf(() => structuredClone(() => {})));
    expect(first.message).toMatch(/cloned\. Send plain data; functions go with services, or Comlink's proxy\(\)\.$/);
    expect(notCloneable(first, 'send: ').message).toBe(`send: ${first.message}`);
  });

  it('leaves a LIMIT what it is', () => {
    const limit = new MeshError('LIMIT', 'too much');
    expect(notCloneable(limit, 'send: ')).toMatchObject({ code: 'LIMIT', message: 'send: too much' });
  });

  it.each([undefined, null, 'text', 5])('does with what is no error: %s', (thrown) => {
    expect(notCloneable(thrown)).toMatchObject({ code: 'NOT_CLONEABLE', cause: thrown });
  });
});

describe('MeshError.is', () => {
  it('tells by brand, and by code where one is given', () => {
    const error: unknown = new MeshError('TIMEOUT', 'x');
    expect(MeshError.is(error)).toBe(true);
    expect(MeshError.is(error, 'TIMEOUT')).toBe(true);
    expect(MeshError.is(error, 'ABORTED')).toBe(false);
  });

  it('knows an error of another copy of the library, and the other way round', async () => {
    const Other = await otherCopy();
    expect(new Other('LIMIT', 'x')).not.toBeInstanceOf(MeshError);
    expect(MeshError.is(new Other('LIMIT', 'x'), 'LIMIT')).toBe(true);
    expect(Other.is(new MeshError('LIMIT', 'x'), 'LIMIT')).toBe(true);
  });

  it.each([undefined, null, 'MeshError', 5, {}, new Error('x'), { name: 'MeshError', code: 'TIMEOUT' }, () => {}])(
    'takes nothing else for one: %s',
    (value) => {
      expect(MeshError.is(value)).toBe(false);
    },
  );

  it('a clone is none: the brand does not travel', () => {
    expect(MeshError.is(structuredClone(new MeshError('TIMEOUT', 'x')))).toBe(false);
  });
});
