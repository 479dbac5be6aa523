import type { Call } from './calls.js';

/** Places at least, and after a rush; a power of two, as ever. */
const LEAST = 64;
/** More places than these are given back when the last call is gone. */
const KEPT = 4096;

/**
 * Calls under way, by id. Ids are counted up, and answers come nearly in their order: so a call has the place of its id's lowest
 * bits, and keeps it until another one needs it. Those that others have overtaken by so much are in a Map. A Map for all costs a
 * seventh of the rate of many calls at once.
 */
export class CallTable {
  #places = empty(LEAST);
  /** How many of the places are taken */
  #placed = 0;
  readonly #late = new Map<number, Call>();

  get size(): number {
    return this.#placed + this.#late.size;
  }

  /** @param id whatever the other side says */
  get(id: unknown): Call | undefined {
    if (typeof id !== 'number') return undefined;
    const call = this.#places[placeOf(id, this.#places)];
    return call?.id === id ? call : this.#late.get(id);
  }

  /** Its id must be a new one. */
  add(call: Call): void {
    const place = placeOf(call.id, this.#places);
    const before = this.#places[place];
    if (before) {
      this.#giveWay(before, place);
      this.add(call);
    } else {
      this.#places[place] = call;
      this.#placed++;
    }
  }

  /** One that is in it. */
  remove(call: Call): void {
    const place = placeOf(call.id, this.#places);
    if (this.#places[place] !== call) {
      this.#late.delete(call.id);
      return;
    }
    this.#places[place] = undefined;
    if (--this.#placed === 0 && this.#places.length > KEPT) this.#places = empty(LEAST);
  }

  /** All of them, in the order of their ids. */
  all(): Call[] {
    const calls = [...this.#late.values()];
    for (const call of this.#places) if (call) calls.push(call);
    return calls.sort((a, b) => a.id - b.id);
  }

  /** Many calls need more places. Of few, one that still has its place has been overtaken. */
  #giveWay(call: Call, place: number): void {
    if (this.#placed >= this.#places.length / 2) {
      const places = empty(this.#places.length * 2);
      for (const each of this.#places) if (each) places[placeOf(each.id, places)] = each;
      this.#places = places;
    } else {
      this.#late.set(call.id, call);
      this.#places[place] = undefined;
      this.#placed--;
    }
  }
}

function empty(length: number): (Call | undefined)[] {
  return new Array<Call | undefined>(length).fill(undefined);
}

function placeOf(id: number, places: readonly unknown[]): number {
  return id & (places.length - 1);
}
