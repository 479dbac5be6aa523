// A view on a part of a buffer takes the whole buffer along, on every path: of a page's large buffer that is slow, of
// Node's pooled Buffers it shows the receiver other people's bytes. So such views are cut out before they are sent.
// Two cut views of one buffer arrive with a buffer each.

import { ownBuffer } from './kinds.js';

type View = ArrayBufferView & { readonly [Symbol.toStringTag]: string };
type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

/** Whether `view` has to be cut out: it is a part of a buffer that does not move itself, and that is not shared memory. */
export function isPartial(view: ArrayBufferView, moved: Pick<ReadonlySet<object>, 'has'>): boolean {
  return view.byteLength < view.buffer.byteLength && !moved.has(view.buffer) && ownBuffer(view) !== undefined;
}

/** A view of the same kind, on a buffer of its own. The tag names the true kind: a Buffer's is `Uint8Array`, and that is how it arrives. */
export function cutOut(view: ArrayBufferView): ArrayBufferView {
  const bytes = (view.buffer as ArrayBuffer).slice(view.byteOffset, view.byteOffset + view.byteLength);
  const { [Symbol.toStringTag]: tag } = view as View;
  const viewClass = (globalThis as unknown as Record<string, ViewClass>)[tag] ?? Uint8Array;
  return new viewClass(bytes);
}
