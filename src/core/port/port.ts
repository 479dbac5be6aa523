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
  /**
   * A message arrived that this side can't read; from an end that carries no host objects, `null` stands for it. It counts as
   * one in the order of messages.
   */
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
  /** The platform's own port, for the transfer list of a post. After the post has succeeded, `detach()` gives it up. */
  readonly raw: object;
  /** Whether a post may run other code of the application, as Electron's own ports do: what waits in microtasks. Default: no */
  readonly reenters?: boolean;
  /**
   * Sends `message` as it is now: changes made afterwards don't travel. The objects in `transfer` belong to the receiver
   * when this returns, and still to the caller when it throws. Towards an end that carries no host objects `null` is no
   * message: it arrives as one that can't be read.
   * @param tree the message is an array without holes or names, of such arrays, plain objects and the like, in which nothing occurs
   *   twice: a port that writes messages itself need not look. Default: unknown
   * @throws MeshError `NOT_CLONEABLE` if the message can't be sent; nothing has been sent then
   */
  post(message: unknown, transfer?: readonly unknown[], tree?: boolean): void;
  /** Begins to deliver, what waits first. A port that isn't started doesn't notice the end of its far end. */
  start(listener: PortListener): void;
  /** Ends both sides. Idempotent. What was posted before still arrives. */
  close(): void;
  /**
   * Gives up the platform's own port, which belongs to the caller then: nothing is delivered here any more, not its close
   * either. What has not been delivered waits for the next owner, if it starts it, or moves it away, in the same turn; of
   * a port that was never started, nothing is ever lost. `undefined` if it is closed.
   */
  detach(): object | undefined;
}

/** Internal: closes a raw port that nobody will have, or anything else that can be closed. */
export function closeRaw(port: unknown): void {
  (port as { close?: () => void } | undefined)?.close?.();
}

/** Internal: the same for those that came with something, and that nobody takes. */
export function closeAll(ports: readonly unknown[]): void {
  for (const port of ports) closeRaw(port);
}
