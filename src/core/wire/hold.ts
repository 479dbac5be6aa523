import { capture } from './capture.js';
import { Transfer } from './transfer.js';

/**
 * Arguments as they are now, to be sent later. What moves already belongs to the call.
 * @throws if one can't be cloned
 */
export function hold(args: readonly unknown[]): readonly unknown[] {
  return capture(args) ?? args.map((each) => (each instanceof Transfer ? each : structuredClone(each)));
}
