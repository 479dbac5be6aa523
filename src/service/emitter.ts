type Emit = (this: unknown, name: unknown, ...args: unknown[]) => unknown;
type Told = (name: string, args: readonly unknown[]) => void;

interface Patched {
  readonly told: Set<Told>;
  undo(): void;
}

const patched = new WeakMap<object, Patched>();

/**
 * Calls `told` with each event that `implementation` emits, before its own listeners. There is no other way to hear of all events of
 * an emitter. Nothing, if it is none.
 * @returns what ends it
 */
export function forwardEvents(implementation: { emit?: unknown; on?: unknown }, told: Told): () => void {
  const { emit, on } = implementation;
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

function patchEmit(implementation: { emit?: unknown }, before: Emit): Patched {
  const told = new Set<Told>();
  const own = Object.getOwnPropertyDescriptor(implementation, 'emit');
  const emit: Emit = function (name, ...args) {
    // Those two are what an emitter tells of itself.
    if (typeof name === 'string' && !/^(new|remove)Listener$/.test(name)) for (const each of told) each(name, args);
    return before.call(this, name, ...args);
  };
  Object.defineProperty(implementation, 'emit', { value: emit, writable: true, configurable: true });
  const undo = (): void => {
    // Somebody else has put theirs over it: theirs calls this one, which tells nobody any more.
    if (implementation.emit !== emit) return;
    delete implementation.emit;
    if (own) Object.defineProperty(implementation, 'emit', own);
  };
  const patch = { told, undo };
  patched.set(implementation, patch);
  return patch;
}
