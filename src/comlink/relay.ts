import { domEnd, MessagePortPort } from '../core/port/message-port.js';
import type { Lane } from './lane.js';

/**
 * Joins a lane to a port of the platform, which it is in the place of: that of an endpoint, or one that a transfer handler has made by
 * itself. Whoever has the lane ends it when the port is closed.
 */
export function relay(lane: Lane, raw: MessagePort, onClose: () => void): Lane {
  const isNode = 'unref' in raw;
  // In a worker of Electron before 29, no port may have a listener for its close: there the release has to do.
  const page = (globalThis as unknown as { readonly window?: object }).window;
  const port = new MessagePortPort(raw as never, domEnd, page as never, isNode || page !== undefined);
  lane.relayed = true;
  lane.addEventListener('message', ({ data, ports }) => port.post(data, ports));
  lane.onEnd = () => port.close();
  port.start({
    message: (data, ports) => lane.postMessage(data, ports as readonly object[]),
    unreadable() {},
    close: onClose,
  });
  // What it is for keeps the process alive, if something does.
  if (isNode) (raw as unknown as { unref(): void }).unref();
  return lane;
}
