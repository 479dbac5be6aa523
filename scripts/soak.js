// Ten windows in a real Electron, driven at random: they join, leave, crash, reload, navigate and hang, and talk all the time.
// What must always hold is checked all the time; see test/soak/main/main.ts. It exits with 1, the seed and the last steps
// where it does not. The same seed makes the same choices, though not at the same moments.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../test/soak/runner/bundle.js';
import { misused, readArguments } from './arguments.js';
import { prepareElectron } from './electron/launch.js';

/** Chromium's own complaints, such as that there is no D-Bus, shall not drown the app's. */
const QUIET = '--log-level=3';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `npm run soak [-- <options>]   drives ten windows in a real Electron at random, and checks what must hold

  --minutes=10        how long
  --seed=NUMBER       makes the choices of the run that printed it
  --electron=33|27    on that version of Electron`;
const values = readArguments(usage, {
  minutes: { type: 'string', default: '10' },
  seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  electron: { type: 'string' },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0)) misused(usage, `--minutes=${values.minutes}: give a number above 0.`);
if (!Number.isInteger(seed)) misused(usage, `--seed=${values.seed}: give a whole number.`);

execFileSync(process.execPath, [join(root, 'scripts/build.js')], { stdio: 'inherit' });
const out = join(root, 'out/soak');
await bundle(root, out);
const electron = await prepareElectron({ version: values.electron, headless: true });
const userData = mkdtempSync(join(tmpdir(), 'portmesh-soak-'));
console.log(`soak: Electron ${electron.version}, ${minutes} min, --seed=${seed}`);
const child = spawn(electron.executable, [...electron.args, QUIET, `--user-data-dir=${userData}`, out], {
  env: { ...electron.env, PORTMESH_SOAK: JSON.stringify({ minutes, seed }) },
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.once('exit', () => {
  child.kill('SIGKILL'); // Electron's other processes end with their main process
  rmSync(userData, { recursive: true, force: true, maxRetries: 5 });
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => process.exit(1));
const [code, signal] = await new Promise((resolve, reject) => {
  child.once('error', reject);
  child.once('close', (...how) => resolve(how));
});
await electron.stop();
if (signal) console.error(`soak: Electron ended with ${signal}, with seed ${seed}`);
process.exitCode = code ?? 1;
