import { isSource } from '../core/bus/producer.js';
import { isPortHolder } from '../core/port/port-holder.js';
import { kindOf } from '../core/wire/kinds.js';
import { rebuild } from '../core/wire/rebuild.js';
import { Transfer } from '../core/wire/transfer.js';
import { visit } from '../core/wire/weigh.js';
import type { References } from './wire.js';

/** Values without what travels by reference. */
export interface Lowered {
  /** In the place of each of `found` stands an empty object. */
  readonly values: readonly unknown[];
  /** Functions, and what items can be taken from, */
  readonly found: readonly object[];
  /** and where each was: see wire.ts */
  readonly places: readonly number[];
}

/** Takes the functions and the sources of streams out of values; `undefined` if there are none. Changes nothing. */
export function lower(values: readonly unknown[]): Lowered | undefined {
  if (values.every(isFlat) || !holdsReference(values)) return undefined;
  const moving = new Set(values.flatMap((value) => (value instanceof Transfer ? value.list : [])));
  const found: object[] = [];
  const places: number[] = [];
  const lowered = replaceAt(
    values.map((value) => (value instanceof Transfer ? (value.value as unknown) : value)),
    (value, place) => {
      if (moving.has(value)) return value;
      if (!isReference(value)) return undefined;
      found.push(value);
      places.push(place);
      return {};
    },
  );
  // What seemed to be one may stand where none can: in a port, in what moves, in the cause of an error.
  if (found.length === 0) return undefined;
  return { found, places, values: values.map((value, i) => remake(value, () => lowered[i])) };
}

/** Puts references where they were taken out; `undefined` if there is no such place, or nothing to be put there. */
export function raise(
  values: readonly unknown[],
  references: unknown,
  take: (id: unknown) => object | undefined,
): unknown[] | undefined {
  const ids = Object(references) as References;
  // The keys of a megabyte of bytes take a hundred times as much.
  if (kindOf(ids) !== 'record') return undefined;
  let taken = 0;
  const raised = replaceAt(values, (_, place) => {
    const value = take(ids[place]);
    if (value) taken++;
    return value;
  });
  return taken > 0 && taken === Object.keys(ids).length ? raised : undefined;
}

/** What `make` makes of a value. What moves with it still does. */
export function remake(value: unknown, make: (value: unknown) => unknown): unknown {
  return value instanceof Transfer ? new Transfer(make(value.value), value.list) : make(value);
}

/** What both sides come by in the same order. Ports are none of it, and the cause of an error does not reach every kind of far end. */
function replaceAt(
  values: readonly unknown[],
  replace: (value: object, place: number) => object | undefined,
): unknown[] {
  let place = 0;
  return rebuild(
    values,
    (value) => replace(value, place++) ?? (isPortHolder(value) || kindOf(value) === 'error' ? value : undefined),
  );
}

/** By far the most frequent: no object, or one that holds none. */
function isFlat(value: unknown): boolean {
  if (!isObject(value)) return true;
  if (Object.getPrototypeOf(value) !== Object.prototype || Symbol.asyncIterator in value) return false;
  for (const key in value) if (isObject(value[key as never])) return false;
  return true;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}

/** A class with an iterator, or with methods only, would arrive as an empty object: so all is looked through, not only what fails. */
function holdsReference(values: readonly unknown[]): boolean {
  let holds = false;
  visit(values, (each) => (holds ||= isReference(each)));
  return holds;
}

function isReference(value: unknown): boolean {
  return typeof value === 'function' || isSource(value) || isIterator(value);
}

/** A generator, or the like: nothing else could be made of it. */
function isIterator(value: unknown): boolean {
  return isObject(value) && Symbol.iterator in value && typeof (value as { next?: unknown }).next === 'function';
}
