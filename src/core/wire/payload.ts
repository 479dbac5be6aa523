import { MeshError, notCloneable } from '../errors/mesh-error.js';
import type { PortCapabilities } from '../port/port.js';
import { MAX_FIELDS } from './frames.js';
import { isolateViews } from './isolate.js';
import { Transfer } from './transfer.js';

/** Values that are posted alone, and what moves with them. */
export interface Payload {
  readonly values: readonly unknown[];
  /** For the port's own transfer list */
  readonly transfer: readonly object[];
  /** To be called once the post has succeeded: detaches what this kind of port could only copy. */
  settle(): void;
}

/** Whether one of `values` was marked with `transfer()`: such a call has exactly one receiver. */
export function moves(values: readonly unknown[]): boolean {
  for (const value of values) if (value instanceof Transfer) return true;
  return false;
}

/**
 * Makes values ready for a post of their own to a far end that can receive what `far` says.
 * @throws MeshError `NOT_CLONEABLE` if something that moves can't be received there; nothing is detached then
 */
export function preparePayload(values: readonly unknown[], far: PortCapabilities): Payload {
  if (values.length > MAX_FIELDS) throw new MeshError('NOT_CLONEABLE', `there are more than ${MAX_FIELDS} values.`);
  const bare: unknown[] = [];
  const list: object[] = [];
  for (const value of values) {
    if (value instanceof Transfer) {
      bare.push(value.value);
      for (const each of value.list) if (!list.includes(each)) list.push(each);
    } else {
      bare.push(value);
    }
  }
  const buffers = list.filter((each) => each instanceof ArrayBuffer);
  if (!far.nestedPorts && buffers.length < list.length) {
    throw new MeshError(
      'NOT_CLONEABLE',
      'only ArrayBuffers can move to a peer in main or in a utility process; a port, stream or bitmap can not.',
    );
  }
  return {
    values: isolate(bare, far.buffers ? buffers : []),
    transfer: far.buffers ? list : [],
    settle() {
      if (far.buffers || buffers.length === 0) return;
      try {
        structuredClone(null, { transfer: buffers });
      } catch {
        // One can't be detached (a WebAssembly memory's): it has been copied, the call has succeeded.
      }
    },
  };
}

function isolate(values: readonly unknown[], moved: readonly unknown[]): readonly unknown[] {
  try {
    return isolateViews(values, moved) as readonly unknown[];
  } catch (cause) {
    throw notCloneable(cause);
  }
}
