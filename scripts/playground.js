// Opens the playground: npm run playground [-- --headless] [-- --electron=27]
//
// With no display, or with --headless, nobody could look at it: then the same app runs under Xvfb, and the demonstration is
// driven instead, through the controls that a person would use.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runDemonstration } from '../playground/demo/run.js';
import { readArguments } from './arguments.js';
import { needsXvfb } from './electron/display.js';
import { prepareElectron } from './electron/launch.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const app = join(root, 'out/playground');
const screenshots = join(root, 'out/playground-screenshots');

const usage = `npm run playground [-- <options>]   opens the playground

  --headless      drives its demonstration under Xvfb, and leaves screenshots in out/playground-screenshots
  --electron=27   on that version of Electron
  --built         of what is built already`;

const values = readArguments(usage, {
  headless: { type: 'boolean' },
  built: { type: 'boolean' },
  electron: { type: 'string' },
});
try {
  process.exitCode = await playground(values);
} catch (error) {
  console.error(`playground: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 1;
}

/** @param {{ headless?: boolean, electron?: string, built?: boolean }} options `built`: it is, and up to date */
async function playground({ headless = false, electron: version, built = false }) {
  for (const script of built ? [] : ['build.js', 'build-playground.js']) {
    execFileSync(process.execPath, [join(root, 'scripts', script)], { stdio: 'inherit' });
  }
  const driven = headless || needsXvfb(false);
  const electron = await prepareElectron({ version, headless: driven });
  const userData = mkdtempSync(join(tmpdir(), 'portmesh-playground-'));
  // Not in a `finally` alone: Playwright ends the process by itself on Ctrl-C.
  process.once('exit', () => rmSync(userData, { recursive: true, force: true, maxRetries: 5 }));
  const options = {
    executable: electron.executable,
    args: [...electron.args, `--user-data-dir=${userData}`, app],
    env: electron.env,
  };
  console.log(`playground: Electron ${electron.version}${driven ? ', driven, without a display of yours' : ''}`);
  try {
    return await (driven ? runDemonstration({ ...options, screenshots }) : openForPerson(options));
  } finally {
    await electron.stop();
  }
}

/**
 * Runs the app until it is closed.
 *
 * @param {{ executable: string, args: string[], env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} what to exit with
 */
function openForPerson({ executable, args, env }) {
  const child = spawn(executable, args, { env, stdio: 'inherit' });
  const end = () => void child.kill();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
