import { kindOf } from './kinds.js';

/**
 * Copies of `values` and of all that holds something in them (objects, arrays, maps, sets, an error's cause), in which
 * `replace` has put what it returned in the place of what it was given, an object or a function, wherever that occurred. What it
 * returns `undefined` for stays, or is copied if it holds something. To a receiver, nothing else differs: shared objects, cycles, holes and
 * named properties stay what they are, and an instance of a class arrives as a plain object either way.
 *
 * Nothing calls itself here: a value as deep as memory allows does no harm.
 */
export function rebuild(values: readonly unknown[], replace: (value: object) => object | undefined): unknown[] {
  const copies = new Map<object, object>();
  const open: [source: object, copy: object][] = [];
  const copyOf = (value: unknown): unknown => {
    if (typeof value === 'function') return replace(value) ?? value;
    if (typeof value !== 'object' || value === null) return value;
    const known = copies.get(value);
    if (known) return known;
    const replaced = replace(value);
    const copy = replaced ?? shellOf(value);
    copies.set(value, copy);
    if (!replaced && copy !== value) open.push([value, copy]);
    return copy;
  };
  const result = values.map(copyOf);
  for (let next = open.pop(); next; next = open.pop()) fill(...next, copyOf);
  return result;
}

/** An empty container of the same kind; the value itself if it holds nothing. */
function shellOf(value: object): object {
  switch (kindOf(value)) {
    case 'array':
      return new Array((value as unknown[]).length);
    case 'map':
      return new Map();
    case 'set':
      return new Set();
    case 'error':
      return causeOf(value) ? errorLike(value) : value;
    case 'record':
      return Object.keys(value).length > 0 ? {} : value;
    default:
      return value;
  }
}

/** The platform's own iteration: a subclass may have another one. */
function fill(source: object, copy: object, copyOf: (value: unknown) => unknown): void {
  switch (kindOf(source)) {
    case 'map':
      Map.prototype.forEach.call(source, (value, key) =>
        (copy as Map<unknown, unknown>).set(copyOf(key), copyOf(value)),
      );
      return;
    case 'set':
      Set.prototype.forEach.call(source, (value) => (copy as Set<unknown>).add(copyOf(value)));
      return;
    case 'error':
      define(copy, 'cause', copyOf(causeOf(source)), false);
      return;
    default:
      for (const key of Object.keys(source)) {
        define(copy, key, copyOf((source as Record<string, unknown>)[key]), true);
      }
  }
}

/** The object that led to an error, if one did. Of an error's other properties, structured clone takes none. */
export function causeOf(error: object): object | undefined {
  const cause: unknown = Object.getOwnPropertyDescriptor(error, 'cause')?.value;
  return typeof cause === 'object' && cause !== null ? cause : undefined;
}

/** Only a constructor makes what structured clone takes for an error. */
function errorLike(source: object): Error {
  const copy = new Error();
  Object.setPrototypeOf(copy, Object.getPrototypeOf(source) as object);
  for (const key of ['name', 'message']) {
    const own = Object.getOwnPropertyDescriptor(source, key);
    if (own) Object.defineProperty(copy, key, own);
  }
  define(copy, 'stack', (source as Error).stack, false);
  return copy;
}

/** Not assigned: a key may be `__proto__`. */
function define(target: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}
