// Makes an Electron ready to run, with all it needs: node scripts/electron/install.js [27|33]

import { ensureLibraries } from './libraries.js';
import { resolveElectron } from './resolve.js';

try {
  await ensureLibraries();
  const { executable, version, source } = await resolveElectron({ version: process.argv[2] });
  console.log(`Electron ${version} (${source}): ${executable}`);
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exitCode = 1;
}
