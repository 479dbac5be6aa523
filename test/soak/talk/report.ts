/** Where a seat's findings go: in a page to main, through the console; in main to the watcher at once. */
export interface Report {
  /** Something that must never happen. */
  violation(text: string): void;
  /** One more of that kind, for the summary. */
  count(what: string, by?: number): void;
}
