// What stands on a MeshPort's wire, the far end being another MeshPort:
//
//   message                                        as it is
//   ['portmesh:ports', message, [placeholder, …]]  with ports, which travel beside it; see lift.ts
//
// The second form is also that of a message without ports that looks like it, so that none is taken for what it is not; of
// `undefined`, which Node's ports deliver as `null`; and of `null` towards ends that read as `null` what they can't read.

import { restore } from '../wire/lift.js';
import type { PortCapabilities } from './port.js';

const PORTS = 'portmesh:ports';

export function wrap(message: unknown, placeholders: readonly object[], far: PortCapabilities): unknown {
  const itself = message === null ? far.hostObjects : message !== undefined && !isWrapped(message);
  return itself && placeholders.length === 0 ? message : [PORTS, message, placeholders];
}

/**
 * The message in what arrived, alone in an array; `undefined` if that makes no sense.
 *
 * @param raw the ports that came beside it, as the platform made them
 * @param ports what stands in the message in their places
 */
export function unwrap(
  data: unknown,
  raw: readonly object[],
  ports: readonly object[],
): readonly unknown[] | undefined {
  // Ports beside a message of another form: the far end uses the platform's port itself.
  if (!isWrapped(data)) return raw.length === 0 ? [data] : restore([data], raw, ports);
  const [, message, placeholders] = data;
  if (data.length !== 3 || !Array.isArray(placeholders) || placeholders.length !== ports.length) return undefined;
  return restore([message], placeholders, ports);
}

function isWrapped(data: unknown): data is readonly unknown[] {
  return Array.isArray(data) && data[0] === PORTS;
}
