import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runWatched } from './runWatched.js';

/** The download gets this long to show a sign of life, so that an unreachable host costs seconds, not minutes. */
const STALL_MS = 10_000;

/** The executable's place in an unpacked Electron. */
export const executablePath =
  new Map([
    ['darwin', 'Electron.app/Contents/MacOS/Electron'],
    ['win32', 'electron.exe'],
  ]).get(process.platform) ?? 'electron';

/**
 * The Electron that the `electron` package has already unpacked, or undefined. Its index.js is not asked, since that
 * downloads what is missing.
 */
export function packagedElectron() {
  const folder = packageFolder();
  // path.txt is what the package writes last.
  if (folder === undefined || !existsSync(join(folder, 'path.txt'))) return undefined;
  const executable = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim());
  const version = distVersion(join(folder, 'dist'));
  return version !== undefined && existsSync(executable) ? { executable, version } : undefined;
}

/**
 * Runs the `electron` package's own download. Undefined, and a line on stderr, when it can't be had.
 */
export async function downloadElectron() {
  const folder = packageFolder();
  if (folder === undefined || !existsSync(join(folder, 'install.js'))) return undefined;
  const temporary = await mkdtemp(join(tmpdir(), 'portmesh-electron-'));
  try {
    // A temporary folder of its own is the only place to see the download grow.
    const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary };
    await runWatched(process.execPath, [join(folder, 'install.js')], {
      label: "Electron: the electron package's own download",
      watch: [temporary, join(folder, 'dist')],
      stall: STALL_MS,
      env,
    });
    return packagedElectron();
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    process.stderr.write(`Electron: the electron package's own download failed: ${message}\n`);
    return undefined;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * What the file `version` of an unpacked Electron says.
 *
 * @param {string} dist
 */
export function distVersion(dist) {
  const file = join(dist, 'version');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().replace(/^v/, '') : undefined;
}

function packageFolder() {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return undefined; // not installed
  }
}
