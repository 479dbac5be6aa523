import { MeshError, type LeaveReason } from '../errors/mesh-error.js';

/** How a bus ended. */
export interface CloseInfo {
  /** Why: what the others were told as the reason of its leave. */
  readonly reason: LeaveReason;
  /** Whether this side closed it. */
  readonly local: boolean;
  /** With an eviction: the words of whoever evicted it. */
  readonly detail: string;
}

/** Internal: what a call on a bus that has ended throws. */
export function closedError(call: string, { reason, local, detail }: CloseInfo): MeshError {
  if (local) return new MeshError('CLOSED', `${call}: this bus was closed by its own close().`);
  const why = detail ? `${reason}: ${detail}` : reason;
  const gone = reason === 'bridge-gone';
  const text = gone ? `the bridge is gone (${why}).` : `this bus was ended by the bridge (${why}). Connect again.`;
  return new MeshError(gone ? 'BRIDGE_GONE' : 'CLOSED', `${call}: ${text}`, { reason });
}
