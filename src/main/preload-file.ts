import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ownFile } from './own-file.js';
import { preloadSource } from './preload-source.js';

/**
 * The preload as a file, which is what Electron wants. In the package, in an archive too; where the app is bundled and has no
 * package any more, in a folder of the application's own data, named by its content.
 */
export function findPreload(appPath: string, userData: () => string): string {
  return installed(appPath) ?? ownFile(join(userData(), 'portmesh'), 'preload', preloadSource);
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
