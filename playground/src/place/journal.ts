// What a place has seen and done, as plain data: its own page shows it, or, over the mesh, another one's.

import type { Ending, Entry, JournalNews, Kind, Piece } from './entry.js';
import { describeError, stackOf } from './errors.js';

const MAX_ENTRIES = 200;

export class Journal {
  readonly #entries = new Map<number, Entry>();
  readonly #listeners = new Set<(entry: Entry) => void>();
  #version = 0;

  add(kind: Kind, ...text: readonly Piece[]): Line {
    const since = performance.now();
    const id = this.#version + 1;
    let entry: Entry = { id, version: id, at: Date.now(), kind, text };
    const put = (changes: Partial<Entry>): void => {
      entry = { ...entry, ...changes, version: ++this.#version };
      this.#put(entry);
    };
    put({});
    return new Line(put, since);
  }

  since(version: number): JournalNews {
    const entries = [...this.#entries.values()].filter((entry) => entry.version > version);
    return { version: this.#version, entries };
  }

  onChange(listener: (entry: Entry) => void): void {
    this.#listeners.add(listener);
  }

  #put(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    for (const [id] of this.#entries) {
      if (this.#entries.size <= MAX_ENTRIES) break;
      this.#entries.delete(id);
    }
    for (const listener of this.#listeners) listener(entry);
  }
}

/** An entry as its writer holds it: what is still under way is open, and gets its outcome later. */
export class Line {
  readonly #put: (changes: Partial<Entry>) => void;
  readonly #since: number;

  constructor(put: (changes: Partial<Entry>) => void, since: number) {
    this.#put = put;
    this.#since = since;
  }

  /** Marks it as under way, and says how it goes. */
  open(...how: readonly Piece[]): this {
    this.#put(how.length > 0 ? { state: 'open', outcome: how } : { state: 'open' });
    return this;
  }

  /** As `open()`, with how fast it goes. */
  measure(rates: readonly number[], ...how: readonly Piece[]): void {
    this.#put({ state: 'open', outcome: how, rates });
  }

  settle(state: Ending, ...outcome: readonly Piece[]): void {
    this.#put({ state, outcome, took: performance.now() - this.#since });
  }

  /** Ends it with an error: what it is in a line, and its stack, local and remote. */
  fail(error: unknown): void {
    const stack = error instanceof Error && error.stack ? { stack: stackOf(error) } : {};
    this.#put({ state: 'failed', outcome: describeError(error), took: performance.now() - this.#since, ...stack });
  }
}
