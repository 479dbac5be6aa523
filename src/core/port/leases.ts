import type { Peer } from '../directory/peer.js';
import type { Port, PortListener } from './port.js';

/** The ports that a bus has, and that lead straight to a peer: they end when the bridge shows that peer out. */
export class Leases {
  readonly #ports = new Map<string, Set<LeasedPort>>();

  /** @param peer to whom, or by whom, it was opened */
  lease(peer: Peer, port: Port): Port {
    const { id } = peer;
    const ports = this.#ports.get(id) ?? new Set();
    this.#ports.set(id, ports);
    const leased = new LeasedPort(peer, port, () => {
      ports.delete(leased);
      if (ports.size === 0 && this.#ports.get(id) === ports) this.#ports.delete(id);
    });
    ports.add(leased);
    return leased;
  }

  /** A peer is gone. If it has left of its own accord, its ports are its own matter: it may live on, or have passed them on. */
  left(peer: string, reason: string | undefined): void {
    const ports = this.#ports.get(peer) ?? [];
    this.#ports.delete(peer);
    if (reason === 'evicted') for (const port of [...ports]) port.end(reason);
  }
}

/** A port that can be ended from this side, as if its far end were gone. */
class LeasedPort implements Port {
  readonly carries: Port['carries'];
  /** Who is at its far end, for the layers that build on it. */
  readonly peer: Peer;
  readonly #port: Port;
  readonly #release: () => void;
  #listener: PortListener | undefined;
  #reason: string | undefined;

  constructor(peer: Peer, port: Port, release: () => void) {
    this.peer = peer;
    this.carries = port.carries;
    this.#port = port;
    this.#release = release;
  }

  get raw(): object {
    return this.#port.raw;
  }

  post(message: unknown, transfer?: readonly unknown[]): void {
    this.#port.post(message, transfer);
  }

  start(listener: PortListener): void {
    this.#listener = listener;
    if (this.#reason !== undefined) return this.#tell(this.#reason);
    this.#port.start({
      ...listener,
      close: (reason) => {
        this.#release();
        listener.close(reason);
      },
    });
  }

  close(): void {
    this.#release();
    this.#listener = undefined;
    this.#port.close();
  }

  detach(): object | undefined {
    this.#release();
    return this.#port.detach();
  }

  end(reason: string): void {
    this.#reason = reason;
    this.#release();
    this.#port.close();
    this.#tell(reason);
  }

  /** Once, and not at once: its owner may be just about to listen for it. */
  #tell(reason: string): void {
    queueMicrotask(() => {
      const listener = this.#listener;
      this.#listener = undefined;
      listener?.close(reason);
    });
  }
}
