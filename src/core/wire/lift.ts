// Ports never stand inside of what is posted: some ends would read the whole message as `null`. In the place of each stands an
// empty object, and the same objects are listed in front, in the order of the raw ports that travel beside. Structured
// clone keeps what is one object one object within a post: so the receiver knows them by identity, and no data, whatever
// it looks like, can be taken for one.

import { MeshError } from '../errors/mesh-error.js';
import { heldPort, isPortHolder } from '../port/port-holder.js';
import { rebuild } from './rebuild.js';

export interface Lifted {
  readonly values: readonly unknown[];
  /** What stands in the values in the place of each port; of a port that is not in them, nowhere. */
  readonly placeholders: readonly object[];
  /** The platform's ports, in the order of the placeholders. They are still the owner's. */
  readonly raw: readonly object[];
}

const nothing: readonly object[] = [];

/**
 * Takes `ports`, which are to move, out of `values`. Changes neither.
 *
 * @param ports ports of the mesh and of the platform, in any order
 * @param replace what else is to be replaced by the way; see `rebuild`. Default: nothing, and without ports no work at all
 * @throws MeshError `NOT_CLONEABLE` if a port is closed or has been moved away, or two are the same
 */
export function lift(
  values: readonly unknown[],
  ports: readonly object[],
  replace?: (value: object) => object | undefined,
): Lifted {
  if (ports.length === 0)
    return { values: replace ? rebuild(values, replace) : values, placeholders: nothing, raw: nothing };
  const raw = ports.map(rawPort);
  if (new Set(raw).size < raw.length)
    throw new MeshError('NOT_CLONEABLE', 'a port is listed twice. List each port once.');
  const placeholders = new Map<object, object>();
  for (const port of ports) placeholders.set(port, {});
  return {
    values: rebuild(values, (value) => placeholders.get(value) ?? replace?.(value)),
    placeholders: [...placeholders.values()],
    raw,
  };
}

/**
 * Puts `ports` into what arrived, in the places of `placeholders`. All of it comes from the other side: `undefined` if it makes
 * no sense (a placeholder too many, one that is no object, one listed twice).
 *
 * @param found told of each port that has a place
 */
export function restore(
  values: readonly unknown[],
  placeholders: unknown,
  ports: readonly object[],
  found: (port: object) => void = () => {},
): unknown[] | undefined {
  // The length first: a sparse array is a few bytes on the wire.
  if (!Array.isArray(placeholders) || placeholders.length > ports.length) return undefined;
  const places = new Map<unknown, object>();
  for (const [i, placeholder] of placeholders.entries()) {
    if (typeof placeholder !== 'object' || placeholder === null || places.has(placeholder)) return undefined;
    places.set(placeholder, ports[i] as object);
  }
  const replace = (value: object): object | undefined => {
    const port = places.get(value);
    if (port) found(port);
    return port;
  };
  try {
    return places.size === 0 ? [...values] : rebuild(values, replace);
  } catch {
    return undefined; // more than this realm's memory or limits take
  }
}

function rawPort(port: object): object {
  if (!isPortHolder(port)) return port;
  const { raw } = port[heldPort] ?? {};
  if (!raw) throw new MeshError('NOT_CLONEABLE', 'a port that is to move is closed, or has been moved before.');
  return raw;
}
