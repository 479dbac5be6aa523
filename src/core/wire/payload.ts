import type { MessageLimits } from '../directory/limits.js';
import { MeshError, notCloneable } from '../errors/mesh-error.js';
import { isPort, isPortHolder } from '../port/port-holder.js';
import type { PortCapabilities } from '../port/port.js';
import { MAX_FIELDS } from './frames.js';
import { inspect } from './inspect.js';
import { cutOut, isPartial } from './isolate.js';
import { kindOf } from './kinds.js';
import { lift } from './lift.js';
import { Transfer } from './transfer.js';

/** Values that are posted alone, and what moves with them. */
export interface Payload {
  /** Without ports: see lift.ts */
  readonly values: readonly unknown[];
  /** What stands in the values for the first of `transfer`, one for each port. They are to be posted with the values. */
  readonly placeholders: readonly object[];
  /** For the port's own transfer list: raw ports, in the order of the placeholders, then what else moves */
  readonly transfer: readonly object[];
  /** Of binaries and texts in the values */
  readonly bytes: number;
  /**
   * To be called once the post has succeeded: gives up the ports that moved, and detaches the buffers that this kind of port could
   * only copy. Until then, everything is still the caller's.
   */
  settle(): void;
}

/** Whether one of `values` was marked with `transfer()`: such a call has exactly one receiver. */
export function moves(values: readonly unknown[]): boolean {
  for (const value of values) if (value instanceof Transfer) return true;
  return false;
}

/**
 * Makes values ready for a post of their own to a far end that can receive what `far` says.
 * @param limits of one message. Default: none
 * @throws MeshError `NOT_CLONEABLE` if something in them can't be received there, or can't move; `LIMIT` if they are too much;
 *   nothing is changed then
 */
export function preparePayload(values: readonly unknown[], far: PortCapabilities, limits?: MessageLimits): Payload {
  if (values.length > MAX_FIELDS) throw new MeshError('NOT_CLONEABLE', `there are more than ${MAX_FIELDS} values.`);
  try {
    return prepare(values, far, limits);
  } catch (error) {
    throw MeshError.is(error) ? error : notCloneable(error); // a getter's, for instance
  }
}

function prepare(values: readonly unknown[], far: PortCapabilities, limits: MessageLimits | undefined): Payload {
  const bare: unknown[] = [];
  const listed = new Set<object>();
  for (const value of values) {
    bare.push(value instanceof Transfer ? value.value : value);
    if (value instanceof Transfer) for (const each of value.list) list(each, listed);
  }
  const { ports, buffers, others } = sort(listed);
  if (!far.nestedPorts && others.length > 0) {
    throw new MeshError(
      'NOT_CLONEABLE',
      'only ArrayBuffers and ports can move to a peer in main, in a utility process, or behind one of them; a stream or a bitmap can not.',
    );
  }
  const moved = new Set(far.buffers ? buffers : []);
  const { bytes, partial } = inspect(bare, far, { buffers: moved, ports: new Set(ports) }, limits);
  const cut = (value: object): object | undefined =>
    ArrayBuffer.isView(value) && isPartial(value, moved) ? cutOut(value) : undefined;
  const lifted = lift(bare, ports, partial ? cut : undefined);
  return {
    values: lifted.values,
    placeholders: lifted.placeholders,
    transfer: [...lifted.raw, ...moved, ...others],
    bytes,
    settle() {
      for (const port of ports) if (isPortHolder(port)) port.detach();
      if (!far.buffers) for (const buffer of buffers) detach(buffer);
    },
  };
}

function list(each: object, listed: Set<object>): void {
  if (listed.has(each)) {
    throw new MeshError('NOT_CLONEABLE', 'the same object is listed twice among what moves. List each once.');
  }
  listed.add(each);
}

function sort(listed: ReadonlySet<object>): { ports: object[]; buffers: ArrayBuffer[]; others: object[] } {
  const sorted = { ports: [] as object[], buffers: [] as ArrayBuffer[], others: [] as object[] };
  for (const each of listed) {
    // Not by `instanceof`: one of another frame, or of a `vm` context, is of another class.
    if (kindOf(each) === 'buffer') sorted.buffers.push(each as ArrayBuffer);
    else if (isPort(each)) sorted.ports.push(each);
    else sorted.others.push(each);
  }
  return sorted;
}

function detach(buffer: ArrayBuffer): void {
  try {
    structuredClone(null, { transfer: [buffer] });
  } catch {
    // It can't be detached (a WebAssembly memory's): it has been copied, the call has succeeded.
  }
}
