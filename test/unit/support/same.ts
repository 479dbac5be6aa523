import assert from 'node:assert';

/**
 * Asserts that two values are the same to a receiver: of one kind and one content, with the same objects occurring twice in
 * both. (Node's deepStrictEqual finds invalid dates to differ, and looks at no sharing; vitest's trusts `constructor`.)
 */
export function assertSame(
  actual: unknown,
  expected: unknown,
  path = 'value',
  pairs = new Map<object, object>(),
): void {
  if (Object.is(actual, expected)) return;
  assert.ok(isObject(actual) && isObject(expected), `${path}: ${show(actual)} is not ${show(expected)}`);
  if (pairs.has(actual)) {
    return assert.equal(pairs.get(actual), expected, `${path}: another object occurs here a second time`);
  }
  pairs.set(actual, expected);
  assert.equal(Object.getPrototypeOf(actual), Object.getPrototypeOf(expected), `${path}: another class`);
  assert.equal(String(content(actual)), String(content(expected)), `${path}: another content`);
  const keys = Reflect.ownKeys(expected).filter((key) => key !== 'stack');
  assert.deepEqual(
    Reflect.ownKeys(actual).filter((key) => key !== 'stack'),
    keys,
    `${path}: other keys`,
  );
  for (const key of keys) assertSame(get(actual, key), get(expected, key), `${path}.${String(key)}`, pairs);
  if (actual instanceof Map || actual instanceof Set) {
    assertSame([...actual], [...(expected as Set<unknown>)], `${path} entries`, pairs);
  }
}

/** What an object holds besides its properties. */
function content(value: object): unknown {
  if (value instanceof Date) return value.getTime();
  if (value instanceof RegExp) return value;
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (value instanceof DataView) return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  if (value instanceof Number || value instanceof String || value instanceof Boolean || value instanceof BigInt) {
    const primitive: unknown = value.valueOf();
    return Object.is(primitive, -0) ? '-0' : primitive;
  }
  return '';
}

function get(value: object, key: PropertyKey): unknown {
  return (value as Record<PropertyKey, unknown>)[key];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  return Object.is(value, -0) ? '-0' : isObject(value) ? Object.prototype.toString.call(value) : String(value);
}
