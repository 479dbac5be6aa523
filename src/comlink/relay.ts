import type { Lane } from './lane.js';

/**
 * Joins a lane to a port of the platform, which it is in the place of: that of an endpoint, or one that a transfer handler has made by
 * itself. Whoever has the lane ends it when the port is closed.
 */
export function relay(lane: Lane, port: MessagePort, onClose: () => void): Lane {
  lane.relayed = true;
  lane.addEventListener('message', ({ data, ports }) => port.postMessage(data, ports as Transferable[]));
  lane.onEnd = () => port.close();
  port.onmessage = ({ data, ports }) => lane.postMessage(data, ports);
  // Where the platform has that event: elsewhere, the release is what ends it.
  port.addEventListener('close', onClose);
  // Node's: what it is for keeps the process alive, if something does.
  (port as { unref?: () => void }).unref?.();
  return lane;
}
