// JSON takes a quarter of the time that v8's serializer takes, both ways, for what most messages are: a few small plain values; of
// hundreds of objects it takes about the same. But it loses some values, silently. This tells which it keeps.

/** What is more than this v8 does better, or is about to: values in all… */
const MAX_NODES = 10_000;
/** … numbers that are not whole, for which it takes a quarter of the time, unless they are few among others… */
const MAX_FRACTIONS = 64;
const MAX_SHARE = 1 / 6;
/** … and characters of texts that are not short, which it copies as they are. */
const MAX_CHARACTERS = 4096;
const SHORT_TEXT = 128;

/** JSON.stringify calls itself for each level. */
const MAX_DEPTH = 100;

interface Budget {
  nodes: number;
  fractions: number;
  characters: number;
  readonly seen: Set<object>;
}

/**
 * Whether JSON keeps `message` exactly, and is worth while: there is no undefined, -0, NaN or Infinity in it, no bigint; only plain
 * objects and arrays, without holes or named properties of arrays, and none of them occurs twice.
 *
 * @param gaps if given: gets the indices of what is `undefined` in the array that `message` is, which is allowed then
 */
export function isExact(message: unknown, gaps?: number[]): boolean {
  if ('toJSON' in Object.prototype || 'toJSON' in Array.prototype) return false;
  const budget = {
    nodes: MAX_NODES,
    fractions: 0,
    characters: MAX_CHARACTERS,
    seen: new Set<object>(),
  };
  return Array.isArray(message) ? isExactArray(message, 0, budget, gaps) : isExactValue(message, 0, budget);
}

function isExactValue(value: unknown, depth: number, budget: Budget): boolean {
  if (--budget.nodes < 0) return false;
  switch (typeof value) {
    case 'string':
      return value.length <= SHORT_TEXT || (budget.characters -= value.length) >= 0;
    case 'number':
      if (Number.isInteger(value)) return value !== 0 || 1 / value > 0;
      return Number.isFinite(value) && isFew(++budget.fractions, budget);
    case 'boolean':
      return true;
    case 'object':
      if (value === null) return true;
      return Array.isArray(value) ? isExactArray(value, depth, budget) : isExactRecord(value, depth, budget);
    default:
      return false;
  }
}

function isFew(fractions: number, { nodes }: Budget): boolean {
  return fractions <= MAX_FRACTIONS || fractions < (MAX_NODES - nodes) * MAX_SHARE;
}

function isExactArray(array: readonly unknown[], depth: number, budget: Budget, gaps?: number[]): boolean {
  const { length } = array;
  if (length > budget.nodes || !isNew(array, depth, budget)) return false;
  if (Object.getPrototypeOf(array) !== Array.prototype) return false;
  // A hole is a key too few, and a named property one too many; where there are both, the hole reads as undefined.
  if (Object.keys(array).length !== length) return false;
  for (let i = 0; i < length; i++) {
    const value = array[i];
    if (value === undefined && gaps && Object.hasOwn(array, i)) gaps.push(i);
    else if (!isExactValue(value, depth + 1, budget)) return false;
  }
  return true;
}

function isExactRecord(record: object, depth: number, budget: Budget): boolean {
  const prototype = Object.getPrototypeOf(record) as unknown;
  if ((prototype !== Object.prototype && prototype !== null) || !isNew(record, depth, budget)) return false;
  // With what Object.prototype may have been given: a list of the own keys would cost more than that.
  for (const key in record) {
    if (!isExactValue((record as Record<string, unknown>)[key], depth + 1, budget)) return false;
  }
  return true;
}

function isNew(value: object, depth: number, { seen }: Budget): boolean {
  const { size } = seen;
  return depth < MAX_DEPTH && seen.add(value).size > size;
}
