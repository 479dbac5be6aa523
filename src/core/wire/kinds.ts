// What structured clone makes of an object, told without running code of the object's: by its prototypes' constructors,
// not by its `Symbol.toStringTag`, which an application's classes may set, and not by `instanceof` alone, which knows no
// objects of another frame in the same process.

export type Kind =
  /** A plain object, or an instance of an application's class, which arrives as one */
  | 'record'
  | 'array'
  | 'map'
  | 'set'
  | 'error'
  /** An ArrayBuffer */
  | 'buffer'
  /** A typed array, a DataView, a Buffer */
  | 'view'
  /** A Date, a RegExp, a boxed value: it holds nothing else, and every kind of far end can read it */
  | 'leaf'
  /** A Blob, a stream, shared memory, …: the platform's own */
  | 'host';

const errors = ['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'];
const leaves = ['Date', 'RegExp', 'Boolean', 'Number', 'String', 'BigInt'];
/** By the class of the platform that an object is an instance of; any other is a host's. */
const kinds = new Map<string | undefined, Kind>([
  [undefined, 'record'],
  ['Object', 'record'],
  // An application's own classes extend it; in Node, instances of those are cloned like any other.
  ['EventTarget', 'record'],
  ['Map', 'map'],
  ['Set', 'set'],
  ['ArrayBuffer', 'buffer'],
  ...[...errors, 'AggregateError', 'SuppressedError'].map((name) => [name, 'error'] as const),
  ...leaves.map((name) => [name, 'leaf'] as const),
]);

/** Most objects of a message have few prototypes. */
const classes = new WeakMap<object, string>();

export function kindOf(value: object): Kind {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === null) return 'record';
  if (Array.isArray(value)) return 'array';
  if (ArrayBuffer.isView(value)) return 'view';
  return kinds.get(platformClass(value)) ?? 'host';
}

/** Whether it is an object of another class than `Object`: what may be a port. */
export function isInstance(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype !== Object.prototype && prototype !== null;
}

/** The name of the first class of the platform among those of `value`; `undefined`: all are the application's. */
export function platformClass(value: object): string | undefined {
  const first = Object.getPrototypeOf(value) as object | null;
  const known = first && classes.get(first);
  if (known !== undefined && known !== null) return known || undefined;
  let name = '';
  for (let each = first; each !== null && name === ''; each = Object.getPrototypeOf(each) as object | null) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(each, 'constructor')?.value;
    if (typeof constructor === 'function' && isPlatform(constructor)) name = constructor.name;
  }
  if (first) classes.set(first, name);
  return name || undefined;
}

/** The bytes an `ArrayBufferView` lies in, where they are not shared with other threads. */
export function ownBuffer({ buffer }: ArrayBufferView): ArrayBuffer | undefined {
  return kindOf(buffer) === 'buffer' ? (buffer as ArrayBuffer) : undefined;
}

/**
 * Whether a class is the platform's, and not the application's. A page without cross-origin isolation has shared memory, but no name
 * for its class.
 */
export function isPlatform(constructor: { readonly name: string }): boolean {
  const { name } = constructor;
  if (name === 'SharedArrayBuffer') return isNative(constructor);
  const { WebAssembly: wasm } = globalThis as { WebAssembly?: object };
  return isGlobal(globalThis, name, constructor) || (wasm !== undefined && isGlobal(wasm, name, constructor));
}

/** An application's globals are enumerable, the platform's are not. A class of another frame has the same name, and is native. */
function isGlobal(owner: object, name: string, constructor: object): boolean {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  if (!own || own.enumerable) return false;
  return (owner as Record<string, unknown>)[name] === constructor || isNative(constructor);
}

function isNative(constructor: object): boolean {
  return Function.prototype.toString.call(constructor).endsWith('{ [native code] }');
}
