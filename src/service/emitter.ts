type Emit = (this: unknown, name: unknown, ...args: unknown[]) => unknown;
type Told = (name: string, args: readonly unknown[]) => void;

interface Patched {
  readonly told: Set<Told>;
  undo(): void;
}

const patched = new WeakMap<object, Patched>();

/** What an emitter tells of itself. */
const own = new Set(['newListener', 'removeListener']);

/**
 * Calls `told` with each event that `implementation` emits, before its own listeners. There is no other way to hear of all events of
 * an emitter. Nothing, if it is none.
 * @returns what ends it
 */
export function forwardEvents(implementation: object, told: Told): () => void {
  const { emit, on } = implementation as { emit?: unknown; on?: unknown };
  if (typeof emit !== 'function' || typeof on !== 'function') return () => {};
  const patch = patched.get(implementation) ?? patchEmit(implementation, emit as Emit);
  patch.told.add(told);
  return () => {
    patch.told.delete(told);
    if (patch.told.size > 0) return;
    patched.delete(implementation);
    patch.undo();
  };
}

function patchEmit(implementation: object, before: Emit): Patched {
  const told = new Set<Told>();
  const descriptor = Object.getOwnPropertyDescriptor(implementation, 'emit');
  const emit: Emit = function (this: unknown, name, ...args) {
    if (typeof name === 'string' && !own.has(name)) for (const each of told) each(name, args);
    return before.call(this, name, ...args);
  };
  Object.defineProperty(implementation, 'emit', { value: emit, writable: true, configurable: true, enumerable: false });
  const undo = (): void => {
    // Somebody else has put theirs over it: theirs calls this one, which tells nobody any more.
    if ((implementation as { emit?: unknown }).emit !== emit) return;
    if (descriptor) Object.defineProperty(implementation, 'emit', descriptor);
    else delete (implementation as { emit?: unknown }).emit;
  };
  const patch = { told, undo };
  patched.set(implementation, patch);
  return patch;
}
