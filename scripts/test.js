// `npm test [-- --electron=27] [vitest's own arguments]`: builds, and runs every test, those in real Electron included.
// CI=… and a folder or file name work as with vitest itself.

import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const electron = args.find((arg) => arg.startsWith('--electron='))?.slice('--electron='.length);
const env = { ...process.env, ...(electron && { PORTMESH_ELECTRON: electron }) };
const run = (...command) => execFileSync(process.execPath, command, { cwd: root, stdio: 'inherit', env });

run('scripts/build.js');
run('scripts/build-playground.js');
run('scripts/electron/install.js');
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', ...args.filter((arg) => !arg.startsWith('--electron='))],
  {
    cwd: root,
    stdio: 'inherit',
    env,
  },
);
process.exit(status ?? 1);
