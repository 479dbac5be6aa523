import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPipe, maxPath, type Address } from './address.js';

/**
 * A fresh address that nobody can guess, of the same kind as another one: to listen at for direct links. It names a directory that
 * isn't there yet: `listen()` makes it, for this user alone, and removes it in the end. For TCP any free port.
 */
export function privateAddress(like: Address): Address {
  if (!('path' in like)) return { ...like, port: 0 };
  if (isPipe(like.path)) return { path: `\\\\.\\pipe\\portmesh-${randomName()}` };
  const path = inside(tmpdir());
  // What listen() binds first is longer by a few bytes.
  return { path: Buffer.byteLength(path) + 10 <= maxPath() ? path : inside('/tmp') };
}

function inside(directory: string): string {
  return join(directory, `portmesh-${randomName()}`, 'link');
}

function randomName(): string {
  return randomBytes(12).toString('hex');
}
