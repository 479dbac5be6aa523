import assert from 'node:assert';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domEnd } from '../../../../src/core/port/message-port.js';
import { preparePayload } from '../../../../src/core/wire/payload.js';
import { transfer } from '../../../../src/core/wire/transfer.js';
import { assertSame } from '../../support/same.js';

const kinds = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
] as const;

/** What is sent for `value`, when `moved` moves with it. */
function isolate(value: unknown, moved: readonly object[] = []): unknown {
  return preparePayload([transfer(value, moved)], domEnd).values[0];
}

/** A view of any kind on any part of a buffer, the whole included. */
const view = fc
  .record({
    kind: fc.constantFrom(...kinds),
    units: fc.integer({ min: 0, max: 6 }),
    before: fc.integer({ min: 0, max: 3 }),
    after: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ kind, units, before, after }) => {
    const size = 'BYTES_PER_ELEMENT' in kind ? kind.BYTES_PER_ELEMENT : 1;
    const bytes = Uint8Array.from({ length: (before + units + after) * size }, (_, i) => i);
    return new (kind as Uint8ArrayConstructor)(bytes.buffer, before * size, units) as ArrayBufferView;
  });

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): number[] {
  return [...new Uint8Array(buffer, byteOffset, byteLength)];
}

/** Every view that can be reached from `root`. */
function viewsIn(root: unknown, seen = new Set<unknown>()): ArrayBufferView[] {
  if (typeof root !== 'object' || root === null || seen.has(root)) return [];
  seen.add(root);
  if (ArrayBuffer.isView(root)) return [root];
  if (root instanceof Map) return [...root].flat().flatMap((each) => viewsIn(each, seen));
  if (root instanceof Set) return [...root].flatMap((each) => viewsIn(each, seen));
  return Object.values(root).flatMap((each) => viewsIn(each, seen));
}

const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    view,
    fc.oneof(fc.integer(), fc.string(), fc.constantFrom(undefined, null, -0)),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('tree'), { maxKeys: 3 }),
    fc.array(fc.tuple(tie('tree'), tie('tree')), { maxLength: 2 }).map((entries) => new Map(entries)),
    fc.array(tie('tree'), { maxLength: 2 }).map((values) => new Set(values)),
    fc.date(),
  ),
}));

describe('a view on a part of a buffer', () => {
  it('gives every view a buffer of its own size, with its bytes and its kind', () => {
    fc.assert(
      fc.property(view, (given) => {
        const [copy] = isolate([given]) as [ArrayBufferView];
        assert.equal(copy.buffer.byteLength, given.byteLength);
        assert.deepEqual(bytesOf(copy), bytesOf(given));
        assert.equal(copy.constructor, given.constructor);
      }),
    );
  });

  it('changes nothing of what arrives, but that no view takes its neighbours along', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const before = structuredClone(value);
        const isolated = isolate(value);
        assertSame(structuredClone(isolated), before);
        assertSame(structuredClone(value), before);
        for (const each of viewsIn(isolated)) assert.equal(each.buffer.byteLength, each.byteLength);
      }),
      { numRuns: 500 },
    );
  });

  it('returns the value itself where there is nothing to cut', () => {
    const value = { whole: new Uint8Array(4), map: new Map([[1, new Set(['x'])]]), date: new Date(0) };
    expect(isolate(value)).toBe(value);
  });

  it('makes a Uint8Array of a Buffer, without the bytes of its pool', () => {
    const [copy] = isolate([Buffer.from('hello')]) as [Uint8Array];
    expect(copy.constructor).toBe(Uint8Array);
    expect(copy.buffer.byteLength).toBe(5);
    expect(Buffer.from(copy).toString()).toBe('hello');
  });

  it('finds views in keys of maps, in sets, in class instances and behind cycles', () => {
    const part = (): Uint8Array => new Uint8Array(10).subarray(2, 4);
    class Holder {
      readonly held = part();
    }
    const cyclic: Record<string, unknown> = { later: part() };
    cyclic['self'] = cyclic;
    const value = [new Map([[part(), [part()]]]), new Set([part()]), new Holder(), cyclic];
    const views = viewsIn(isolate(value));
    expect(views).toHaveLength(5);
    for (const each of views) expect(each.buffer.byteLength).toBe(2);
  });

  it('keeps cycles, shared objects, holes, named properties and an own __proto__ as they are', () => {
    const shared = { n: 1 };
    const list: unknown[] = Object.assign([1, , 3], { name: 'list' }); // oxlint-disable-line no-sparse-arrays
    const odd = JSON.parse('{"__proto__": {"polluted": true}}') as object;
    const root: Record<string, unknown> = { a: shared, b: shared, list, odd, part: new Uint8Array(4).subarray(1) };
    root['self'] = root;
    const copy = isolate(root) as typeof root;
    expect(copy).not.toBe(root);
    expect(copy['self']).toBe(copy);
    expect(copy['a']).toBe(copy['b']);
    assertSame(copy['list'], list);
    expect(1 in (copy['list'] as object)).toBe(false);
    expect(Object.getOwnPropertyDescriptor(copy['odd'], '__proto__')?.value).toEqual({ polluted: true });
    expect((copy['odd'] as { polluted?: boolean }).polluted).toBeUndefined();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('cuts a view that occurs twice once', () => {
    const part = new Uint8Array(4).subarray(1);
    const [one, two] = isolate([part, part]) as [Uint8Array, Uint8Array];
    expect(one).toBe(two);
  });

  it('leaves views on a buffer that moves, and shared memory, alone', () => {
    const moved = new ArrayBuffer(8);
    const value = [new Uint8Array(moved, 2, 2), new Uint8Array(new SharedArrayBuffer(8), 2, 2)];
    expect(isolate(value, [moved])).toBe(value);
  });

  it('walks ten thousand levels', () => {
    let value: unknown = 'end';
    for (let i = 0; i < 10_000; i++) value = { value };
    expect(isolate(value)).toBe(value);
  });
});
