import { meshBehind } from '../core/bus/caller.js';
import { callerOf, type AnyBus } from './from.js';
import { Lines, type ComlinkLoad } from './lines.js';

/**
 * What the Comlink objects of a bus hold at the moment, exposed and wrapped: for leak checks, and for a look at what is pending.
 *
 * @example
 * loadOf(bus); // { connections: 1, endpoints: 3, calls: 0 }
 */
export function loadOf(bus: AnyBus): ComlinkLoad {
  return Lines.of(meshBehind(callerOf(bus, 'loadOf(bus)'))).load;
}
