import { startTimer } from '../timer.js';
import { electronEnd, MessagePortPort, type MessagePortLike } from './message-port.js';
import type { PortListener } from './port.js';

/** The `MessagePort` of `node:worker_threads`, as far as a port needs it. */
export interface NodePortLike extends MessagePortLike {
  unref(): void;
}

/**
 * A port over Node's own `MessagePort`, between a worker and the process that hosts and relays it: so, whoever is at the far end,
 * it carries what Electron's ports carry.
 */
export class NodePort extends MessagePortPort {
  readonly #port: NodePortLike;
  readonly #keepsAlive: boolean;

  /**
   * @param port the platform's port; it belongs to the new object from now on
   * @param keepsAlive whether the thread runs on for it, until it is closed
   */
  constructor(port: NodePortLike, keepsAlive = false) {
    super(port, electronEnd);
    this.#port = port;
    this.#keepsAlive = keepsAlive;
  }

  override start(listener: PortListener): void {
    super.start(listener);
    if (!this.#keepsAlive) this.#port.unref();
  }
  /**
   * Node tells the far end of a close in the next round of its event loop, and Electron's processes begin a round when something
   * of Node's asks for one. A close doesn't: when Electron's own port brought it about, the far end would hear of it minutes later.
   */
  override close(): void {
    super.close();
    startTimer(0, () => {});
  }
}
