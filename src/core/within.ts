import { MeshError } from './errors/mesh-error.js';
import { startTimer } from './timer.js';

/** How long a call waits for somebody else. */
export interface Patience {
  /** The call, as its caller wrote it, for errors. */
  readonly call: string;
  /** Milliseconds. `Infinity`: for ever. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A promise that `begin` settles. Is the time over before, or does the signal abort, it rejects with `TIMEOUT` or `ABORTED`; if it has
 * aborted already, nothing begins.
 *
 * @param late makes what a time-out says behind the call
 * @param onFailure called when it rejects, for whatever reason: what comes afterwards is for nobody
 */
export function within<T>(
  { call, timeout, signal }: Patience,
  late: () => string,
  begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  onFailure: () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (act: () => void): void => {
      if (settled) return;
      settled = true;
      timer?.stop();
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const fail = (error: unknown): void =>
      settle(() => {
        onFailure();
        reject(error);
      });
    const onAbort = (): void =>
      fail(new MeshError('ABORTED', `${call}: aborted by the caller's signal.`, { cause: signal?.reason }));
    const timer = Number.isFinite(timeout)
      ? startTimer(timeout, () => fail(new MeshError('TIMEOUT', `${call}: ${late()}`)))
      : undefined;
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) return onAbort();
    try {
      begin((value) => settle(() => resolve(value)), fail);
    } catch (error) {
      fail(error);
    }
  });
}
