// JSON is several times as fast as v8's serializer for what most messages are: few and small plain values. But it loses
// some, silently. This tells which values it keeps.

/** Values beyond which v8 gets the message: looking takes a tenth of what writing takes, and may be in vain. */
const MAX_NODES = 100_000;
/** Characters beyond which it does: v8 copies a text as it is. */
const MAX_CHARACTERS = 1024 * 1024;
/** JSON.stringify calls itself for each level. */
const MAX_DEPTH = 100;

interface Budget {
  nodes: number;
  characters: number;
  readonly seen: Set<object>;
}

/**
 * Whether JSON keeps `message` exactly: no undefined, -0, NaN or Infinity, no bigint; objects and arrays only, plain ones, without
 * holes and named properties of arrays, and none that occurs twice.
 *
 * @param gaps if given: the indices of what is `undefined` in the array that `message` is, which is allowed then
 */
export function isExact(message: unknown, gaps?: number[]): boolean {
  if (hasToJson(Object.prototype) || hasToJson(Array.prototype)) return false;
  const budget = { nodes: MAX_NODES, characters: MAX_CHARACTERS, seen: new Set<object>() };
  if (gaps && Array.isArray(message)) return isExactArray(message, 0, budget, gaps);
  return isExactValue(message, 0, budget);
}

function hasToJson(prototype: object): boolean {
  return 'toJSON' in prototype;
}

function isExactValue(value: unknown, depth: number, budget: Budget): boolean {
  budget.nodes--;
  switch (typeof value) {
    case 'string':
      budget.characters -= value.length;
      return true;
    case 'number':
      return value === 0 ? 1 / value > 0 : Number.isFinite(value);
    case 'boolean':
      return true;
    case 'object':
      if (value === null) return true;
      return Array.isArray(value) ? isExactArray(value, depth, budget) : isExactRecord(value, depth, budget);
    default:
      return false;
  }
}

function isExactArray(array: readonly unknown[], depth: number, budget: Budget, gaps?: number[]): boolean {
  const { length } = array;
  if (length > budget.nodes || !isNew(array, depth, budget)) return false;
  if (Object.getPrototypeOf(array) !== Array.prototype) return false;
  // A hole reads as undefined; a named property is one key too many.
  if (Object.keys(array).length !== length) return false;
  for (let i = 0; i < length; i++) {
    const value = array[i];
    if (value === undefined && gaps && Object.hasOwn(array, i)) gaps.push(i);
    else if (!isExactValue(value, depth + 1, budget)) return false;
  }
  return isWithin(budget);
}

function isExactRecord(record: object, depth: number, budget: Budget): boolean {
  const prototype = Object.getPrototypeOf(record) as unknown;
  if ((prototype !== Object.prototype && prototype !== null) || !isNew(record, depth, budget)) return false;
  for (const key of Object.keys(record)) {
    budget.characters -= key.length;
    if (!isExactValue((record as Record<string, unknown>)[key], depth + 1, budget)) return false;
  }
  return isWithin(budget);
}

function isNew(value: object, depth: number, { seen }: Budget): boolean {
  const { size } = seen;
  return depth < MAX_DEPTH && seen.add(value).size > size;
}

function isWithin({ nodes, characters }: Budget): boolean {
  return nodes >= 0 && characters >= 0;
}
