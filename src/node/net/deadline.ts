import { MeshError } from '../../core/errors/mesh-error.js';
import { startTimer, type Timer } from '../../core/timer.js';

/** How long something may take, and who may end it before. */
export interface Patience {
  /** The call, as its caller wrote it, for errors. */
  readonly call: string;
  /** Milliseconds. `Infinity`: for ever. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws MeshError `ABORTED` */
export function checkSignal({ call, signal }: Patience): void {
  if (signal?.aborted) throw aborted(call, signal);
}

/**
 * Calls `end` once: when the time is over, or the signal aborts. If this process was busy meanwhile, what has arrived is heard first.
 *
 * @param late what to say when the time is over: the other party, and the fix
 */
export function startDeadline(
  { call, timeout, signal }: Patience,
  late: () => string,
  end: (error: MeshError) => void,
): Timer {
  let last: NodeJS.Immediate | undefined;
  const stop = (): void => {
    timer?.stop();
    clearImmediate(last);
    signal?.removeEventListener('abort', onAbort);
  };
  const settle = (error: MeshError): void => {
    stop();
    end(error);
  };
  const onTime = (): void => {
    last = setImmediate(() => settle(new MeshError('TIMEOUT', `${call}: ${late()}`)));
  };
  const onAbort = (): void => settle(aborted(call, signal));
  const timer = Number.isFinite(timeout) ? startTimer(timeout, onTime) : undefined;
  signal?.addEventListener('abort', onAbort);
  return { stop };
}

function aborted(call: string, signal: AbortSignal | undefined): MeshError {
  return new MeshError('ABORTED', `${call}: aborted by the caller's signal.`, { cause: signal?.reason });
}
