import { notCloneable } from '../errors/mesh-error.js';
import { closeAll, type Port, type PortCapabilities, type PortListener } from './port.js';

interface PortEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly ports?: readonly unknown[];
}

interface Target {
  addEventListener(type: string, listener: (event: PortEvent) => void): void;
  removeEventListener(type: string, listener: (event: PortEvent) => void): void;
}

/** What the DOM's MessagePort, and Node's, have in common. */
export interface MessagePortLike extends Target {
  postMessage(message: unknown, transfer?: unknown[]): void;
  start(): void;
  close(): void;
}

/** The far end is a page, a worker or a Node thread: all that structured clone knows. */
export const domEnd: PortCapabilities = { buffers: true, nestedPorts: true, hostObjects: true };
/** The far end is a `MessagePortMain`: it reads a moved buffer, a nested port or a Blob as `null`, without an error. */
export const electronEnd: PortCapabilities = { buffers: false, nestedPorts: false, hostObjects: false };

const nothing: unknown[] = [];

/** Windows that are about to go: between `pagehide` and the end, more ports may come to them. */
const unloaded = new WeakSet<Target>();

/** A port over a DOM `MessagePort`. The `close` event is Electron's, and Node's; a plain browser doesn't fire it. */
export class MessagePortPort implements Port {
  readonly carries: PortCapabilities;
  readonly raw: MessagePortLike;
  readonly #page: Target | undefined;
  readonly #hearsClose: boolean;
  #listener: PortListener | undefined;
  #closed = false;

  /**
   * @param port the platform's port; it belongs to the new object from now on
   * @param carries what its far end can receive; default: everything structured clone knows
   * @param page the window it lives in, if it does: Electron before 29 crashes a renderer that unloads a document in which a
   *   port has a `close` listener, so it is taken off at `pagehide`, and not put on after that
   * @param hearsClose false where no such listener may be put on at all: then the end of the far end is not noticed
   */
  constructor(port: MessagePortLike, carries: PortCapabilities = domEnd, page?: Target, hearsClose = true) {
    this.raw = port;
    this.#page = page;
    this.#hearsClose = hearsClose;
    this.carries = carries;
  }

  post(message: unknown, transfer?: readonly unknown[]): void {
    if (this.#closed) return;
    try {
      // An empty list takes the platform half a microsecond to look at.
      if (transfer) this.raw.postMessage(message, transfer as unknown[]);
      else this.raw.postMessage(message);
    } catch (cause) {
      throw notCloneable(cause);
    }
  }

  start(listener: PortListener): void {
    if (this.#closed || this.#listener) return;
    this.#listener = listener;
    this.raw.addEventListener('message', this.#onMessage);
    this.raw.addEventListener('messageerror', this.#onMessageError);
    if (this.#hearsClose && !unloaded.has(this.#page as Target)) this.raw.addEventListener('close', this.#onClose);
    this.#page?.addEventListener('pagehide', this.#onPageHide);
    this.raw.start();
  }

  close(): void {
    if (this.#closed) return;
    this.#release();
    this.raw.close();
  }

  detach(): object | undefined {
    if (this.#closed) return undefined;
    this.#release();
    return this.raw;
  }

  readonly #onMessage = (event: PortEvent): void => {
    // From such an end it is what a relay could not pass on. The mesh itself never posts `null` there.
    if (event.data === null && !this.carries.hostObjects) {
      closeAll(event.ports ?? nothing);
      this.#listener?.unreadable();
    } else this.#listener?.message(event.data, event.ports ?? nothing);
  };

  readonly #onMessageError = (): void => this.#listener?.unreadable();

  readonly #onClose = (): void => {
    const listener = this.#listener;
    // In some versions the closer gets the event too: then it has been released already.
    if (this.#closed) return;
    this.#release();
    this.raw.close();
    listener?.close('closed');
  };

  readonly #onPageHide = (): void => {
    unloaded.add(this.#page as Target);
    this.raw.removeEventListener('close', this.#onClose);
  };

  #release(): void {
    this.#closed = true;
    this.#listener = undefined;
    this.raw.removeEventListener('message', this.#onMessage);
    this.raw.removeEventListener('messageerror', this.#onMessageError);
    this.raw.removeEventListener('close', this.#onClose);
    this.#page?.removeEventListener('pagehide', this.#onPageHide);
  }
}
