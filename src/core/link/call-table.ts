import type { Call } from './calls.js';

/** So many empty places are kept, and so many times more than calls. */
const KEPT = 64;
const SPARSE = 8;

/**
 * Calls under way, by id. Ids are counted up, and answers come nearly in their order: a call has the place of its id in an
 * array, until too few are left there, which are late then. A Map for all costs a seventh of the rate of many calls at once.
 */
export class CallTable {
  size = 0;
  /** Those from the id `#first` on */
  #calls: (Call | undefined)[] = [];
  #first = 1;
  /** Those before it */
  readonly #late = new Map<number, Call>();

  /** @param id whatever the other side says */
  get(id: unknown): Call | undefined {
    return typeof id === 'number' ? (this.#calls[id - this.#first] ?? this.#late.get(id)) : undefined;
  }

  /** Its id must be a new one. */
  add(call: Call): void {
    this.size++;
    const place = call.id - this.#first;
    if (place < 0) this.#late.set(call.id, call);
    else this.#calls[place] = call;
  }

  /** One that is in it. */
  remove(call: Call): void {
    this.size--;
    const place = call.id - this.#first;
    if (place < 0) this.#late.delete(call.id);
    else this.#calls[place] = undefined;
    if (this.#calls.length > SPARSE * this.size + KEPT) this.#begin();
  }

  /** All of them, older ones first. */
  all(): Call[] {
    return [...this.#late.values(), ...this.#calls.filter((call) => call !== undefined)];
  }

  #begin(): void {
    for (const call of this.#calls) if (call) this.#late.set(call.id, call);
    this.#first += this.#calls.length;
    this.#calls = [];
  }
}
