import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHash } from 'node:crypto';
import { preloadSource } from './preload-source.js';

/**
 * The preload as a file, which is what Electron wants. Beside this module in the package, in an archive too; where a bundler
 * has taken the module elsewhere, in a folder of the application's own data, named by its content.
 */
export function findPreload(userData: () => string): string {
  return beside() ?? write(join(userData(), 'portmesh'));
}

function beside(): string | undefined {
  try {
    const file = fileURLToPath(new URL('../preload/portmesh.cjs', import.meta.url));
    return existsSync(file) && readFileSync(file, 'utf8') === preloadSource ? file : undefined;
  } catch {
    return undefined; // bundled to CommonJS: there is no import.meta.url
  }
}

function write(folder: string): string {
  const hash = createHash('sha256').update(preloadSource).digest('hex').slice(0, 16);
  const file = join(folder, `preload-${hash}.cjs`);
  if (existsSync(file) && readFileSync(file, 'utf8') === preloadSource) return file;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Written aside and renamed: another instance of the app may read it at this moment.
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, preloadSource, { mode: 0o600 });
  renameSync(partial, file);
  return file;
}
