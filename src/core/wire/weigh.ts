/** Shorter texts don't count: they are what any message consists of. */
const LONG_TEXT = 256;

/**
 * Bytes of the binaries and long texts in something that has arrived: about what its sender counts. What is a few bytes on the wire
 * can't keep this busy.
 */
export function weigh(value: unknown): number {
  let bytes = 0;
  visit(value, (each) => {
    if (typeof each === 'string') bytes += each.length < LONG_TEXT ? 0 : each.length;
    else if (each instanceof ArrayBuffer) bytes += each.byteLength;
  });
  return bytes;
}

/** Calls `found` with each object in something, itself included, and with each function and text. */
export function visit(value: unknown, found: (each: object | string) => void): void {
  let inside: Set<object> | undefined;
  const add = (each: unknown): void => {
    if (typeof each === 'string' || typeof each === 'function') found(each);
    else if (typeof each === 'object' && each !== null) (inside ??= new Set()).add(each);
  };
  const look = (each: object): void => {
    found(each);
    if (ArrayBuffer.isView(each)) add(each.buffer);
    else if (each instanceof Map) each.forEach((one, key) => (add(one), add(key)));
    else if (each instanceof Set) each.forEach(add);
    else if (each instanceof Error) [each.message, each.stack, each.cause].forEach(add);
    // `new String()`: each of its characters is a value of it. Of millions, the platform throws.
    else if (each instanceof String) add(String.prototype.valueOf.call(each));
    else for (const one of Object.values(each)) add(one);
  };
  if (typeof value === 'object' && value !== null) look(value);
  else add(value);
  // Those that are added meanwhile too.
  for (const each of inside ?? []) look(each);
}
