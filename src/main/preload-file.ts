import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { preloadSource } from './preload-source.js';

/**
 * The preload as a file, which is what Electron wants. In the package, in an archive too; where the app is bundled and has no
 * package any more, in a folder of the application's own data, named by its content.
 */
export function findPreload(appPath: string, userData: () => string): string {
  return installed(appPath) ?? write(join(userData(), 'portmesh'));
}

/** Looked up from the app's folder: bundlers to CommonJS warn of every `import.meta`. */
function installed(appPath: string): string | undefined {
  try {
    const file = createRequire(join(appPath, 'package.json')).resolve('portmesh/preload');
    return readFileSync(file, 'utf8') === preloadSource ? file : undefined;
  } catch {
    return undefined;
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
