import { isSource } from '../core/bus/producer.js';
import { isPortHolder } from '../core/port/port-holder.js';
import { kindOf } from '../core/wire/kinds.js';
import { rebuild } from '../core/wire/rebuild.js';
import { Transfer } from '../core/wire/transfer.js';

/** Values without what travels by reference. */
export interface Lowered {
  readonly values: readonly unknown[];
  /** What stands in the values in the place of each of `found` */
  readonly placeholders: readonly object[];
  /** Functions, and what items can be taken from */
  readonly found: readonly object[];
}

/** Takes the functions and the sources of streams out of values; `undefined` if there are none. Changes nothing. */
export function lower(values: readonly unknown[]): Lowered | undefined {
  const listed = new Set<object>();
  let transfers = false;
  const bare = values.map((value) => {
    if (!(value instanceof Transfer)) return value;
    transfers = true;
    for (const each of value.list) listed.add(each);
    return value.value;
  });
  const found = find(bare, listed);
  if (!found) return undefined;
  const places = new Map<object, object>();
  for (const each of found) places.set(each, {});
  // What moves is left alone; so is a port that doesn't, for the error that says so.
  const rebuilt = rebuild(
    bare,
    (value) => places.get(value) ?? (listed.has(value) || isPortHolder(value) ? value : undefined),
  );
  return {
    values: transfers ? rebuilt.map((value, i) => retransfer(values[i], value)) : rebuilt,
    placeholders: [...places.values()],
    found: [...found],
  };
}

function retransfer(before: unknown, value: unknown): unknown {
  return before instanceof Transfer ? new Transfer(value, before.list) : value;
}

/** A class with an iterator, or with methods only, would arrive as an empty object: so all is looked through, not only what fails. */
function find(values: readonly unknown[], listed: ReadonlySet<object>): Set<object> | undefined {
  let found: Set<object> | undefined;
  let inside: Set<object> | undefined;
  const add = (value: unknown): void => {
    if (typeof value === 'function') (found ??= new Set()).add(value);
    else if (typeof value === 'object' && value !== null && !listed.has(value)) {
      if (isSource(value)) (found ??= new Set()).add(value);
      else (inside ??= new Set()).add(value);
    }
  };
  values.forEach(add);
  // Those that are added meanwhile too.
  for (const value of inside ?? []) {
    switch (kindOf(value)) {
      case 'record':
      case 'array':
        if (!isPortHolder(value)) Object.values(value).forEach(add);
        break;
      case 'map':
        Map.prototype.forEach.call(value, (each, key) => (add(key), add(each)));
        break;
      case 'set':
        Set.prototype.forEach.call(value, add);
        break;
      case 'error':
        add((value as Error).cause);
        break;
      default:
      // nothing in it
    }
  }
  return found;
}
