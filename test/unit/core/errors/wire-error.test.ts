import assert from 'node:assert';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { decodeError, encodeError, registerError } from '../../../../src/core/errors/wire-error.js';
import { assertSame } from '../../support/same.js';

type AnyError = Error & Record<string, unknown>;

/** As it arrives at the other side of a port. */
function carried(error: unknown): AnyError {
  const wire = encodeError(error);
  if (wire === undefined) throw new Error('it is no error');
  return decodeError(structuredClone(wire), 'there') as AnyError;
}

/** The properties it lists, without those that errors have anyway. */
function ownOf(error: AnyError): Record<string, unknown> {
  return Object.fromEntries(Object.entries(error));
}

function chain(length: number): Error {
  let error = new Error(`0`);
  for (let i = 1; i < length; i++) error = new Error(String(i), { cause: error });
  return error;
}

/** An error, its causes and its errors. */
function countIn(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  const { errors = [], cause } = error as Error & { errors?: unknown[] };
  return [...errors, cause].reduce<number>((sum, each) => sum + countIn(each), 1);
}

function causesOf(error: unknown): number {
  let count = 0;
  for (let each = error; each instanceof Error && each.cause !== undefined; each = each.cause) count++;
  return count;
}

describe('an error that crosses the wire', () => {
  it.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])('stays a %o', (Class) => {
    const error = carried(new Class('what it says'));
    expect(Object.getPrototypeOf(error)).toBe(Class.prototype);
    expect(error.message).toBe('what it says');
    expect(error.name).toBe(Class.name);
    expect(Object.keys(error)).toEqual([]);
  });

  it('keeps message, name and own properties, whatever they are', () => {
    const name = fc.string({ minLength: 1 });
    const own = fc.dictionary(
      fc.string().filter((key) => !['name', 'message', 'stack', 'cause', 'errors', '__proto__'].includes(key)),
      fc.anything({ withDate: true, withBigInt: true, withMap: true }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(Error, TypeError, RangeError),
        fc.string(),
        name,
        own,
        (Class, text, called, properties) => {
          const error = carried(Object.assign(new Class(text), properties, { name: called }));
          assert.ok(error instanceof Class);
          assert.equal(error.message, text);
          assert.equal(error.name, called);
          assertSame(ownOf(error), structuredClone(properties));
        },
      ),
    );
  });

  it('keeps an AggregateError with its errors, of errors and of other things', () => {
    const error = carried(new AggregateError([new TypeError('one'), 'two', undefined, { three: 3 }], 'all'));
    expect(error).toBeInstanceOf(AggregateError);
    const [one, ...others] = (error as unknown as AggregateError).errors as unknown[];
    expect(one).toBeInstanceOf(TypeError);
    expect(others).toEqual(['two', undefined, { three: 3 }]);
  });

  it('keeps a cause, be it an error, another value, or undefined', () => {
    const error = carried(new Error('x', { cause: new RangeError('why', { cause: 'root' }) }));
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).cause).toBe('root');
    expect('cause' in carried(new Error('x', { cause: undefined }))).toBe(true);
    expect('cause' in carried(new Error('x'))).toBe(false);
  });

  it('stays a DOMException, with its name and code', () => {
    const error = carried(new DOMException('stop', 'AbortError'));
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: 'AbortError', message: 'stop', code: 20 });
  });

  it('is a MeshError of this copy of the library if it was one of another', async () => {
    vi.resetModules();
    const other = (await import('../../../../src/core/errors/mesh-error.js')).MeshError;
    expect(other).not.toBe(MeshError);
    const error = carried(new other('LIMIT', 'theirs'));
    expect(MeshError.is(error, 'LIMIT')).toBe(true);
    expect(error).toBeInstanceOf(MeshError);
  });

  it('stays a MeshError, with code and reason', () => {
    const error = carried(new MeshError('PEER_GONE', 'gone', { reason: 'crashed', cause: 1 }));
    expect(MeshError.is(error, 'PEER_GONE')).toBe(true);
    expect(error).toBeInstanceOf(MeshError);
    expect(error).toMatchObject({ reason: 'crashed', cause: 1 });
  });

  it('is of the nearest class known on both sides, where its own is not', () => {
    class NotFound extends RangeError {
      override name = 'NotFound';
    }
    const error = carried(new NotFound('x'));
    expect(Object.getPrototypeOf(error)).toBe(RangeError.prototype);
    expect(error.name).toBe('NotFound');
  });

  it('has its remote stack below the local one, and its message once', () => {
    function remoteFunction(): Error {
      return new Error('it broke');
    }
    const wire = structuredClone(encodeError(remoteFunction()));
    const { stack = '' } = (function localFunction() {
      return decodeError(wire, "request('x') to b, there");
    })();
    expect(stack).toMatch(/localFunction[^]*--- request\('x'\) to b, there ---\n +at remoteFunction/);
    expect(stack.match(/it broke/g)).toHaveLength(1);
  });

  it('leaves out what can not be cloned, and keeps the rest', () => {
    const error = carried(
      Object.defineProperty(Object.assign(new Error('x'), { code: 'E', retry: () => {}, again: Symbol('s') }), 'bad', {
        enumerable: true,
        get() {
          throw new Error('not to be read');
        },
      }),
    );
    expect(ownOf(error)).toEqual({ code: 'E' });
    expect(carried(new Error('x', { cause: () => {} })).cause).toBeUndefined();
  });

  it('carries its properties as they were when it was thrown', () => {
    const details = { n: 1 };
    const wire = encodeError(Object.assign(new Error('x'), { details }));
    details.n = 2;
    expect(decodeError(wire, 'there')).toMatchObject({ details: { n: 1 } });
  });

  it('is followed eight causes deep', () => {
    expect(causesOf(carried(chain(9)))).toBe(8);
    expect(causesOf(carried(chain(100)))).toBe(8);
  });

  it('may be its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(causesOf(carried(error))).toBe(8);
  });

  it('brings 64 errors, and 16,384 characters of a text, at most', () => {
    const many = carried(new AggregateError(Array.from({ length: 100 }, (_, i) => i)));
    expect((many as unknown as AggregateError).errors).toHaveLength(64);
    expect(carried(new Error('x'.repeat(20_000))).message).toHaveLength(16_384);
  });

  it('brings 256 errors and causes in all, however they hang together', () => {
    const error = new AggregateError([], 'round');
    error.errors = Array(64).fill(error);
    error.cause = error;
    expect(countIn(carried(error))).toBe(257);
  });

  it('may be of another realm', () => {
    const foreign = Object.defineProperty(Object.create({ name: 'TypeError' }), 'message', { value: 'from afar' });
    Object.defineProperty(foreign, Symbol.toStringTag, { value: 'Error' });
    const error = carried(foreign);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('from afar');
  });

  it.each([undefined, null, 0, 's', {}, [], { message: 'no error', stack: '' }, () => {}])('%s is none', (value) => {
    expect(encodeError(value)).toBeUndefined();
  });
});

describe('an error for a peer that shall not learn how this one is built', () => {
  const redacted = (error: unknown): AnyError =>
    decodeError(structuredClone(encodeError(error, true)), 'there') as AnyError;

  it('goes without its stack', () => {
    const error = redacted(new RangeError('x'));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.stack?.split('---').at(-1)?.trim()).toBe('');
    expect(
      JSON.stringify(encodeError(new Error('x', { cause: new AggregateError([new Error('y')]) }), true)),
    ).not.toMatch(/wire-error|file:|node_modules/);
  });

  it.each([
    ["ENOENT: no such file, open '/home/me/secret.txt'", "ENOENT: no such file, open '<path>'"],
    ['at file:///home/me/app/main.js:1:2', 'at <path>'],
    ['at (app://editor/src/a.js:1:2)', 'at (<path>)'],
    ['see https://user:pass@host.example/a?token=1 or not', 'see <path> or not'],
    ['C:\\Users\\me\\a.txt', '<path>'],
    ['c:/Users/me/a.txt is gone', '<path> is gone'],
    ['on \\\\server\\share\\a.txt', 'on <path>'],
    ['a/b, 1/2 and ./here stay', 'a/b, 1/2 and ./here stay'],
    ['nothing to hide', 'nothing to hide'],
  ])('says %j as %j', (said, expected) => {
    expect(redacted(new Error(said)).message).toBe(expected);
    expect(redacted(new Error('x', { cause: new Error(said) })).cause).toMatchObject({ message: expected });
    expect(redacted(Object.assign(new Error('x'), { path: said }))['path']).toBe(expected);
    expect(redacted(new Error('x', { cause: said })).cause).toBe(expected);
  });

  it('brings of its own properties plain values only', () => {
    const error = redacted(
      Object.assign(new Error('x'), {
        code: 'ENOENT',
        errno: -2,
        fatal: true,
        request: { headers: ['secret'] },
        when: new Date(),
      }),
    );
    expect(ownOf(error)).toEqual({ code: 'ENOENT', errno: -2, fatal: true, request: undefined, when: undefined });
  });
});

describe('registerError', () => {
  it('makes errors of a class arrive as instances of it, without calling its constructor', () => {
    let made = 0;
    class QuotaError extends RangeError {
      readonly limit: number;

      constructor(limit: number) {
        super(`more than ${limit}`);
        made++;
        this.limit = limit;
      }

      get half(): number {
        return this.limit / 2;
      }
    }
    registerError(QuotaError);
    const error = carried(new QuotaError(10));
    expect(error).toBeInstanceOf(QuotaError);
    expect(error).toMatchObject({ message: 'more than 10', limit: 10, half: 5 });
    expect(made).toBe(1);
  });

  it('takes a name of its own, as minified classes need', () => {
    const Minified = class extends Error {};
    registerError(Minified, 'app.Conflict');
    expect(encodeError(new Minified('x'))?.[0]).toBe('app.Conflict');
    expect(carried(new Minified('x'))).toBeInstanceOf(Minified);
  });

  it('registers a class twice, but not two classes under one name', () => {
    const [First, Second] = [class extends Error {}, class extends Error {}];
    registerError(First, 'app.Taken');
    registerError(First, 'app.Taken');
    expect(() => registerError(Second, 'app.Taken')).toThrow(/^registerError\('app.Taken'\): another class/);
    expect(() => registerError(Second, 'TypeError')).toThrow(MeshError);
  });

  it.each([Object, class NoError {}, () => {}, {}, undefined])('refuses what is no error class: %s', (value) => {
    expect(() => registerError(value as never, 'app.None')).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('a wire that is not to be trusted', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  /** Errors as they are sent, some with a place replaced by something else. */
  const nearlyWire = fc.letrec<{ wire: unknown }>((tie) => ({
    wire: fc.oneof(
      { maxDepth: 4 },
      anything,
      fc.tuple(
        fc.oneof(
          fc.constantFrom('Error', 'TypeError', 'AggregateError', 'DOMException', 'MeshError', '__proto__', 'x'),
          anything,
        ),
        fc.oneof(fc.string(), anything),
        fc.oneof(fc.string(), anything),
        fc.oneof(fc.string(), anything),
        fc.oneof(
          fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'stack', 'code', 'name')), anything),
          anything,
        ),
        fc.oneof(fc.array(fc.tuple(fc.constantFrom(0, 1), tie('wire')), { maxLength: 3 }), anything),
        fc.oneof(fc.tuple(fc.constantFrom(0, 1), tie('wire')), anything),
      ),
    ),
  })).wire;

  it('always becomes an error, with texts for name, message and stack', () => {
    const before = Reflect.ownKeys(Object.prototype).length;
    fc.assert(
      fc.property(nearlyWire, (wire) => {
        const error = decodeError(wire, 'there');
        assert.ok(error instanceof Error);
        assert.deepEqual([typeof error.name, typeof error.message, typeof error.stack], ['string', 'string', 'string']);
        assert.ok(error.stack?.includes('--- there ---'));
      }),
      { numRuns: 3000 },
    );
    expect(Reflect.ownKeys(Object.prototype)).toHaveLength(before);
  });

  it('pollutes no prototype, and takes no other one', () => {
    const own = JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "name": "x"}',
    );
    const error = decodeError(['Error', '', 'm', '', own, null], 'there') as AnyError;
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
    expect(Object.prototype.hasOwnProperty.call(error, '__proto__')).toBe(false);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((new Error('x') as AnyError)['polluted']).toBeUndefined();
    for (const name of ['__proto__', 'constructor', 'toString', 'Object', 'Function']) {
      expect(Object.getPrototypeOf(decodeError([name, '', 'm'], 'there'))).toBe(Error.prototype);
    }
  });

  it('can not replace name, message, stack or cause with what is no text, or no cause of it', () => {
    const own = { name: {}, message: 5, stack: null, cause: 'forged', errors: 'forged' };
    const error = decodeError(['TypeError', 'TypeError', 'm', '', own, null], 'there') as AnyError;
    expect(error.name).toBe('TypeError');
    expect(error.message).toBe('m');
    expect(error.stack).toContain('--- there ---');
    expect('cause' in error || 'errors' in error).toBe(false);
  });

  it('is followed eight levels deep, and round a cycle no further', () => {
    const cyclic: unknown[] = ['Error', 'Error', 'm', '', {}, null];
    cyclic[6] = [1, cyclic];
    expect(causesOf(decodeError(structuredClone(cyclic), 'there'))).toBe(8);
  });

  it('that holds itself many times over is made in no time', () => {
    const round: unknown[] = ['AggregateError', 'AggregateError', 'm', '', {}];
    round.push(Array(64).fill([1, round]), [1, round]);
    expect(countIn(decodeError(structuredClone(round), 'there'))).toBe(257);
  });

  it('may bring a toString along, which is not called', () => {
    const own = { toString: 1, valueOf: 'x', [Symbol.toPrimitive as never]: 1 };
    const inner = ['Error', 'Error', 'm', 'Error\n    at x (y:1:1)', own, null];
    const error = decodeError(['DOMException', 'AbortError', 'm', '', own, null, [1, inner]], 'there');
    expect((error.cause as Error).stack).toBe('Error: m\n    at x (y:1:1)');
  });

  it('makes 64 errors of an AggregateError at most', () => {
    const wire = ['AggregateError', '', 'm', '', {}, Array.from({ length: 1000 }, (_, i) => [0, i])];
    expect((decodeError(wire, 'there') as AggregateError).errors).toHaveLength(64);
  });
});

describe('redaction', () => {
  const redacted = (error: unknown): AnyError =>
    decodeError(structuredClone(encodeError(error, true)), 'there') as AnyError;

  it('leaves out paths and URLs, those with blanks too if they are quoted, and what is no plain value', () => {
    const error = redacted(
      Object.assign(
        new Error("ENOENT: open '/home/ann/My Documents/x.txt', at https://a.example/b and C:\\Users\\ann, 3/4 done"),
        {
          code: 'ENOENT',
          errno: -2,
          path: '/home/ann',
          deep: { path: '/home/ann' },
        },
      ),
    );
    expect(error.message).toBe("ENOENT: open '<path>', at <path> and <path> 3/4 done");
    expect(ownOf(error)).toEqual({ code: 'ENOENT', errno: -2, path: '<path>', deep: undefined });
    expect((error.stack as string).split('--- there ---')[1]).toBe('\n');
  });

  it('takes no longer for long texts that look nearly like paths', () => {
    const begin = performance.now();
    for (const text of ['a.', 'a:', '/', "'/", 'a://'])
      redacted(Object.assign(new Error('x'), { p: text.repeat(200_000) }));
    // Quadratic, it took minutes.
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});

describe('hostile properties', () => {
  it('are not taken from a typed array, and not without end', () => {
    const from = (properties: unknown): AnyError =>
      decodeError(['Error', '', 'm', '', properties, null], 'o') as AnyError;
    expect(Object.keys(from(new Uint8Array(1e6)))).toEqual([]);
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, i]));
    expect(Object.keys(from(many)).length).toBeLessThanOrEqual(256);
  });
});
