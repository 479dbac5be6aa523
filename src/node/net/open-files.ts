import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { codeOf } from './system-error.js';

/** It is told again after so many milliseconds. */
const AGAIN_MS = 10_000;

/**
 * Notices that no further file can be opened here. The next connection is then closed as soon as it has come, below Node, which isn't
 * told: so this is to be asked whenever one was taken, and may have been the last.
 *
 * @param full is told what the system says, once in a while
 */
export function watchFiles(full: (error: Error) => void): () => void {
  let silentUntil = 0;
  return () => {
    if (performance.now() < silentUntil) return;
    try {
      // Synchronous: meanwhile no connection comes, which would have lost its place to this.
      closeSync(openSync(devNull, 'r'));
    } catch (error) {
      if (codeOf(error) !== 'EMFILE' && codeOf(error) !== 'ENFILE') return;
      silentUntil = performance.now() + AGAIN_MS;
      full(error as Error);
    }
  };
}
