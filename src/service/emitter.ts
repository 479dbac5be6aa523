type Emit = (this: unknown, name: unknown, ...args: unknown[]) => unknown;
type Told = (name: string, args: readonly unknown[]) => void;

/** What stands in the place of an emitter's `emit`, as long as somebody is told: it is no method of a service's. */
export const patches = new WeakMap<object, (told: Told) => () => void>();

/**
 * Calls `told` with each event that `implementation` emits, before its own listeners. There is no other way to hear of all events of
 * an emitter. Nothing, if it is none, or can't be changed: a module, or what is frozen.
 * @returns what ends it
 */
export function forwardEvents(implementation: { emit?: unknown; on?: unknown }, told: Told): () => void {
  const { emit, on } = implementation;
  if (typeof emit !== 'function' || typeof on !== 'function' || !Object.isExtensible(implementation)) return () => {};
  const add = patches.get(emit) ?? patchEmit(implementation, emit as Emit);
  return add(told);
}

function patchEmit(implementation: { emit?: unknown }, before: Emit): (told: Told) => () => void {
  const all = new Set<Told>();
  const own = Object.getOwnPropertyDescriptor(implementation, 'emit');
  const emit: Emit = function (name, ...args) {
    // Those two are what an emitter tells of itself.
    if (typeof name === 'string' && !/^(new|remove)Listener$/.test(name)) for (const each of all) each(name, args);
    return before.call(this, name, ...args);
  };
  Object.defineProperty(implementation, 'emit', { value: emit, writable: true, configurable: true });
  const add = (told: Told) => {
    all.add(told);
    return () => {
      all.delete(told);
      // Somebody else may have put theirs over it: theirs calls this one, which tells nobody any more.
      if (all.size > 0 || implementation.emit !== emit) return;
      delete implementation.emit;
      if (own) Object.defineProperty(implementation, 'emit', own);
    };
  };
  patches.set(emit, add);
  return add;
}
