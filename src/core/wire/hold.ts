import type { MessageLimits } from '../directory/limits.js';
import { domEnd } from '../port/message-port.js';
import { capture } from './capture.js';
import { inspect } from './inspect.js';
import { Transfer } from './transfer.js';

/**
 * Arguments as they are now, to be sent later. What moves already belongs to the call.
 * @throws if one can't be cloned, holds a port that does not move, or is too much
 */
export function hold(args: readonly unknown[], limits?: MessageLimits): readonly unknown[] {
  const copies = capture(args);
  if (copies) return copies;
  // In Node, a clone of a `MeshPort` is an empty object: nobody would notice then.
  const copied = args.filter((each) => !(each instanceof Transfer));
  inspect(copied, domEnd, { buffers: new Set(), ports: new Set() }, limits);
  return args.map((each) => (each instanceof Transfer ? each : structuredClone(each)));
}
