/** Something of this side that a peer has a reference to. */
interface Owned {
  readonly id: number;
  readonly target: object;
  /** Calls under way that brought it there */
  calls: number;
  /** The peer has retained it. */
  kept: boolean;
}

/** What one peer has references to. It lives while a call that brought it is under way, or the peer retains it. */
export class OwnedReferences {
  readonly #byId = new Map<number, Owned>();
  readonly #byTarget = new Map<object, Owned>();
  #lastId = 0;

  get size(): number {
    return this.#byId.size;
  }

  get(id: unknown): object | undefined {
    return this.#byId.get(id as number)?.target;
  }

  /** For a call. What the peer has a reference to already keeps its id, and is the same thing there. */
  lend(target: object): number {
    const owned = this.#byTarget.get(target) ?? this.#add(target);
    this.#byTarget.set(target, owned);
    owned.calls++;
    return owned.id;
  }

  /** For good: the peer has it until it says otherwise. */
  give(target: object): number {
    const owned = this.#add(target);
    owned.kept = true;
    return owned.id;
  }

  /** A call that brought it is over. */
  settle(id: number): void {
    const owned = this.#byId.get(id);
    if (!owned) return;
    owned.calls--;
    this.#drop(owned);
  }

  keep(id: unknown, kept: boolean): void {
    const owned = this.#byId.get(id as number);
    if (!owned) return;
    owned.kept = kept;
    this.#drop(owned);
  }

  /** It can be used once only, and has been. */
  remove(id: unknown): void {
    const owned = this.#byId.get(id as number);
    if (owned) this.#delete(owned);
  }

  #add(target: object): Owned {
    const owned = { id: ++this.#lastId, target, calls: 0, kept: false };
    this.#byId.set(owned.id, owned);
    return owned;
  }

  #drop(owned: Owned): void {
    if (owned.calls <= 0 && !owned.kept) this.#delete(owned);
  }

  #delete(owned: Owned): void {
    this.#byId.delete(owned.id);
    if (this.#byTarget.get(owned.target) === owned) this.#byTarget.delete(owned.target);
  }
}
