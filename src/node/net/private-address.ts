import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPipe, maxPath, type Address } from './address.js';
import { linkName, ownDirectory } from './own-directory.js';

/** Where to listen for direct links, as `listen()` takes it. */
export interface PrivateAddress {
  readonly address: Address;
  /** The directory is there, and this user's alone. */
  readonly fresh: boolean;
}

/**
 * A fresh address that nobody else has, of the same kind as another one: to listen at for direct links. For a unix socket, a file in
 * the directory that all of this user's processes share for that. Where that one can't be had, a directory that isn't there yet:
 * `listen()` makes it, for this user alone, and removes it in the end. For TCP any free port.
 */
export async function privateAddress(like: Address): Promise<PrivateAddress> {
  if (!('path' in like)) return { address: { ...like, port: 0 }, fresh: false };
  if (isPipe(like.path)) return { address: { path: `\\\\.\\pipe\\portmesh-${randomName()}` }, fresh: false };
  const parent = fits(tmpdir()) ? tmpdir() : '/tmp';
  const directory = await ownDirectory(parent);
  return directory === undefined
    ? { address: { path: inside(parent) }, fresh: false }
    : { address: { path: join(directory, linkName()) }, fresh: true };
}

/** What listen() binds first is longer by a few bytes. In the shared directory, names are shorter. */
function fits(parent: string): boolean {
  return Buffer.byteLength(inside(parent)) + 10 <= maxPath();
}

function inside(parent: string): string {
  return join(parent, `portmesh-${randomName()}`, 'link');
}

function randomName(): string {
  return randomBytes(12).toString('hex');
}
