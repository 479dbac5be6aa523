import { closeAll, type Port, type PortCapabilities, type PortListener } from '../core/port/port.js';

/**
 * The control port of somebody who waits to be let in. It is started at once, as a port that isn't doesn't tell that its far end is gone.
 * What comes on it before somebody listens is nobody's: who has no seat has nothing to say.
 */
export class WaitingPort implements Port {
  readonly #port: Port;
  #listener: PortListener | undefined;
  #gone = false;

  constructor(port: Port) {
    this.#port = port;
    port.start({
      message: (data, ports) => (this.#listener ? this.#listener.message(data, ports) : closeAll(ports)),
      unreadable: () => this.#listener?.unreadable(),
      close: (reason) => {
        this.#gone = true;
        this.#listener?.close(reason);
      },
    });
  }

  /** Whether its far end is gone: nobody waits any more. */
  get isGone(): boolean {
    return this.#gone;
  }

  get carries(): PortCapabilities {
    return this.#port.carries;
  }

  get raw(): object {
    return this.#port.raw;
  }

  post(message: unknown, transfer?: readonly unknown[]): void {
    this.#port.post(message, transfer);
  }

  start(listener: PortListener): void {
    this.#listener = listener;
    if (this.#gone) queueMicrotask(() => this.#listener?.close('closed'));
  }

  close(): void {
    this.#listener = undefined;
    this.#port.close();
  }

  detach(): object | undefined {
    return this.#port.detach();
  }
}
