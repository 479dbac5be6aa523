/**
 * Every way a call on the mesh can fail for a reason of the mesh's own. Codes are stable: they are part of the API.
 * `docs/troubleshooting.md` says of each what it means, and what to do.
 */
export type MeshErrorCode =
  | 'TIMEOUT'
  | 'ABORTED'
  | 'NO_PEER'
  | 'NO_HANDLER'
  | 'NO_SERVICE'
  | 'NO_METHOD'
  | 'PEER_GONE'
  | 'NOT_AUTHORIZED'
  | 'NOT_CLONEABLE'
  | 'BRIDGE_GONE'
  | 'VERSION_MISMATCH'
  | 'INVALID_ARGUMENT'
  | 'PROTOCOL'
  | 'LIMIT'
  | 'CLOSED';

/** Why a peer left. `docs/places.md` says what happened in each case. */
export type LeaveReason =
  | 'bye'
  | 'crashed'
  | 'killed'
  | 'reloaded'
  | 'navigated'
  | 'closed'
  | 'frame-removed'
  | 'terminated'
  | 'exited'
  | 'evicted'
  | 'bridge-gone'
  | 'lost';

/** What an error of the mesh may have besides its code and its message. */
export interface MeshErrorOptions {
  /** What led to this error: the platform's own error, an abort reason, … */
  readonly cause?: unknown;
  /** With `PEER_GONE`: why the other side is gone. */
  readonly reason?: LeaveReason | undefined;
}

const brand = Symbol.for('portmesh.MeshError');

/**
 * The one error class of the mesh. Its message names the call, the other party and the fix.
 *
 * @example
 * try {
 *   await bus.request('doc:render', id);
 * } catch (error) {
 *   if (MeshError.is(error, 'TIMEOUT')) retry();
 *   else throw error;
 * }
 */
export class MeshError extends Error {
  /** Which way it failed. Compare this, not the message. */
  readonly code: MeshErrorCode;
  /** With `PEER_GONE`: why the other side is gone. */
  declare readonly reason?: LeaveReason;

  /**
   * An application seldom makes one; a handler may, and its caller gets it as it is.
   *
   * @param code which way it failed
   * @param message the call, the other party and the fix, in words
   * @param options its cause; with `PEER_GONE`, the reason
   */
  constructor(code: MeshErrorCode, message: string, options?: MeshErrorOptions) {
    super(message, options && 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    if (options?.reason) this.reason = options.reason;
  }

  /**
   * Whether `value` is an error of the mesh, and, where `code` is given, that one. Recognised by brand, not by class: an
   * application can hold two copies of this library (its own bundle, the preload's).
   */
  static is(value: unknown, code?: MeshErrorCode): value is MeshError {
    return (
      typeof value === 'object' &&
      value !== null &&
      brand in value &&
      (code === undefined || (value as { code?: unknown }).code === code)
    );
  }
}

// On the prototype, not on each error: neither listed nor cloned.
Object.defineProperty(MeshError.prototype, brand, { value: true });
Object.defineProperty(MeshError.prototype, 'name', { value: 'MeshError', writable: true, configurable: true });

/** Internal: a `NOT_CLONEABLE` that says what `error`, of any kind, said; a `LIMIT` remains one. */
export function notCloneable(error: unknown, call = ''): MeshError {
  const { message, cause = error } = Object(error) as Error;
  // The platform's own words: they end there, and say nothing of what to do.
  const fix = String(message).endsWith('cloned.')
    ? " Send plain data; functions go with services, or Comlink's proxy()."
    : '';
  return new MeshError(MeshError.is(error, 'LIMIT') ? 'LIMIT' : 'NOT_CLONEABLE', call + message + fix, { cause });
}

/** Internal: what was given, in a few words: whatever it is, this doesn't throw. */
export function show(value: unknown): string {
  return typeof value === 'string'
    ? `'${value.slice(0, 100)}'`
    : typeof value === 'number'
      ? `${value}`
      : value === null
        ? 'null'
        : typeof value;
}

/** Internal: an `INVALID_ARGUMENT` in the words `call: what is wrong. What to do.` */
export function invalid(call: string, problem: string): MeshError {
  return new MeshError('INVALID_ARGUMENT', `${call}: ${problem}`);
}
