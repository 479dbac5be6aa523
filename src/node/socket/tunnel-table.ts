import { MAX_BODY } from './frames.js';
import { Tunnel, type TunnelCarrier } from './tunnel.js';

/** The tunnels of one connection, by their ids. Each side gives out its own: even ones, or odd ones. */
export class TunnelTable {
  readonly #tunnels = new Map<number, Tunnel>();
  readonly #max: number;
  readonly #parity: number;
  #lastId: number;
  /** How many of them were opened from here. */
  #opened = 0;

  /** @param max how many each side may have opened, and not closed */
  constructor(side: 'dialer' | 'listener', max: number) {
    this.#max = max;
    this.#lastId = this.#parity = side === 'dialer' ? 0 : 1;
  }

  get size(): number {
    return this.#tunnels.size;
  }

  /** Those besides tunnel 0. */
  get extra(): number {
    return this.#tunnels.size - (this.#tunnels.has(0) ? 1 : 0);
  }

  /** Bytes that wait in them, to be sent. */
  get queued(): number {
    let queued = 0;
    for (const tunnel of this.#tunnels.values()) queued += tunnel.queued;
    return queued;
  }

  get(id: number): Tunnel | undefined {
    return this.#tunnels.get(id);
  }

  has(id: number): boolean {
    return this.#tunnels.has(id);
  }

  values(): Iterable<Tunnel> {
    return this.#tunnels.values();
  }

  /** Whether so many may be opened from here. */
  hasRoomFor(count: number): boolean {
    return this.#opened + count <= this.#max;
  }

  /** Opens one from here; its id. They are used again only after two thousand million others. */
  open(near: Tunnel): number {
    do this.#lastId = this.#lastId + 2 <= MAX_BODY ? this.#lastId + 2 : this.#parity + 2;
    while (this.#tunnels.has(this.#lastId));
    this.#opened++;
    this.#tunnels.set(this.#lastId, near);
    return this.#lastId;
  }

  /** What is wrong with so many more that the far side opens. */
  refuse(count: number): string | undefined {
    // Those opened from here are counted; of the others there are as many as are left.
    return this.#tunnels.size - this.#opened + count > this.#max + 1 ? `more than ${this.#max} ports` : undefined;
  }

  /** Tunnel 0, which both sides have from the beginning. */
  first(carrier: TunnelCarrier): Tunnel {
    return this.#add(0, carrier);
  }

  /** One that the far side opens; `undefined`: it may not have that id. */
  accept(id: number, carrier: TunnelCarrier): Tunnel | undefined {
    if (id === 0 || id % 2 === this.#parity || this.#tunnels.has(id)) return undefined;
    return this.#add(id, carrier);
  }

  #add(id: number, carrier: TunnelCarrier): Tunnel {
    const tunnel = new Tunnel();
    this.#tunnels.set(id, tunnel);
    tunnel.bind(carrier, id);
    return tunnel;
  }

  delete(id: number): void {
    if (this.#tunnels.delete(id) && id !== 0 && id % 2 === this.#parity) this.#opened--;
  }

  /** Takes all of them out. */
  takeAll(): readonly Tunnel[] {
    const tunnels = [...this.#tunnels.values()];
    this.#tunnels.clear();
    this.#opened = 0;
    return tunnels;
  }
}
