import { MeshPort } from '../../src/core/port/mesh-port.js';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import type { Port } from '../../src/core/port/port.js';

/** The ports that are sent beside posts, to see that each is closed in the end. */
export class SentPorts {
  #open = 0;
  sent = 0;

  /** How many are open: their far ends are held by somebody. */
  get open(): number {
    return this.#open;
  }

  /** Far ends of so many channels. */
  make(count: number): Port[] {
    return Array.from({ length: count }, () => {
      const [near, far] = createMemoryChannel().ports;
      this.#open++;
      this.sent++;
      near.start({ message() {}, unreadable() {}, close: () => void this.#open-- });
      return far;
    });
  }
}

/** What an application does with ports that it has no use for: closes them, wherever in the value they are. */
export function closePorts(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof MeshPort) return value.close();
  if (value instanceof Map) for (const each of value) closePorts(each, seen);
  if (value instanceof Set) for (const each of value) closePorts(each, seen);
  // Own values only, and of a sparse array those that are there. An error's cause is not enumerable.
  if (!ArrayBuffer.isView(value)) for (const each of Object.values(value)) closePorts(each, seen);
  if (value instanceof Error)
    for (const each of [value.cause, (value as AggregateError).errors]) closePorts(each, seen);
}
