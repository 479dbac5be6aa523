// Fires so many random, changed and cut off frames at a link, and as many at the bridge's broker; see test/fuzz/main.ts. The
// unit tests do the same with fewer.

import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { misused, readArguments } from './arguments.js';

/** A loop without end lets nothing be printed: who is silent that long hangs. */
const SILENCE_MS = 60_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `npm run fuzz [-- <options>]   fires random, changed and cut off frames at the library

  --frames=1000000        how many, at each target
  --seed=NUMBER           makes the frames of the run that printed it
  --target=link|bridge    at that one only`;
const values = readArguments(usage, {
  frames: { type: 'string', default: '1000000' },
  seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  target: { type: 'string' },
});
const [frames, seed] = [Number(values.frames), Number(values.seed)];
if (!Number.isInteger(frames) || frames < 1)
  misused(usage, `--frames=${values.frames}: give a whole number, 1 or more.`);
if (!Number.isInteger(seed)) misused(usage, `--seed=${values.seed}: give a whole number.`);
if (values.target && !['link', 'bridge'].includes(values.target)) {
  misused(usage, `--target=${values.target}: give link or bridge.`);
}

const outfile = join(root, 'out/fuzz/fuzz.mjs');
await build({
  entryPoints: [join(root, 'test/fuzz/main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});
const child = spawn(process.execPath, ['--enable-source-maps', outfile], {
  env: { ...process.env, PORTMESH_FUZZ_CONFIG: JSON.stringify({ frames, seed, target: values.target }) },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let timer = setTimeout(end, SILENCE_MS);
child.stdout.on('data', (text) => {
  process.stdout.write(text);
  clearTimeout(timer);
  timer = setTimeout(end, SILENCE_MS);
});
process.once('exit', () => child.kill('SIGKILL'));
process.exitCode = await new Promise((resolve, reject) => {
  child.once('error', reject);
  child.once('close', (code) => resolve(code ?? 1));
});
clearTimeout(timer);

function end() {
  console.error(`fuzz: it hangs: not a word for ${SILENCE_MS / 1000} s, with --seed=${seed}`);
  child.kill('SIGKILL');
}
