type AnyListener = (...args: never[]) => unknown;

interface Listening {
  readonly listener: AnyListener;
  readonly once: boolean;
}

/** Listeners by name, with the rules of Node's EventEmitter: in order, several times if added so, removed last added first. */
export class Listeners {
  readonly #table = new Map<string, readonly Listening[]>();

  names(): string[] {
    return [...this.#table.keys()];
  }

  count(name: string): number {
    return this.#table.get(name)?.length ?? 0;
  }

  of(name: string): AnyListener[] {
    return (this.#table.get(name) ?? []).map(({ listener }) => listener);
  }

  /** True if it is the first one of its name. */
  add(name: string, listener: AnyListener, options: { once?: boolean; first?: boolean } = {}): boolean {
    const before = this.#table.get(name) ?? [];
    const added = { listener, once: options.once ?? false };
    this.#table.set(name, options.first ? [added, ...before] : [...before, added]);
    return before.length === 0;
  }

  /** True if none of its name is left. */
  remove(name: string, listener: AnyListener): boolean {
    const before = this.#table.get(name) ?? [];
    const index = before.map((each) => each.listener).lastIndexOf(listener);
    return index >= 0 && this.#replace(name, without(before, index));
  }

  removeAll(name: string): boolean {
    return this.#table.delete(name);
  }

  /** Calls those that are there now; one that throws doesn't keep the next from its call. True if none is left; `undefined` if there was none. */
  call(name: string, args: unknown[], onError: (error: unknown) => void): boolean | undefined {
    const listeners = this.#table.get(name);
    if (!listeners) return undefined;
    let emptied = false;
    for (const each of listeners) {
      if (each.once) emptied = this.#drop(name, each);
      try {
        const result = each.listener.apply(undefined, args as never[]);
        if (result instanceof Promise) result.catch(onError);
      } catch (error) {
        onError(error);
      }
    }
    return emptied;
  }

  #drop(name: string, listening: Listening): boolean {
    const before = this.#table.get(name) ?? [];
    const index = before.indexOf(listening);
    return index >= 0 && this.#replace(name, without(before, index));
  }

  #replace(name: string, listeners: readonly Listening[]): boolean {
    if (listeners.length > 0) this.#table.set(name, listeners);
    else this.#table.delete(name);
    return listeners.length === 0;
  }
}

function without(listeners: readonly Listening[], index: number): readonly Listening[] {
  return listeners.filter((_, each) => each !== index);
}
