import { randomBytes } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './system-error.js';

const OTHERS = 0o077;

/** What a socket for direct links is called in that directory: `<process id>-<random>`. */
export function linkName(): string {
  return `${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** The process whose socket has that name; `undefined`: it is none of these. */
export function pidOf(name: string): number | undefined {
  const [, pid] = /^([1-9]\d{0,9})-[0-9a-f]{12}$/.exec(name) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/**
 * The directory of all processes of this user for the sockets of direct links. It is made if it isn't there, and stays.
 *
 * @returns `undefined`: it can't be made, or what is there may be somebody else's
 */
export async function ownDirectory(parent: string): Promise<string | undefined> {
  const user = process.geteuid?.();
  const directory = join(parent, `portmesh-${user}`);
  try {
    await mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    // Not where a link leads to: whoever made that could change it.
    const found = await lstat(directory);
    return found.isDirectory() && found.uid === user && !(found.mode & OTHERS) ? directory : undefined;
  } catch {
    return undefined;
  }
}
