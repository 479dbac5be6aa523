// A view on a part of a buffer takes the whole buffer along, on every path: of a page's large buffer that is slow, of
// Node's pooled Buffers it shows the receiver other people's bytes. So such views are cut out before they are sent.
// Two cut views of one buffer arrive with a buffer each.

type View = ArrayBufferView & { readonly [Symbol.toStringTag]: string };
type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

/** `value`, or a copy of its containers in which each view on a part of a buffer has a buffer of its own. */
export function isolateViews(value: unknown, moved: readonly unknown[]): unknown {
  return hasPartialView(value, moved) ? rebuild(value, moved, new Map()) : value;
}

function hasPartialView(root: unknown, moved: readonly unknown[]): boolean {
  const seen = new Set<object>();
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    if (ArrayBuffer.isView(value)) {
      if (isPartial(value, moved)) return true;
      continue;
    }
    if (!isContainer(value)) continue;
    seen.add(value);
    if (value instanceof Map) for (const [key, each] of value) open.push(key, each);
    else if (value instanceof Set) for (const each of value) open.push(each);
    else for (const key of Object.keys(value)) isObject(read(value, key)) && open.push(read(value, key));
  }
  return false;
}

function rebuild(value: unknown, moved: readonly unknown[], copies: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  if (ArrayBuffer.isView(value)) {
    const copy = isPartial(value, moved) ? cut(value as View) : value;
    copies.set(value, copy);
    return copy;
  }
  if (!isContainer(value)) return value;
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, each] of value) copy.set(rebuild(key, moved, copies), rebuild(each, moved, copies));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    copies.set(value, copy);
    for (const each of value) copy.add(rebuild(each, moved, copies));
    return copy;
  }
  const copy: object = Array.isArray(value) ? new Array(value.length) : {};
  copies.set(value, copy);
  for (const key of Object.keys(value)) {
    const each = rebuild(read(value, key), moved, copies);
    Object.defineProperty(copy, key, { value: each, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

function isPartial(view: ArrayBufferView, moved: readonly unknown[]): boolean {
  return view.buffer instanceof ArrayBuffer && view.byteLength < view.buffer.byteLength && !moved.includes(view.buffer);
}

/** The tag names the true kind: a Buffer's is `Uint8Array`, and that is how it arrives. */
function cut(view: View): ArrayBufferView {
  const bytes = (view.buffer as ArrayBuffer).slice(view.byteOffset, view.byteOffset + view.byteLength);
  const viewClass = (globalThis as unknown as Record<string, ViewClass>)[view[Symbol.toStringTag]] ?? Uint8Array;
  return new viewClass(bytes);
}

/**
 * What structured clone walks into and we can build again: an instance of a class arrives as a plain object. A class may give
 * its instances any tag; the platform's own objects have no properties of their own.
 */
function isContainer(value: object): boolean {
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return true;
  if (Object.prototype.toString.call(value) === '[object Object]') return true;
  return Symbol.toStringTag in value && !(value instanceof ArrayBuffer) && Object.keys(value).length > 0;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function read(value: object, key: string): unknown {
  return (value as Record<string, unknown>)[key];
}
