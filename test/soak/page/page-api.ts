/** What a page lets main call. Its seats have ids: those of their peers. */
export type PageApi = {
  /** Joins once more, and begins to talk. Returns the new peer's id. */
  sit(name: string, seed: number): Promise<string>;
  /** Leaves by `close()`. */
  stand(id: string): Promise<void>;
  /** Forgets a seat that main has evicted, once its bus says so. */
  evicted(id: string): Promise<void>;
  /** The work of a page that hangs. */
  hang(ms: number): void;
  hush(): Promise<void>;
  talk(): void;
  /** By seat, who is there: according to its directory, and to the news it was told. */
  views(): Record<string, { readonly directory: string[]; readonly news: string[] }>;
  /** What its seats hold, in words. */
  held(): Promise<string>;
  /** Bytes on the heap, garbage collected. */
  heap(): Promise<number>;
};

/** How a page tells main what it found: lines of its console. */
export const VIOLATION = '@violation ';
export const COUNTS = '@counts ';
