// `npm test [-- --electron=27] [--os-sandbox] [vitest's own arguments]`: builds, and runs every test, those in real Electron
// included. CI=… and a folder or file name work as with vitest itself. With --os-sandbox, for `--project e2e`, root runs
// Electron as an ordinary user: for root, Chromium's own sandbox is off.

import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const electron = args.find((arg) => arg.startsWith('--electron='))?.slice('--electron='.length);
const sandboxed = args.includes('--os-sandbox');
const env = {
  ...process.env,
  ...(electron && { PORTMESH_ELECTRON: electron }),
  ...(sandboxed && { PORTMESH_OS_SANDBOX: '1' }),
};
const run = (...command) => execFileSync(process.execPath, command, { cwd: root, stdio: 'inherit', env });

run('scripts/build.js');
run('scripts/build-playground.js');
run('scripts/electron/install.js');
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', ...args.filter((arg) => !arg.startsWith('--electron=') && arg !== '--os-sandbox')],
  {
    cwd: root,
    stdio: 'inherit',
    env,
  },
);
process.exit(status ?? 1);
