/** Something that was passed by reference, on either side of it. It is good as long as anything counts on it. */
export interface Passed {
  /** In the room: at its owner its id, elsewhere that as a text */
  readonly key: unknown;
  /** At its owner, in the room too: see `lend` */
  readonly by?: unknown;
  /** At its owner: the thing itself, */
  target?: object;
  /** and what is served with it: see `Link.withdraw` */
  readonly channel?: string;
  /** what returned it: "files.watch()" */
  readonly label?: string | undefined;
  readonly room: Room;
  /** Calls under way that bring it there, and whoever has it, and keeps it */
  uses: number;
  /** Why it can't be used any more, in words */
  over?: string;
  /** Of an iterable: ends what is taken from it; at its owner, what nobody has taken from. */
  stop?: (() => void) | undefined;
}

/** What one peer and this side have of each other, as long as it is good; and by what it is found by besides, if it has its id already. */
export type Room = Map<unknown, Passed>;

export const OVER =
  'its call is over, or it was released. Call retain() on it before the method returns: a generator runs later.';

/** One more counts on it, or one less. */
export function count(passed: Passed, by: number): void {
  if ((passed.uses += by) <= 0) end(passed, OVER);
}

export function end(passed: Passed, why: string): void {
  const { key, by, room, over, stop } = passed;
  for (const each of [key, by]) if (room.get(each) === passed) room.delete(each);
  if (over) return;
  passed.over = why;
  stop?.();
}
