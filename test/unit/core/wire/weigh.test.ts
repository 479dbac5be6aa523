import { expect, it } from 'vitest';
import { weigh } from '../../../../src/core/wire/weigh.js';

const long = 'x'.repeat(300);
const error = Object.assign(new Error(long, { cause: [long] }), { stack: long });
const shared = new Uint8Array(1000);

it.each<[string, unknown, number]>([
  ['a number', 1, 0],
  ['a short text', 'x'.repeat(255), 0],
  ['a long text', long, 300],
  ['texts in anything', [{ a: long }, new Map([[long, new Set([long])]]), error], 1800],
  // Taken for an object with as many properties, that is minutes, and then throws.
  ['a text in an object of its own, however long', [new String('x'.repeat(2 ** 25))], 2 ** 25],
  ['a buffer', new ArrayBuffer(7), 7],
  ['a view, with all of its buffer', new DataView(new ArrayBuffer(100), 10, 1), 100],
  ['two views of one buffer', { a: shared, b: [shared.subarray(1)] }, 1000],
  ['an object that occurs twice', [[{ long }], [{ long }]], 600],
])('%s', (_, value, bytes) => {
  expect(weigh(value)).toBe(bytes);
});
