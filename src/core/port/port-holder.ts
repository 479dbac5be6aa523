import type { Port } from './port.js';

/** The key under which an object shows the port it holds, to what is about to send it. The same in every copy of this library. */
export const heldPort: unique symbol = Symbol.for('portmesh.heldPort') as never;

/**
 * What a `MeshPort` is to the code that sends it. A post may fail: so the raw port is looked at before
 * (`holder[heldPort].raw`), and given up after it (`detach()`).
 */
export interface PortHolder {
  /** `undefined` once it is closed, or has been moved away. */
  readonly [heldPort]: Port | undefined;
  detach(): object | undefined;
}

export function isPortHolder(value: object): value is PortHolder {
  return heldPort in value;
}

/** Whether `value` is a port: one of the mesh, or the platform's own. */
export function isPort(value: object): boolean {
  if (isPortHolder(value)) return true;
  return hasMethod(value, 'postMessage') && hasMethod(value, 'start') && hasMethod(value, 'close');
}

function hasMethod(value: object, name: string): boolean {
  return typeof (value as Record<string, unknown>)[name] === 'function';
}
