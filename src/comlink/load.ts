import { meshOf } from '../core/bus/caller.js';
import { callerOf, type AnyBus } from './from.js';
import type { Line } from './line.js';

/** What a bus's Comlink objects hold at a moment. All of it goes back to 0 when they are released, disposed of, or lost. */
export interface ComlinkLoad {
  /** Ports between this peer and others: one for each `wrap()`, on both sides */
  readonly connections: number;
  /** Objects, callbacks and endpoints that are exposed on these, and those that are wrapped */
  readonly endpoints: number;
  /** Calls made here that wait for their answer */
  readonly calls: number;
}

/**
 * What the Comlink objects of a bus hold at the moment, exposed and wrapped: for leak checks, and for a look at what is pending.
 *
 * @throws MeshError `INVALID_ARGUMENT`
 * @example
 * loadOf(bus); // { connections: 1, endpoints: 3, calls: 0 }
 */
export function loadOf(bus: AnyBus): ComlinkLoad {
  const load = { connections: 0, endpoints: 0, calls: 0 };
  for (const line of meshOf(callerOf(bus, 'loadOf(bus)')).lines as Set<never> as Set<Line>) {
    load.connections++;
    load.endpoints += line.lanes.size;
    load.calls += line.load.calls;
  }
  return load;
}
