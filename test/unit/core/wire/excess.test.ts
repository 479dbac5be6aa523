import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domEnd } from '../../../../src/core/port/message-port.js';
import { excessOf } from '../../../../src/core/wire/excess.js';
import { inspect } from '../../../../src/core/wire/inspect.js';
import { nested } from '../../support/nested.js';

const limits = { size: 1000, depth: 40 };
const many = { size: Infinity, depth: Infinity };

/** As it arrives. */
function arrived<T>(value: T): T {
  return structuredClone(value);
}

describe('excessOf', () => {
  it.each<[string, unknown]>([
    ['a text', 'x'.repeat(1000)],
    ['a key', { ['x'.repeat(1000)]: 1 }],
    ['texts in objects and arrays', { a: ['x'.repeat(500), { b: 'y'.repeat(498) }] }],
    ['a binary', new Uint8Array(1000)],
    ['a text in a Map', new Map([[1, 'x'.repeat(1000)]])],
    ['a text that an array has as a property', Object.assign([], { a: 'x'.repeat(1000) })],
  ])('finds %s too large only beyond the limit', (_, value) => {
    expect(excessOf([1, arrived(value)], limits)).toBeUndefined();
    expect(excessOf([1, arrived(value)], { ...limits, size: 999 })).toMatch(
      /^the message has 1000 bytes, and may have 999/,
    );
  });

  it('adds up what is in all values', () => {
    const halves = ['x'.repeat(500), { half: ['y'.repeat(497)] }];
    expect(excessOf(halves, { ...limits, size: 1001 })).toBeUndefined();
    expect(excessOf(halves, limits)).toMatch(/^the message has 1001 bytes/);
  });

  it.each<[string, (value: unknown) => unknown]>([
    ['objects', (value) => ({ value })],
    ['arrays', (value) => [value]],
    ['properties of arrays', (value) => Object.assign([], { value })],
    ['maps', (value) => new Map([[1, value]])],
  ])('finds %s too deep only beyond the limit', (_, wrap) => {
    expect(excessOf([arrived(nested(40, wrap))], limits)).toBeUndefined();
    expect(excessOf([arrived(nested(41, wrap))], limits)).toMatch(/^the message is deeper than 40 objects/);
    expect(excessOf([arrived(nested(32, wrap))], { ...limits, depth: 32 })).toBeUndefined();
    expect(excessOf([arrived(nested(33, wrap))], { ...limits, depth: 32 })).toBeDefined();
  });

  it('counts all of the buffer that a view arrived on', () => {
    const part = new Uint8Array(1001).subarray(0, 1);
    expect(excessOf([part], limits)).toMatch(/^the message has 1001 bytes/);
  });

  it('takes cycles, dates, what occurs twice, and what is not plain', () => {
    const ring: unknown[] = [];
    ring.push(ring, { ring });
    const shared = { text: 'x'.repeat(600) };
    const wide = Array.from({ length: 70_000 }, (_, i) => ({ i }));
    for (const value of [
      ring,
      [shared, shared],
      new Date(),
      new Set([1]),
      new Error('x'),
      Object.create(null),
      /x/,
      null,
    ]) {
      expect(excessOf([value], { size: 5000, depth: 40 })).toBeUndefined();
    }
    expect(excessOf([wide], { size: 70_000, depth: 40 })).toBeUndefined();
    expect(excessOf([wide], { size: 69_999, depth: 40 })).toBeDefined();
  });

  it('is not led to walk for ever: by 10^32 ways through few objects, or by an array that is long and holds little', () => {
    const node: object[] = [];
    for (let i = 0; i < 10; i++) node.push(node);
    const sparse: unknown[] = Object.assign([], { length: 2 ** 32 - 1, 4e9: 'x'.repeat(1001) });
    expect(excessOf([node], limits)).toBeUndefined();
    expect(excessOf([sparse], limits)).toMatch(/^the message has 1001 bytes/);
  });

  it('says of a port hidden in a message that it is one', () => {
    const { port1, port2 } = new MessageChannel();
    expect(excessOf([[port1]], limits)).toMatch(/^there is a port in it/);
    port1.close();
    port2.close();
  });

  it('agrees with the sender, whatever arrives', () => {
    const value = fc.anything({
      withMap: true,
      withSet: true,
      withDate: true,
      withTypedArray: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 4 }),
        fc.nat(100),
        fc.integer({ min: 32, max: 40 }),
        (values, size, depth) => {
          const message = arrived(values);
          const still = { buffers: new Set<object>(), ports: new Set<object>() };
          const { bytes } = inspect(message, domEnd, still);
          expect(excessOf(message, { size, depth }) === undefined).toBe(bytes <= size);
          expect(excessOf(message, many)).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
  });
});
