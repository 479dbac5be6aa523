/** What a port's far end is able to receive. The sender decides by it what to copy, to move, or to refuse at once. */
export interface PortCapabilities {
  /** Whether ArrayBuffers can be moved; else they are copied, and detached here. */
  readonly buffers: boolean;
  /** Whether ports may stand inside a message; else they travel beside it only. */
  readonly nestedPorts: boolean;
  /** Whether Blobs, ImageBitmaps, streams and the like can be received. */
  readonly hostObjects: boolean;
}

/** What a port tells its owner. Its members must not throw. */
export interface PortListener {
  /** A message, with the ports that came beside it (raw ports of the platform). */
  message(data: unknown, ports: readonly unknown[]): void;
  /** A message arrived that this side can't read. It counts as one in the order of messages. */
  unreadable(): void;
  /** The far end is gone. Called once at most, after the last message, and never for this end's own `close()`. */
  close(reason: string): void;
}

/**
 * One end of a two-way pipe: the seam between the mesh and whatever carries it.
 *
 * What a port owes: messages arrive in the order posted, each exactly once while both ends live; what is posted before
 * `start()` of the far end waits there; after either end is closed, posting is silently without effect.
 */
export interface Port {
  /** What the far end is able to receive. */
  readonly carries: PortCapabilities;
  /**
   * Sends `message` as it is now: changes made afterwards don't travel. The objects in `transfer` belong to the receiver
   * when this returns, and still to the caller when it throws.
   * @throws MeshError `NOT_CLONEABLE` if the message can't be sent; nothing has been sent then
   */
  post(message: unknown, transfer?: readonly unknown[]): void;
  /** Begins to deliver, what waits first. A port that isn't started doesn't notice the end of its far end. */
  start(listener: PortListener): void;
  /** Ends both sides. Idempotent. What was posted before still arrives. */
  close(): void;
  /**
   * Gives up the platform's own port, to be moved elsewhere: nothing is delivered here any more, and what comes waits in it. This
   * object is as if closed afterwards, without an end of the pipe. `undefined` if it is closed.
   */
  detach(): object | undefined;
}
