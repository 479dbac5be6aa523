import { describe, expect, it } from 'vitest';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { domEnd } from '../../../../src/core/port/message-port.js';
import { inspect } from '../../../../src/core/wire/inspect.js';
import { nested } from '../../support/nested.js';

// What it refuses because of the far end, and what it says of views and ports, is in payload.test.ts.

const still = { buffers: new Set<object>(), ports: new Set<object>() };

/** What is wrong with the values under these limits, in words; `undefined` if nothing is. */
function problem(values: readonly unknown[], limits: { size?: number; depth?: number }): string | undefined {
  try {
    inspect(values, domEnd, still, { size: Infinity, depth: Infinity, ...limits });
    return undefined;
  } catch (error) {
    return MeshError.is(error, 'LIMIT') ? error.message : 'no LIMIT';
  }
}

describe('a limit of depth', () => {
  it.each<[string, (depth: number) => unknown]>([
    ['objects', (depth) => nested(depth, (value) => ({ value }))],
    ['arrays', (depth) => nested(depth, (value) => [value])],
    ['properties of arrays', (depth) => nested(depth, (value) => Object.assign([1], { value }))],
    ['maps', (depth) => nested(depth, (value) => new Map([[1, value]]))],
    ['keys of maps', (depth) => nested(depth, (value) => new Map([[value, 1]]))],
    ['sets', (depth) => nested(depth, (value) => new Set([value]))],
    ['causes', (depth) => nested(depth, (cause) => new Error('x', { cause }), new Error('first'))],
  ])('counts %s', (_, make) => {
    const [fits, beyond] = [make(40), make(41)];
    expect(problem([1, fits, [fits]].slice(0, 2), { depth: 40 })).toBeUndefined();
    expect(problem([1, beyond], { depth: 40 })).toMatch(
      /^the message is deeper than 40 objects\. Send a flatter value.*limits: { depth } of the bridge, or broker\.$/,
    );
  });

  it('is one of nesting: what stands side by side is not deep, nor is a cycle, nor what is near the top as well', () => {
    const ring: { next?: unknown } = {};
    ring.next = { next: { next: ring } };
    const chain = nested(100, (value) => ({ value })) as { value: unknown };
    const links: unknown[] = [];
    for (let each: unknown = chain; typeof each === 'object'; each = (each as typeof chain).value) links.push(each);
    expect(problem([ring, Array.from({ length: 1000 }, () => ({}))], { depth: 4 })).toBeUndefined();
    expect(problem([links], { depth: 2 })).toBeUndefined();
    expect(problem([chain], { depth: 99 })).toMatch(/deeper/);
  });

  it('takes a view, its buffer included, for one object', () => {
    expect(problem([[new Uint8Array(5)]], { depth: 2 })).toBeUndefined();
    expect(problem([[new Uint8Array(5)]], { depth: 1 })).toMatch(/deeper/);
  });

  it('holds for what is deeper than a stack', () => {
    expect(problem([nested(1e6, (value) => [value])], { depth: 1000 })).toMatch(/deeper than 1000/);
    expect(problem([nested(1e6, (value) => [value])], {})).toBeUndefined();
  });
});

describe('a limit of size', () => {
  it.each<[string, unknown]>([
    ['texts', ['x'.repeat(60), { a: 'y'.repeat(39) }]],
    ['keys', { ['x'.repeat(100)]: 1 }],
    ['keys of maps', new Map([['x'.repeat(60), new Set(['y'.repeat(40)])]])],
    ['texts in boxes', [Object('x'.repeat(100))]],
    ['an error’s message and stack', Object.assign(new Error('x'.repeat(50)), { stack: 'y'.repeat(50) })],
    ['binaries', [new ArrayBuffer(40), new Uint16Array(30)]],
    ['the part of a buffer that a view is on', new Uint8Array(1000).subarray(100, 200)],
  ])('counts %s', (_, value) => {
    expect(problem([value], { size: 100 })).toBeUndefined();
    expect(problem([value], { size: 99 })).toBe(
      'the message has 100 bytes, and may have 99. Send a stream, or smaller pieces, or raise limits: { size } of the bridge, or broker.',
    );
  });

  it('counts each buffer once, whatever is on it', () => {
    const buffer = new ArrayBuffer(100);
    expect(problem([buffer, new Uint8Array(buffer), [new DataView(buffer)]], { size: 100 })).toBeUndefined();
  });

  it('doesn’t count what a Blob stands for: it is not in the message. It weighs all the same', () => {
    const blob = new Blob(['x'.repeat(1000)]);
    expect(problem([blob], { size: 1 })).toBeUndefined();
    expect(inspect([blob], domEnd, still).bytes).toBe(1000);
  });

  it('counts what only looks like a text in a box as what it is', () => {
    expect(problem([Object.create(String.prototype)], { size: 1 })).toBeUndefined();
  });
});

it('is over at once with an array that is long and holds little', () => {
  const sparse: unknown[] = Object.assign([], { length: 2 ** 32 - 1, 5: 'x', 4e9: ['yy'] });
  expect(inspect([sparse], domEnd, still).bytes).toBe(3);
});
