import { MessagePortPort, domEnd } from '../core/port/message-port.js';
import type { Lane } from './lane.js';

/** Joins a lane to a port of the platform: that of an endpoint, or one that a transfer handler has made by itself. */
export function relay(lane: Lane, raw: MessagePort): Lane {
  const isNode = 'unref' in raw;
  // In a worker of Electron before 29, no port may have a listener for its close: there the release has to do.
  const page = (globalThis as unknown as { readonly window?: object }).window;
  const port = new MessagePortPort(raw as never, domEnd, page as never, isNode || page !== undefined);
  lane.port = port;
  port.start({
    message: (data, ports) => lane.postMessage(data, ports as readonly object[]),
    unreadable() {},
    close: () => lane.line.close(lane.id),
  });
  // What it is for keeps the process alive, if something does.
  if (isNode) (raw as unknown as { unref(): void }).unref();
  return lane;
}
