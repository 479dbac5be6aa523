import type { MessageLimits } from '../directory/limits.js';
import { keep } from '../link/queue.js';
import { domEnd } from '../port/message-port.js';
import { heldPort, type PortHolder } from '../port/port-holder.js';
import type { Port } from '../port/port.js';
import { capture } from '../wire/capture.js';
import { restore } from '../wire/lift.js';
import { preparePayload } from '../wire/payload.js';
import { transfer, Transfer } from '../wire/transfer.js';
import { closeRaw } from '../port/port.js';

/**
 * Arguments as they are now, to be sent later. What moves is out of the caller's hands when this returns: `letGo` is for those that
 * will not be sent.
 * @throws MeshError `NOT_CLONEABLE` if one can't be cloned, or holds a port that does not move, or can't;
 * `LIMIT` if they are too much; nothing has moved then
 */
export function hold(args: readonly unknown[], limits?: MessageLimits): readonly unknown[] {
  const copies = capture(args);
  if (copies) return copies;
  const payload = preparePayload(args, domEnd, limits);
  const { length } = payload.placeholders;
  const [[values, places], moved] = keep([payload.values, payload.placeholders], payload.transfer);
  payload.settle();
  if (moved.length === 0) return values as unknown[];
  const held = moved.map((each, i) => (i < length ? holderOf(each) : each));
  const restored = restore(values as unknown[], places, held.slice(0, length)) as unknown[];
  return [...restored.slice(0, -1), transfer(restored.at(-1), held)];
}

/** Closes what moved with arguments that nobody will get: the far ends of the ports would wait for ever. */
export function letGo(args: readonly unknown[] | undefined): void {
  for (const each of args ?? []) if (each instanceof Transfer) each.list.forEach(closeRaw);
}

/** A port that is nobody's, until it is sent. */
function holderOf(port: object): PortHolder & { close(): void } {
  let raw: object | undefined = port;
  const detach = (): object | undefined => {
    const had = raw;
    raw = undefined;
    return had;
  };
  return {
    get [heldPort]() {
      return raw && ({ raw } as Port);
    },
    detach,
    close: () => closeRaw(detach()),
  };
}
