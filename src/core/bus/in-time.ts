import { within, type Patience } from '../within.js';

/**
 * What the broker's process makes, or tells, in time: it may be blocked.
 *
 * @param owner says how the bus has ended, if it has
 * @param late makes what a time-out says behind the call
 * @param onLate gets what comes when nobody waits for it any more
 * @throws MeshError `TIMEOUT`, `ABORTED`; `CLOSED`; what `made` rejects with
 */
export async function inTime<T>(
  owner: { check(call: string): void },
  made: Promise<T>,
  patience: Patience,
  late: () => string,
  onLate: (made: T) => void = () => {},
): Promise<T> {
  let over = false;
  made.then(
    (value) => over && onLate(value),
    () => {},
  );
  try {
    return await within<T>(
      patience,
      late,
      (resolve, reject) => void made.then(resolve, reject),
      () => (over = true),
    );
  } catch (error) {
    owner.check(patience.call);
    throw error;
  }
}
