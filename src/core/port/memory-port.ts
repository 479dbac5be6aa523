import { MeshError, notCloneable } from '../errors/mesh-error.js';
import { closeAll, type Port, type PortCapabilities, type PortListener } from './port.js';

/** What `createMemoryChannel` takes. */
export interface MemoryChannelOptions {
  /** Milliseconds a message, or a close, takes to the other end. Default 0: the next microtask. */
  readonly latency?: number;
  /** What its ends say of what they can receive. Default: all that structured clone knows, ports beside the message only. */
  readonly carries?: PortCapabilities;
}

/** Two connected ends in memory, and a way to lose both at once, as when a process is killed. */
export interface MemoryChannel {
  /** The two ends. */
  readonly ports: readonly [Port, Port];
  /** Loses what is under way and reports the loss at both ends. */
  sever(): void;
}

const memoryEnd: PortCapabilities = { buffers: true, nestedPorts: false, hostObjects: true };

/**
 * A channel inside one realm: for peers that live in the broker's own process, and for tests. Messages are cloned; ports
 * and buffers in the transfer list are handed over.
 *
 * @throws MeshError `INVALID_ARGUMENT` if `latency` is no number of milliseconds
 * @example
 * const { ports: [a, b], sever } = createMemoryChannel({ latency: 5 });
 */
export function createMemoryChannel(options: MemoryChannelOptions = {}): MemoryChannel {
  const latency = options.latency ?? 0;
  const carries = options.carries ?? memoryEnd;
  if (!Number.isFinite(latency) || latency < 0) {
    throw new MeshError(
      'INVALID_ARGUMENT',
      `createMemoryChannel: latency is ${latency}. Give milliseconds, 0 or more.`,
    );
  }
  const a = new MemoryPort(carries, latency);
  const b = new MemoryPort(carries, latency);
  a.join(b);
  b.join(a);
  return {
    ports: [a, b],
    sever() {
      a.lose();
      b.lose();
    },
  };
}

type Delivery =
  { readonly kind: 'message'; readonly data: unknown; readonly ports: readonly unknown[] } | { readonly kind: 'close' };

class MemoryPort implements Port {
  readonly carries: PortCapabilities;
  readonly raw = this;
  readonly #latency: number;
  readonly #waiting: Delivery[] = [];
  #far: MemoryPort | undefined;
  #listener: PortListener | undefined;
  #closed = false;
  #draining = false;
  /** Grows when what is under way is lost. */
  #losses = 0;

  constructor(carries: PortCapabilities, latency: number) {
    this.carries = carries;
    this.#latency = latency;
  }

  join(far: MemoryPort): void {
    this.#far = far;
  }

  post(message: unknown, transfer: readonly unknown[] = []): void {
    const far = this.#far;
    if (this.#closed || !far) return;
    const buffers = transfer.filter((each) => each instanceof ArrayBuffer);
    const ports = transfer.filter((each) => !(each instanceof ArrayBuffer));
    try {
      far.receive({ kind: 'message', data: structuredClone(message, { transfer: buffers }), ports });
    } catch (cause) {
      throw notCloneable(cause);
    }
  }

  start(listener: PortListener): void {
    if (this.#closed || this.#listener) return;
    this.#listener = listener;
    this.#drainSoon();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener = undefined;
    this.#waiting.length = 0;
    const far = this.#far;
    this.#far = undefined;
    far?.receive({ kind: 'close' });
  }

  /** It is its own raw port: whoever gets it starts it anew. */
  detach(): object | undefined {
    if (this.#closed) return undefined;
    this.#listener = undefined;
    return this;
  }

  /** The far end is gone, and with it what it had sent and was not delivered yet. */
  lose(): void {
    if (this.#closed) return;
    this.#waiting.length = 0;
    this.#losses++;
    this.receive({ kind: 'close' });
  }

  receive(delivery: Delivery): void {
    if (this.#closed) return;
    if (this.#latency === 0) {
      this.#waiting.push(delivery);
      this.#drainSoon();
      return;
    }
    const losses = this.#losses;
    setTimeout(() => {
      if (losses !== this.#losses) return;
      this.#waiting.push(delivery);
      this.#drain();
    }, this.#latency);
  }

  #drainSoon(): void {
    if (this.#draining || this.#waiting.length === 0) return;
    this.#draining = true;
    queueMicrotask(() => {
      this.#draining = false;
      this.#drain();
    });
  }

  #drain(): void {
    while (this.#listener && !this.#closed && this.#waiting.length > 0) {
      const delivery = this.#waiting.shift() as Delivery;
      if (delivery.kind === 'message' && delivery.data === null && !this.carries.hostObjects) {
        closeAll(delivery.ports);
        this.#listener.unreadable(); // as with every port: what a relay could not pass on
      } else if (delivery.kind === 'message') {
        this.#listener.message(delivery.data, delivery.ports);
      } else {
        const listener = this.#listener;
        this.#closed = true;
        this.#listener = undefined;
        this.#far = undefined;
        listener.close('closed');
      }
    }
  }
}
