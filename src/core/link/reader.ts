import * as wire from '../wire/frames.js';

/** What the frames of a post say. `args[0]` is a free place, for the event object; the arguments stand behind it. */
export interface FrameSink {
  onEvent(channel: string, args: unknown[]): void;
  /** `kind`: REQUEST or PORT. False if there is one of that id already, or if no port came with it. */
  onRequest(kind: number, id: number, channel: string, args: unknown[]): boolean;
  /** As a request, for at most `credit` of items until more is given. */
  onStream(id: number, channel: string, args: unknown[], credit: number): boolean;
  onStarted(id: unknown): void;
  onItem(id: unknown, cost: number, value: unknown): void;
  onCredit(id: unknown, credit: number): void;
  /** `kind`: RESULT, FAILURE or THROWN */
  onSettled(kind: number, id: unknown, value: unknown): void;
  onMissed(id: unknown, args: unknown[]): void;
  onAbort(id: unknown): void;
  onPeerUnreadable(post: number): void;
  onChanges(first: number, changes: unknown[]): boolean;
  onState(number: unknown, listens: unknown, handles: unknown): boolean;
  /** The places of the ports that came beside the post, in the frame that follows. */
  onPorts(placeholders: unknown): boolean;
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
    case wire.REQUEST:
    case wire.PORT: {
      const channel = data[at + 2];
      const next = argumentsEnd(data, at + 3);
      if (next < 0 || !wire.isName(channel) || !wire.isCount(first)) return -1;
      return sink.onRequest(data[at] as number, first, channel, data.slice(at + 3, next)) ? next : -1;
    }
    case wire.STREAM: {
      const channel = data[at + 2];
      const credit = data[at + 3];
      const next = argumentsEnd(data, at + 4);
      if (next < 0 || !wire.isName(channel) || !wire.isCount(first) || !wire.isCount(credit)) return -1;
      return sink.onStream(first, channel, data.slice(at + 4, next), credit) ? next : -1;
    }
    case wire.STARTED:
      sink.onStarted(first);
      return at + 2;
    case wire.ITEM: {
      const cost = data[at + 2];
      if (at + 3 >= data.length || !wire.isCount(cost)) return -1;
      sink.onItem(first, cost, data[at + 3]);
      return at + 4;
    }
    case wire.CREDIT: {
      const credit = data[at + 2];
      if (!wire.isCount(credit)) return -1;
      sink.onCredit(first, credit);
      return at + 3;
    }
    case wire.PORTS:
      return sink.onPorts(first) ? at + 2 : -1;
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

/** A post as an array of frames, those of a text in its place; `undefined` if it is none. */
export function unfold(post: unknown): unknown[] | undefined {
  if (!Array.isArray(post)) return undefined;
  const [received, kind, text, echo] = post as unknown[];
  if (kind !== wire.TEXT) return post;
  try {
    const frames: unknown = typeof text === 'string' && JSON.parse(text);
    if (!Array.isArray(frames)) return undefined;
    frames[0] = received;
    if (echo !== undefined) frames.push(echo);
    return frames;
  } catch {
    return undefined;
  }
}

/** Where the arguments end whose count stands at `at`; -1 if there aren't so many. */
function argumentsEnd(data: readonly unknown[], at: number): number {
  const count = data[at];
  if (!wire.isCount(count) || count > wire.MAX_FIELDS) return -1;
  const end = at + 1 + count;
  return end <= data.length ? end : -1;
}
