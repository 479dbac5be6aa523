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

/** What fires later than this was kept from it: this process was blocked, or stopped. */
const BLOCKED_MS = 20;

/**
 * Calls `action` after so many milliseconds in which this process could hear: as long as it is blocked, nobody else is to blame.
 * What has arrived by then is heard first.
 */
export function startPatientTimer(ms: number, action: () => void): Timer {
  let last: NodeJS.Immediate | undefined;
  let timer: Timer;
  const wait = (time: number): void => {
    const due = performance.now() + time;
    timer = startTimer(time, () => {
      const late = performance.now() - due;
      if (late > BLOCKED_MS) wait(Math.min(late, ms));
      else last = setImmediate(action);
    });
  };
  wait(ms);
  return {
    stop() {
      timer.stop();
      clearImmediate(last);
    },
  };
}

/**
 * Calls `end` once: when the time is over, or the signal aborts.
 *
 * @param late what to say when the time is over: the other party, and the fix
 */
export function startDeadline(
  { call, timeout, signal }: Patience,
  late: () => string,
  end: (error: MeshError) => void,
): Timer {
  const stop = (): void => {
    timer?.stop();
    signal?.removeEventListener('abort', onAbort);
  };
  const settle = (error: MeshError): void => {
    stop();
    end(error);
  };
  const onTime = (): void => settle(new MeshError('TIMEOUT', `${call}: ${late()}`));
  const onAbort = (): void => settle(aborted(call, signal));
  const timer = Number.isFinite(timeout) ? startPatientTimer(timeout, onTime) : undefined;
  signal?.addEventListener('abort', onAbort);
  return { stop };
}

function aborted(call: string, signal: AbortSignal | undefined): MeshError {
  return new MeshError('ABORTED', `${call}: aborted by the caller's signal.`, { cause: signal?.reason });
}
