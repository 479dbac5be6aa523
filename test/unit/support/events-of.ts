import { EVENT } from '../../../src/core/wire/frames.js';

/** The channels of the events in a post that holds only events, and frames without fields. */
export function eventsOf(post: readonly unknown[]): unknown[] {
  const channels: unknown[] = [];
  for (let at = 1; at < post.length; at += post[at] === EVENT ? 3 + (post[at + 2] as number) : 1) {
    if (post[at] === EVENT) channels.push(post[at + 1]);
  }
  return channels;
}
