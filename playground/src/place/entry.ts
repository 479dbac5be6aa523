/** What an entry is about: its glyph and its colour. */
export type Kind = 'sent' | 'got' | 'asked' | 'served' | 'joined' | 'left' | 'failed' | 'note';

/** A part of a sentence: words, somebody's name, or a code. */
export type Piece = string | { readonly peer: string } | { readonly code: string };

/** How something that was under way has ended. */
export type Ending = 'done' | 'failed' | 'stopped';

export interface Entry {
  readonly id: number;
  /** Grows with each change of any entry. */
  readonly version: number;
  /** Milliseconds since 1970 */
  readonly at: number;
  readonly kind: Kind;
  readonly text: readonly Piece[];
  readonly state?: 'open' | Ending;
  /** How it goes, or how it went. */
  readonly outcome?: readonly Piece[];
  /** Milliseconds until it ended */
  readonly took?: number;
  /** Of something that flows: how fast, lately, oldest first. */
  readonly rates?: readonly number[];
  /** Read on demand only. */
  readonly stack?: string;
}

/** What is new in a journal. */
export interface JournalNews {
  readonly version: number;
  readonly entries: readonly Entry[];
}
