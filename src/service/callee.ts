import type { CallOptions, ServiceCall } from '../core/bus/request.js';
import type { Target } from '../core/bus/target.js';
import type { Result } from './result.js';

/** What is called, and how. */
export interface Callee extends ServiceCall {
  readonly target: Target;
  readonly channel: string;
  /** See wire.ts */
  readonly head: readonly [references: undefined, called: string | number, version: string | number | undefined];
  /** Of the result; may throw */
  readonly check?: (value: unknown) => unknown;
}

/** Makes a call. */
export type Call = (callee: Callee, args: readonly unknown[], options: CallOptions) => Result<unknown>;
