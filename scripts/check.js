// `npm run check`: all that can be known about the project without running it. The first step that fails ends it.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const packed = mkdtempSync(join(tmpdir(), 'portmesh-check-'));

/** Of each layer, so that none sees another's platform, and of what uses them. */
const projects = [
  ...readdirSync(join(root, 'src')).map((layer) => join('src', layer)),
  'playground',
  ...['test', 'test/types', 'test/bench', 'test/soak'],
].filter((folder) => existsSync(join(root, folder, 'tsconfig.json')));

const steps = {
  format: () => tool('prettier', 'prettier', '--check', '.'),
  // Before the compiler, which has a page of words for an import that crosses the layers.
  layers: () => tool('oxlint', 'oxlint', 'src'),
  build: () => run(process.execPath, 'scripts/build.js'),
  types: () => tool('typescript', 'tsc', '--build', ...projects),
  // All the rest too, which knows the package by its build.
  lint: () => tool('oxlint', 'oxlint'),
  docs: () => run(process.execPath, 'scripts/docs.js', '--check'),
  // The build is fresh: `prepack` would only make it anew, under the feet of whatever uses it.
  pack: () => run('npm', 'pack', '--ignore-scripts', '--pack-destination', packed),
  publint: () => tool('publint', 'publint', 'run', '--strict', tarball()),
  attw: () => tool('@arethetypeswrong/cli', 'attw', '--profile', 'esm-only', '--no-color', tarball()),
};

try {
  for (const [name, step] of Object.entries(steps)) {
    const start = performance.now();
    const failure = step();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${failure === undefined ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${seconds} s`);
    if (failure === undefined) continue;
    console.error(failure);
    process.exitCode = 1;
    break;
  }
} finally {
  rmSync(packed, { recursive: true, force: true });
}

/** Runs a command of one of the development tools. */
function tool(name, command, ...args) {
  const folder = join(root, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return run(process.execPath, join(folder, typeof bin === 'string' ? bin : bin[command]), ...args);
}

/** What the program printed, if it failed. */
function run(command, ...args) {
  const shell = process.platform === 'win32' && command === 'npm'; // there, it is a .cmd file
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', shell });
  if (status === 0) return undefined;
  return error ? `${command}: ${error.message}` : `${stdout}${stderr}`;
}

function tarball() {
  return join(packed, readdirSync(packed)[0]);
}
