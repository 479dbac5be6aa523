// A process that is killed leaves the sockets it listened at for direct links. Whoever comes to listen in that directory later removes
// them, if all of this is true:
//
// - It has a name as we give them, and is a socket.
// - Its process is gone. (Elsewhere than on Linux, a socket may refuse a connection because too many wait.)
// - Nobody listens there: the directory may be shared with other containers, whose processes can't be seen from here.
// - It is not so new that it may be about to be listened at.
import { lstat, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pidOf } from './own-directory.js';
import { isListenedAt } from './socket-file.js';
import { codeOf } from './system-error.js';

/** The rest is for others to remove. */
const MAX_FILES = 256;
const NEW_MS = 5000;

let swept = false;

/** Removes what dead processes have left in that directory, in the background: once in a process, never rejects. */
export async function sweepOnce(directory: string): Promise<void> {
  if (swept) return;
  swept = true;
  await sweep(directory);
}

/** Removes what dead processes have left. Never rejects. */
export async function sweep(directory: string): Promise<void> {
  let looked = 0;
  try {
    for await (const { name } of await opendir(directory)) {
      const pid = pidOf(name);
      if (pid === undefined || !isGone(pid)) continue;
      await removeDead(join(directory, name));
      if (++looked === MAX_FILES) return;
    }
  } catch {
    // Another has removed the directory.
  }
}

function isGone(pid: number): boolean {
  // It may have been another with the same number, as in a container that is started anew, or a worker of this one.
  if (pid === process.pid) return process.platform === 'linux';
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

async function removeDead(path: string): Promise<void> {
  try {
    const found = await lstat(path);
    if (!found.isSocket() || Date.now() - found.mtimeMs < NEW_MS) return;
    if (!(await isListenedAt(path, 'sweep()'))) await unlink(path);
  } catch {
    // Another has removed it, or it is not ours to remove.
  }
}
