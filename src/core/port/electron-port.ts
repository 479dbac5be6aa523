import { notCloneable } from '../errors/mesh-error.js';
import { closeAll, type Port, type PortCapabilities, type PortListener } from './port.js';

interface ElectronPortEvent {
  readonly data: unknown;
  readonly ports: readonly unknown[];
}

/** Electron's `MessagePortMain`, as far as a port needs it. */
export interface ElectronPortLike {
  postMessage(message: unknown, transfer?: never[]): void;
  on(event: 'message', listener: (event: ElectronPortEvent) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  off(event: 'message', listener: (event: ElectronPortEvent) => void): unknown;
  off(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

/** A `MessagePortMain` can send what its own kind of end can receive: no moved buffers, ports beside the message only. */
export const electronPortCarries: PortCapabilities = { buffers: false, nestedPorts: false, hostObjects: false };

/**
 * Throws if `message` can't be sent. Needed where a failed post closes the port (Electron before 30.1.2). Asked only for
 * posts that come with a transfer list, be it an empty one: the mesh makes all the others of what can be sent.
 */
export type CloneCheck = (message: unknown) => void;

const NOT_ELECTRONS = ": Node's own MessagePort does not leave its process. Take openPort(), or a MessageChannelMain.";

/** A port over a `MessagePortMain`: in the main process, and in utility processes. */
export class ElectronPort implements Port {
  readonly carries = electronPortCarries;
  readonly reenters = true;
  readonly raw: ElectronPortLike;
  readonly #check: CloneCheck | undefined;
  #listener: PortListener | undefined;
  #closed = false;

  /**
   * @param port the platform's port; it belongs to the new object from now on
   * @param check see `CloneCheck`; default: none, as newer versions don't need it
   */
  constructor(port: ElectronPortLike, check?: CloneCheck) {
    this.raw = port;
    this.#check = check;
  }

  post(message: unknown, transfer?: readonly unknown[]): void {
    if (this.#closed) return;
    try {
      if (transfer) this.#check?.(message);
      if (transfer === undefined || transfer.length === 0) this.raw.postMessage(message);
      else this.raw.postMessage(message, transfer as never[]);
    } catch (cause) {
      const { message: why } = Object(cause) as Error;
      throw notCloneable({ message: /valid port/.test(why) ? why + NOT_ELECTRONS : why, cause });
    }
  }

  start(listener: PortListener): void {
    if (this.#closed || this.#listener) return;
    this.#listener = listener;
    this.raw.on('message', this.#onMessage);
    this.raw.on('close', this.#onClose);
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

  readonly #onMessage = (event: ElectronPortEvent): void => {
    // What can't be read arrives as `null`, with no `messageerror`. The mesh itself never posts `null`.
    if (event.data === null) {
      closeAll(event.ports);
      this.#listener?.unreadable();
    } else this.#listener?.message(event.data, event.ports);
  };

  readonly #onClose = (): void => {
    const listener = this.#listener;
    if (this.#closed) return; // its own close() is reported to a MessagePortMain as well
    this.#release();
    listener?.close('closed');
  };

  #release(): void {
    this.#closed = true;
    this.#listener = undefined;
    this.raw.off('message', this.#onMessage);
    this.raw.off('close', this.#onClose);
  }
}
