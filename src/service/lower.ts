import { isSource } from '../core/bus/producer.js';
import { isPortHolder } from '../core/port/port-holder.js';
import { kindOf } from '../core/wire/kinds.js';
import { rebuild } from '../core/wire/rebuild.js';
import { Transfer } from '../core/wire/transfer.js';

/** The way to something in values: keys of objects, indices of arrays, and those of the values in a map and of a set's members. */
export type Path = readonly (string | number)[];

/** Values without what travels by reference. */
export interface Lowered {
  /** In the place of each of `found` stands an empty object. */
  readonly values: readonly unknown[];
  /** Functions, and what items can be taken from, each as often as it occurs, */
  readonly found: readonly object[];
  /** and where each was. What is one object in a message arrives as one. */
  readonly paths: readonly Path[];
}

/** An object that was come by, on the way from another one. */
interface Step {
  readonly from: Step | undefined;
  readonly key: string | number;
}

/** Takes the functions and the sources of streams out of values; `undefined` if there are none. Changes nothing. */
export function lower(values: readonly unknown[]): Lowered | undefined {
  if (values.every(isFlat)) return undefined;
  const listed = new Set<object>();
  const bare = values.map((value) => {
    if (!(value instanceof Transfer)) return value;
    for (const each of value.list) listed.add(each);
    return value.value;
  });
  const found = find(bare, listed);
  if (found.length === 0) return undefined;
  // What moves is left alone; so is a port that doesn't, for the error that says so.
  const rebuilt = rebuild(bare, (value) =>
    listed.has(value) || isPortHolder(value) ? value : isReference(value) ? {} : undefined,
  );
  return {
    values: rebuilt.map((value, i) => {
      const before = values[i];
      return before instanceof Transfer ? new Transfer(value, before.list) : value;
    }),
    found: found.map(([value]) => value),
    paths: found.map(([, step]) => pathOf(step)),
  };
}

/** By far the most frequent: no object, or one that holds none. */
function isFlat(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  if (Object.getPrototypeOf(value) !== Object.prototype || Symbol.asyncIterator in value) return false;
  for (const key in value) {
    const each = (value as Record<string, unknown>)[key];
    if (typeof each === 'function' || (typeof each === 'object' && each !== null)) return false;
  }
  return true;
}

/** A class with an iterator, or with methods only, would arrive as an empty object: so all is looked through, not only what fails. */
function find(values: readonly unknown[], listed: ReadonlySet<object>): (readonly [object, Step])[] {
  const found: (readonly [object, Step])[] = [];
  const inside = new Map<object, Step>();
  const look = (value: unknown, from: Step | undefined, key: string | number): void => {
    if (typeof value !== 'function' && (typeof value !== 'object' || value === null || listed.has(value))) return;
    if (isReference(value)) found.push([value, { from, key }]);
    else if (!inside.has(value)) inside.set(value, { from, key });
  };
  values.forEach((value, i) => look(value, undefined, i));
  // Those that are added meanwhile too.
  for (const [value, step] of inside) {
    let index = 0;
    const next = (each: unknown): void => look(each, step, index++);
    const kind = kindOf(value);
    if (kind === 'map') Map.prototype.forEach.call(value, next);
    else if (kind === 'set') Set.prototype.forEach.call(value, next);
    else if (kind === 'array') (value as unknown[]).forEach((each, i) => look(each, step, i));
    else if (kind === 'record' && !isPortHolder(value)) {
      for (const key of Object.keys(value)) look((value as Record<string, unknown>)[key], step, key);
    }
  }
  return found;
}

function isReference(value: object): boolean {
  return typeof value === 'function' || isSource(value);
}

function pathOf(step: Step): Path {
  const path: (string | number)[] = [];
  for (let each: Step | undefined = step; each; each = each.from) path.unshift(each.key);
  return path;
}

/** Puts something where it was taken out, into values that arrived. False if there is no such place. */
export function place(values: unknown[], path: unknown, value: object): boolean {
  if (!Array.isArray(path)) return false;
  let at: unknown = values;
  for (const [i, key] of (path as unknown[]).entries()) {
    const last = i === path.length - 1;
    if (at instanceof Map) {
      const mapKey = [...at.keys()][key as number];
      if (last && at.has(mapKey)) at.set(mapKey, value);
      at = at.get(mapKey);
    } else if (at instanceof Set) {
      const members: unknown[] = [...at];
      if (last && members[key as number] !== undefined) {
        members[key as number] = value;
        at.clear();
        for (const each of members) at.add(each);
      }
      at = members[key as number];
    } else {
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key as string)) return false;
      if (last) (at as Record<string, unknown>)[key as string] = value;
      at = (at as Record<string, unknown>)[key as string];
    }
  }
  return at === value;
}
