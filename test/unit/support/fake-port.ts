import { MeshError } from '../../../src/core/errors/mesh-error.js';
import { domEnd } from '../../../src/core/port/message-port.js';
import type { Port, PortCapabilities, PortListener } from '../../../src/core/port/port.js';

/** A port whose far end is the test: it sees every post at once, and decides when something arrives. */
export class FakePort implements Port {
  readonly carries: PortCapabilities;
  readonly raw = this;
  /** What was posted, as it was then. */
  readonly posts: unknown[][] = [];
  readonly transfers: (readonly unknown[] | undefined)[] = [];
  /** Whether they were said to be trees. */
  readonly trees: boolean[] = [];
  closed = false;
  /** Whether posts are kept in `posts`. */
  recording = true;
  #listener: PortListener | undefined;

  constructor(carries: PortCapabilities = domEnd) {
    this.carries = carries;
  }

  post(message: unknown, transfer?: readonly unknown[], tree = false): void {
    if (this.closed) return;
    let copy: unknown;
    try {
      copy = structuredClone(message, { transfer: [...(transfer ?? [])] as Transferable[] });
    } catch (cause) {
      throw new MeshError('NOT_CLONEABLE', (cause as Error).message, { cause });
    }
    if (!this.recording) return;
    this.posts.push(copy as unknown[]);
    this.transfers.push(transfer);
    this.trees.push(tree);
  }

  start(listener: PortListener): void {
    this.#listener = listener;
  }

  close(): void {
    this.closed = true;
  }

  detach(): this {
    this.#listener = undefined;
    return this;
  }

  /** Posts the far end sent. */
  deliver(...messages: unknown[]): void {
    for (const message of messages) this.#listener?.message(message, []);
  }

  /** A post, with ports beside it. */
  deliverWith(message: unknown, ports: readonly unknown[]): void {
    this.#listener?.message(message, ports);
  }

  deliverUnreadable(): void {
    this.#listener?.unreadable();
  }

  /** The far end is gone. */
  closeFar(): void {
    this.#listener?.close('closed');
  }
}
