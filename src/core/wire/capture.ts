// "As it was at the call": small plain values are copied into the batch that leaves at the end of the turn. That costs
// less than a structuredClone per message, and what is copied here can be read by every kind of far end, so no message of
// a batch can spoil its neighbours. Everything else is posted at once, alone.

/** Values, keys and lengths beyond which a message is posted alone. */
const MAX_NODES = 100;
/** Objects and arrays among them; each is compared with those before it, so that one that occurs twice is noticed. */
const MAX_OBJECTS = 32;
/** A long text costs as much as so many characters per node. */
const CHARACTERS_PER_NODE = 256;
const MAX_CHARACTERS = MAX_NODES * CHARACTERS_PER_NODE;

/** Stands for "not to be copied". */
const other = Symbol('other');

interface Budget {
  nodes: number;
  readonly seen: object[];
}

/** Stands for a value that is not small and plain. */
export const uncaptured = other;

/**
 * A copy of `values` that shares nothing with them, if they are small and plain; else `undefined`. Equal, to the receiver,
 * to what structured clone would have made of them. A getter that throws throws here.
 */
export function capture(values: readonly unknown[]): unknown[] | undefined {
  const { length } = values;
  if (length > MAX_NODES) return undefined;
  // By far the most frequent. An array that grows by push takes room for seventeen.
  if (length === 1) {
    const copied = captureOne(values[0]);
    return copied === other ? undefined : [copied];
  }
  const copies = values.slice();
  // Two objects may hold, or be, the same one.
  const budget = countObjects(values) > 1 ? newBudget() : undefined;
  let characters = 0;
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (typeof value === 'string' && (characters += value.length) > MAX_CHARACTERS) return undefined;
    const copied = budget ? copy(value, budget) : captureOne(value);
    if (copied === other) return undefined;
    copies[i] = copied;
  }
  return copies;
}

/** As `capture`, for a single value; `uncaptured` if it has to be posted alone. */
export function captureOne(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return isPlain(value, MAX_NODES) ? value : other;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Object.prototype || (prototype === null && !Array.isArray(value))) {
    // By far the most frequent: an object that holds no other can't hold one twice either.
    const flat = { ...value };
    if (isFlat(flat)) return flat;
  }
  return copyObject(value, newBudget());
}

/** `for in`, which makes no array of what it visits. */
function isFlat(fresh: Record<string, unknown>): boolean {
  let nodes = 0;
  for (const key in fresh) {
    if (!isPlain(fresh[key], 1) || ++nodes > MAX_NODES) return false;
  }
  return true;
}

function countObjects(values: readonly unknown[]): number {
  let count = 0;
  for (const value of values) if (typeof value === 'object' && value !== null) count++;
  return count;
}

function newBudget(): Budget {
  return { nodes: MAX_NODES, seen: [] };
}

/** Whether it is no object, can be sent, and weighs no more than so many nodes. */
function isPlain(value: unknown, nodes: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.length <= nodes * CHARACTERS_PER_NODE;
    case 'object':
      return value === null;
    case 'function':
    case 'symbol':
      return false;
    default:
      return true;
  }
}

function copy(value: unknown, budget: Budget): unknown {
  budget.nodes--;
  if (typeof value === 'object' && value !== null) return copyObject(value, budget);
  if (typeof value === 'string' && value.length > CHARACTERS_PER_NODE) {
    budget.nodes -= value.length / CHARACTERS_PER_NODE;
    if (budget.nodes < 0) return other;
  }
  return isPlain(value, Infinity) ? value : other;
}

function copyObject(value: object, budget: Budget): unknown {
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Object.prototype || (prototype === null && !Array.isArray(value))) {
    return isNew(value, budget) ? copyPlain(value as Record<string, unknown>, budget) : other;
  }
  if (prototype === Array.prototype && Array.isArray(value)) {
    return isNew(value, budget) ? copyArray(value as unknown[], budget) : other;
  }
  if (prototype === Date.prototype && isNew(value, budget)) {
    try {
      return new Date(Date.prototype.getTime.call(value));
    } catch {
      return other; // only dressed as a Date
    }
  }
  return other;
}

/** Not seen before in this message: an object that occurs twice must arrive as one, which only structured clone does. */
function isNew(value: object, budget: Budget): boolean {
  const { seen } = budget;
  if (seen.length === MAX_OBJECTS || seen.includes(value)) return false;
  seen.push(value);
  return true;
}

function copyPlain(source: Record<string, unknown>, budget: Budget): unknown {
  const target: Record<string, unknown> = {};
  const keys = Object.keys(source);
  if (keys.length > budget.nodes) return other;
  for (const key of keys) {
    if (key === '__proto__') return other; // assigned, it would become the prototype
    const copied = copy(source[key], budget);
    if (copied === other) return other;
    target[key] = copied;
  }
  return target;
}

function copyArray(source: readonly unknown[], budget: Budget): unknown {
  const length = source.length;
  if (length > budget.nodes) return other;
  // As many keys as elements, and the last one the last index: then it has no holes, and no named properties.
  const keys = Object.keys(source);
  if (keys.length !== length || (length > 0 && keys[length - 1] !== String(length - 1))) return other;
  const target: unknown[] = [];
  for (let i = 0; i < length; i++) {
    const copied = copy(source[i], budget);
    if (copied === other) return other;
    target.push(copied);
  }
  return target;
}
