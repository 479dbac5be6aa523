import type fc from 'fast-check';
import type { Post } from './posts.js';

/** What is fired at. It lives through all runs, so that what each leaves behind adds up. */
export interface Target {
  readonly name: string;
  readonly post: fc.Arbitrary<Post>;
  /** A hostile peer comes, fires these, and is thrown out. Throws at what must not be. */
  run(posts: readonly Post[]): Promise<void>;
  /** For the summary: that it was no mere noise. */
  readonly counts: Readonly<Record<string, number>>;
}
