import type { Port } from '../../../src/core/port/port.js';
import { hearing } from './hearing.js';

/** Stands for a value that only fails at the far process, such as a WebAssembly.Module. */
export const poison = new Set(['poison']);

/** A port that can't read a post in which the poison is, however deep in arrays. */
export function afraid(port: Port): Port {
  return hearing(
    port,
    (listener) => (data, ports) => (isPoison(data) ? listener.unreadable() : listener.message(data, ports)),
  );
}

function isPoison(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isPoison) : value instanceof Set && value.has('poison');
}
