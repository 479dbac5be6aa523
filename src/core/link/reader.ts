import * as wire from '../wire/frames.js';

/** What the frames of a post say. `args[0]` is a free place, for the event object; the arguments stand behind it. */
export interface FrameSink {
  onEvent(channel: string, args: unknown[]): void;
  /** False if there is a request of that id already. */
  onRequest(id: number, channel: string, args: unknown[]): boolean;
  /** `kind`: RESULT, FAILURE or THROWN */
  onSettled(kind: number, id: unknown, value: unknown): void;
  onMissed(id: unknown, args: unknown[]): void;
  onAbort(id: unknown): void;
  onPeerUnreadable(post: number): void;
  onChanges(first: number, changes: unknown[]): boolean;
  onState(number: unknown, listens: unknown, handles: unknown): boolean;
  onBye(): void;
}

/**
 * Reads the frame that begins at `at`, tells the sink, and returns where the next one begins; -1 if it makes no sense: then
 * nobody knows where the next one would begin, and the rest of the post is lost. Everything is checked: the peer is not trusted.
 */
export function readFrame(data: readonly unknown[], at: number, sink: FrameSink): number {
  const first = data[at + 1];
  switch (data[at]) {
    case wire.EVENT: {
      const next = argumentsEnd(data, at + 2);
      if (next < 0 || !wire.isName(first)) return -1;
      // The slice begins with the count: its place becomes the free one.
      sink.onEvent(first, data.slice(at + 2, next));
      return next;
    }
    case wire.REQUEST: {
      const channel = data[at + 2];
      const next = argumentsEnd(data, at + 3);
      if (next < 0 || !wire.isName(channel) || !wire.isCount(first)) return -1;
      return sink.onRequest(first, channel, data.slice(at + 3, next)) ? next : -1;
    }
    case wire.RESULT:
    case wire.FAILURE:
    case wire.THROWN:
      if (at + 2 >= data.length) return -1;
      sink.onSettled(data[at] as number, first, data[at + 2]);
      return at + 3;
    case wire.MISSED: {
      const next = argumentsEnd(data, at + 2);
      if (next >= 0) sink.onMissed(first, data.slice(at + 3, next));
      return next;
    }
    case wire.ABORT:
      sink.onAbort(first);
      return at + 2;
    case wire.UNREADABLE:
      if (!wire.isCount(first)) return -1;
      sink.onPeerUnreadable(first);
      return at + 2;
    case wire.CHANGES: {
      const next = argumentsEnd(data, at + 2);
      if (next < 0 || !wire.isCount(first)) return -1;
      return sink.onChanges(first, data.slice(at + 3, next)) ? next : -1;
    }
    case wire.STATE:
      return sink.onState(first, data[at + 2], data[at + 3]) ? at + 4 : -1;
    case wire.ECHO:
      return at + 1;
    case wire.BYE:
      sink.onBye();
      return data.length;
    default:
      return -1;
  }
}

/** Where the arguments end whose count stands at `at`; -1 if there aren't so many. */
function argumentsEnd(data: readonly unknown[], at: number): number {
  const count = data[at];
  if (!wire.isCount(count) || count > wire.MAX_FIELDS) return -1;
  const end = at + 1 + count;
  return end <= data.length ? end : -1;
}
