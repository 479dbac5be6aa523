import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A text of the library's own as a file, named by its content, in a folder that only this user can write to.
 *
 * @param name what its name begins with
 * @returns its path
 */
export function ownFile(folder: string, name: string, source: string): string {
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const file = join(folder, `${name}-${hash}.cjs`);
  if (existsSync(file) && readFileSync(file, 'utf8') === source) return file;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Written aside and renamed: another instance of the app may read it at this moment.
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, source, { mode: 0o600 });
  renameSync(partial, file);
  return file;
}
