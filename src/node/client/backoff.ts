/** The first wait, in milliseconds, and the longest. */
const FIRST_MS = 50;
const LONGEST_MS = 5000;

/**
 * How long to wait before the next attempt: twice as long each time, and a random part of it, so that those who lost one broker don't
 * come back all at once.
 *
 * @param attempt how many have failed, from 1
 */
export function backoff(attempt: number, random = Math.random): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
  return Math.ceil(most * (0.5 + random() / 2));
}
