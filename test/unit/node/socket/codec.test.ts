import assert from 'node:assert';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capture } from '../../../../src/core/wire/capture.js';
import { decode, encode, sizeOf, type Encoded } from '../../../../src/node/socket/codec.js';
import { PLAIN, UNREADABLE, V8 } from '../../../../src/node/socket/frames.js';
import { assertSame } from '../../support/same.js';
import { anything, plain } from '../../support/values.js';

/** What arrives: read from memory of its own, as it is from a socket. */
function received({ kind, bytes: body, buffers }: Encoded): unknown {
  const framed = Buffer.concat([Buffer.from('before'), body, Buffer.from('behind')]);
  return decode(
    kind,
    framed,
    6,
    6 + body.length,
    buffers.map((buffer) => Uint8Array.from(buffer).buffer),
  );
}

function sent(value: unknown): unknown {
  return received(encode(value));
}

describe('what arrives is what structured clone makes of it', () => {
  const check = (value: unknown): void => assertSame(sent(value), structuredClone(value));

  it('whatever it is', () => {
    fc.assert(
      fc.property(anything, (value) => {
        fc.pre(value !== null);
        check(value);
      }),
      { numRuns: 3000 },
    );
  }, 60_000);

  it('in a batch of plain values', () => {
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 20 }), (batch) => check(batch)),
      { numRuns: 3000 },
    );
  }, 60_000);

  it('in a batch of what was captured, which is said to be a tree', () => {
    let plainOnes = 0;
    fc.assert(
      fc.property(fc.array(fc.array(fc.oneof(anything, plain), { maxLength: 3 }), { maxLength: 10 }), (messages) => {
        const batch = messages.flatMap((values) => capture(values) ?? []);
        const encoded = encode(batch, { tree: true });
        if (encoded.kind === PLAIN) plainOnes++;
        assertSame(received(encoded), structuredClone(batch));
      }),
      { numRuns: 3000 },
    );
    expect(plainOnes).toBeGreaterThan(1000);
  }, 60_000);

  it('what is not plain goes as v8 writes it', () => {
    const shared = { n: 1 };
    const round: unknown[] = [];
    round.push(round);
    const named = Object.assign([1, 2], { name: 'x' });
    const hole = [1, , 3]; // oxlint-disable-line no-sparse-arrays
    const both = Object.assign([, 1], { name: 'x' }); // oxlint-disable-line no-sparse-arrays
    class Point {
      x = 1;
    }
    for (const value of [
      [shared, shared],
      [[shared], { shared }],
      round,
      [named],
      hole,
      both,
      [hole],
      [both],
      [1n],
      [new Point()],
      [new Map([[1, 2]])],
      [Object.create(Date.prototype)],
      [{ 7: 1 }],
      [{ 0: 'a', b: 1 }],
      [Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`key ${i}`, i]))],
      [new Array(300_000).fill(0)],
      ['x'.repeat(300_000)],
      ['\u{1f600}'.repeat(100_000)],
      new Date(7),
    ]) {
      expect(encode(value).kind).toBe(value instanceof Date ? PLAIN : V8);
      check(value);
    }
  });

  it('plain values do not', () => {
    const texts = ['', 'a', 'x'.repeat(31), 'x'.repeat(32), 'é', 'é'.repeat(40), '漢字', '\ud800', 'a\udfffb', '\0"\\'];
    const numbers = [0, 127, 128, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -1, -0, 1.5, NaN, Infinity, 1e300, 5e-324];
    const many = Array.from({ length: 100 }, (_, i) => [1, `channel ${i % 20}`, 1, { [`key ${i % 40}`]: i }]).flat();
    const deep = Array.from({ length: 98 }).reduce<unknown>((inner) => [inner], 'deep');
    for (const value of [
      texts,
      numbers,
      many,
      deep,
      [texts, { texts: [...texts] }],
      [1, 'a', { b: [null, true, undefined, false] }],
      [undefined, [undefined], { a: undefined }],
      [JSON.parse('{"toJSON": 2, "constructor": 1, "": 3, "é漢": 4, "length": 5, "2 m": 6}')],
      JSON.parse('[{"__proto__": {"a": 1}, "b": 2}, {"__proto__": 3, "b": 4}, {"__proto__": 5}]'),
      // Of the same keys as the one around it, which has not got them all yet.
      JSON.parse('[{"a": {"a": 1, "__proto__": {"b": 2}}, "__proto__": {"c": 3}}]'),
      [Object.assign(Object.create(null) as object, { a: 1 }), {}, []],
      [{ a: { a: 1, b: 2 }, b: { a: { a: {} }, b: [] } }],
      [new Date(5), new Date(NaN), { at: new Date(-1) }],
      { a: 1 },
      'text',
      5,
      undefined,
      true,
    ]) {
      expect(encode(value).kind).toBe(PLAIN);
      check(value);
    }
  });

  it('objects that are alike take little more than their values', () => {
    const messages = Array.from({ length: 100 }, (_, i) => [
      1,
      'moved',
      1,
      { identifier: i, visibility: true, position: i + 200 },
    ]);
    expect(encode(messages.flat()).bytes.length).toBeLessThan(1200);
    check(messages.flat());
  });

  it('an object whose getters send something themselves is sent', () => {
    const inner: unknown[] = [];
    const value = {
      before: 1,
      get busy() {
        inner.push(sent([{ inner: 2 }, 'x']));
        return { inner: 3 };
      },
      behind: ['x'],
    };
    assertSame(sent([value]), [{ before: 1, busy: { inner: 3 }, behind: ['x'] }]);
    assertSame(inner, [[{ inner: 2 }, 'x']]);
  });

  it('a getter that changes what is being sent does no harm', () => {
    const list: unknown[] = [];
    list.push({ get more() { return list.push(1, 2, 3); } }, 'end'); // prettier-ignore
    const arrived = sent([list, 'behind']) as unknown[];
    expect(arrived[1]).toBe('behind');
    const shrinking: unknown[] = [];
    shrinking.push({ get less() { return (shrinking.length = 1); } }, 'end', 'end'); // prettier-ignore
    expect((sent([shrinking, 'behind']) as unknown[])[1]).toBe('behind');
  });

  it('where somebody has changed what all objects inherit, what is sent does not change', () => {
    const { prototype } = Object as unknown as { prototype: Record<string, unknown> };
    const message = [
      { a: 1, constructor: 2, more: 3 },
      { a: 4, constructor: 5, more: 6 },
    ];
    const called: unknown[] = [];
    Object.defineProperty(prototype, 'toJSON', { value: () => 'changed', configurable: true });
    const set = (value: unknown): void => {
      called.push(value);
    };
    Object.defineProperty(prototype, 'a', { set, configurable: true });
    Object.defineProperty(prototype, 'more', { value: 'inherited', enumerable: true, configurable: true });
    let arrived: object[];
    try {
      arrived = sent(message) as object[];
    } finally {
      delete prototype['toJSON'];
      delete prototype['a'];
      delete prototype['more'];
    }
    assertSame(arrived, message);
    expect(called).toEqual([]);
  });

  it('views share a buffer as they did, Buffers arrive as Uint8Arrays, large and small', () => {
    for (const size of [16, 100_000]) {
      const { buffer } = new Uint8Array(size).fill(3);
      const message = [new Uint8Array(buffer, 2, 4), new DataView(buffer), buffer, Buffer.from(buffer, 1, 3)];
      const arrived = sent(message) as [Uint8Array, DataView, ArrayBuffer, Uint8Array];
      assertSame(arrived, [new Uint8Array(buffer, 2, 4), new DataView(buffer), buffer, new Uint8Array(buffer, 1, 3)]);
      assert(arrived.slice(0, 2).every((view) => (view as Uint8Array).buffer === arrived[2]));
    }
  });

  it('a large buffer anywhere in it goes beside it, and takes no more than its bytes', () => {
    const bytes = new Uint8Array(50_000).fill(9);
    for (const message of [
      [bytes],
      { a: { b: bytes } },
      new Map([[1, [bytes]]]),
      new Set([bytes.buffer]),
      [[], bytes, bytes],
    ]) {
      const encoded = encode(message);
      expect(encoded.buffers.map(({ length }) => length)).toEqual([50_000]);
      expect(sizeOf(encoded)).toBeLessThan(50_100);
      check(message);
    }
    const among = [...Array.from({ length: 1000 }, (_, i) => [i]), bytes];
    expect(encode(among).buffers).toEqual([]);
    check(among);
  });

  it('a buffer that can be resized arrives as one', () => {
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: object,
    ) => ArrayBuffer & { resizable: boolean };
    const buffer = new Resizable(20_000, { maxByteLength: 30_000 });
    if (!buffer.resizable) return; // this Node knows none
    expect((sent([buffer]) as [typeof buffer])[0].resizable).toBe(true);
    expect((sent([buffer]) as [typeof buffer])[0].byteLength).toBe(20_000);
  });
});

describe('a message is sent as it is at the call', () => {
  it('whatever is changed afterwards', () => {
    const small = { list: [1], bytes: new Uint8Array([1, 2]) };
    const large = new Uint8Array(100_000).fill(1);
    const [one, two] = [encode([small]), encode([large])];
    small.list.push(2);
    small.bytes.fill(9);
    large.fill(9);
    expect(received(one)).toEqual([{ list: [1], bytes: new Uint8Array([1, 2]) }]);
    expect((received(two) as [Uint8Array])[0][0]).toBe(1);
  });
});

it('millions of holes are not walked over to find what travels beside the message', () => {
  const holes = (count: number): unknown[] => Object.assign([1, 2], { length: count });
  const start = performance.now();
  for (const message of [holes(2 ** 27), [holes(2 ** 27)], new Map([[1, holes(2 ** 27)]])]) encode(message);
  expect(performance.now() - start).toBeLessThan(1000); // it is none; one by one, seconds each
  expect((sent([holes(2 ** 27), new Uint8Array(9000)]) as [unknown[], Uint8Array])[0]).toHaveLength(2 ** 27);
});

describe('what can not be sent', () => {
  const uncloneable = {
    'a function': () => {},
    'a symbol': Symbol('s'),
    'a WeakMap': new WeakMap(),
    'a promise': Promise.resolve(),
    'shared memory': new SharedArrayBuffer(8),
    'a view of shared memory': new Uint8Array(new SharedArrayBuffer(8)),
    'a port': new MessageChannel().port1,
    'a proxy of something else than plain data': new Proxy(new Map(), {}),
  };
  for (const [name, value] of Object.entries(uncloneable)) {
    it(`${name} throws, wherever it stands`, () => {
      for (const message of [value, [value], [[{ a: value }]], [undefined, value], new Map([[1, value]])]) {
        assert.throws(() => encode(message));
      }
    });
  }

  it('what is too deep throws', () => {
    let deep: unknown[] = [];
    for (let i = 0; i < 200_000; i++) deep = [deep];
    assert.throws(() => encode(deep));
  });

  it('what is too large throws, with its size and the limit, whether it is text, bytes, or beside it', () => {
    const bytes = new Uint8Array(2000);
    for (const message of [['x'.repeat(2000)], ['x'.repeat(50_000)], [bytes], [new Uint8Array(20_000)]]) {
      assert.throws(() => encode(message, { max: 1000 }), /bytes large, and 1000 is the most \(maxMessage\)/);
    }
    expect(encode(['x'.repeat(900)], { max: 1000 }).kind).toBe(PLAIN);
    assert.throws(() => encode(['漢'.repeat(500)], { max: 1000 }));
  });

  it('what a getter throws is thrown', () => {
    const failing = Object.defineProperty({}, 'x', {
      enumerable: true,
      get() {
        throw new Error('of the getter');
      },
    });
    assert.throws(() => encode([failing]), /of the getter/);
  });

  it('null stands for what can not be read', () => {
    expect(encode(null).kind).toBe(UNREADABLE);
    assert.throws(() => sent(null));
    expect(sent([null])).toEqual([null]);
  });
});

describe('what moves', () => {
  it('is detached, large or small, in the message or not, and leaves without being copied', () => {
    const [large, small, absent] = [new Uint8Array(100_000).fill(5), new Uint8Array(10).fill(5), new Uint8Array(10)];
    const encoded = encode([large, small], { moved: [large.buffer, small.buffer, absent.buffer] });
    expect([large.length, small.length, absent.length]).toEqual([0, 0, 0]);
    const [first, second] = received(encoded) as [Uint8Array, Uint8Array];
    expect([first.length, first[99_999], second.length, second[9]]).toEqual([100_000, 5, 10, 5]);
  });

  it('is still there when the message can not be sent, or what goes with it', () => {
    const { buffer } = new Uint8Array(100_000);
    assert.throws(() => encode([buffer, () => {}], { moved: [buffer] }));
    assert.throws(() => encode([buffer], { moved: [buffer], max: 10 }));
    const commit = (): void => {
      throw new Error('of a port');
    };
    assert.throws(() => encode([buffer], { moved: [buffer], commit }), /of a port/);
    expect(buffer.byteLength).toBe(100_000);
  });

  it('is copied, if it can not be detached', () => {
    const { buffer } = new WebAssembly.Memory({ initial: 1 });
    new Uint8Array(buffer)[3] = 4;
    const encoded = encode([buffer], { moved: [buffer as ArrayBuffer] });
    new Uint8Array(buffer)[3] = 5;
    expect(buffer.byteLength).toBe(65_536);
    expect(new Uint8Array((received(encoded) as [ArrayBuffer])[0])[3]).toBe(4);
  });
});
