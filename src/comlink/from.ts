import { Caller, type CallerOptions } from '../core/bus/caller.js';
import type { Peers } from '../core/bus/peers.js';
import { invalid } from '../core/errors/mesh-error.js';

/** A bus, or what calls somebody through it, whatever its channels are: `bus`, `bus.to('viewer')`, `bus.with({ … })`. */
export interface AnyCaller {
  /** As `Caller` has it. */
  readonly pending: number;
  /** As `Caller` has it. */
  with(options: CallerOptions): AnyCaller;
}

/** A bus, whatever its channels are. */
export interface AnyBus extends AnyCaller {
  /** As `Bus` has them. */
  readonly peers: Peers;
}

/** @throws MeshError `INVALID_ARGUMENT` */
export function callerOf(from: AnyCaller, call: string): Caller {
  if (from instanceof Caller) return from;
  throw invalid(call, 'the first argument must be a bus, or what its to() or with() returned.');
}
