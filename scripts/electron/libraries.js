import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What Electron loads that a bare machine lacks, and the Debian package that has it. Asked for by file name, not by
 * package, so that any distribution passes that has the files. What these packages depend on comes along.
 *
 * @type {Record<string, string>}
 */
const LIBRARIES = {
  'libgtk-3.so.0': 'libgtk-3-0',
  'libnss3.so': 'libnss3',
  'libasound.so.2': 'libasound2',
  'libgbm.so.1': 'libgbm1',
  'libXss.so.1': 'libxss1',
  'libXtst.so.6': 'libxtst6',
};

const XVFB = 'Xvfb';

/** Without a terminal's progress bars; and patient with another apt-get at work. */
const APT_OPTIONS = ['-q', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=300'];

/**
 * Makes sure that the machine has what Electron needs: installs it where it may (root, with apt-get), else throws an
 * error that names the command to run. Does nothing on macOS and Windows.
 *
 * @param {object} [options]
 * @param {boolean} [options.xvfb] also the virtual display. @default true
 */
export async function ensureLibraries({ xvfb = true } = {}) {
  if (process.platform !== 'linux') return;
  const missing = findMissing(xvfb);
  if (missing.length === 0) return;
  const root = process.getuid?.() === 0;
  if (root && findCommand('apt-get')) await install(missing);
  const left = findMissing(xvfb);
  if (left.length === 0) return;
  const command = findCommand('apt-get')
    ? `apt-get update && apt-get install -y --no-install-recommends ${packageNames(left).join(' ')}`
    : `your distribution's packages of ${left.join(', ')} (Debian: ${packageNames(left).join(' ')})`;
  throw new Error(`ensureLibraries(): Electron needs ${left.join(', ')}. Install them, as root: ${command}`);
}

/**
 * @param {string} name
 * @returns the path of a program, or undefined. The folders of system programs are not on every user's PATH.
 */
export function findCommand(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** @param {boolean} xvfb */
function findMissing(xvfb) {
  const known = knownLibraries();
  // Without a linker cache to ask (NixOS, musl) nothing can be said; Electron itself then tells what it lacks.
  const missing = known === undefined ? [] : Object.keys(LIBRARIES).filter((name) => !known.has(name));
  if (xvfb && !findCommand(XVFB)) missing.push(XVFB);
  return missing;
}

function knownLibraries() {
  const ldconfig = findCommand('ldconfig');
  if (!ldconfig) return undefined;
  const { status, stdout } = spawnSync(ldconfig, ['-p'], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return new Set(stdout.split('\n').map((line) => line.trim().split(' ')[0]));
}

/** @param {string[]} missing */
async function install(missing) {
  process.stderr.write(`Electron needs ${missing.join(', ')}: installing with apt-get\n`);
  await aptGet('update');
  await aptGet('install', '-y', '--no-install-recommends', ...packageNames(missing));
}

/**
 * A failure is not thrown: what counts is whether the files are there afterwards. (`update` may fail for one source of
 * several, or because another process holds its lock; the packages may still be found.)
 *
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn('apt-get', [...APT_OPTIONS, ...args], { env, stdio: ['ignore', 2, 2] });
  return new Promise((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
}

/**
 * The packages' names on this machine: newer Debian and Ubuntu releases have renamed some with the suffix `t64`, and keep
 * the old names as virtual ones, which apt-get may refuse as ambiguous.
 *
 * @param {string[]} missing
 */
function packageNames(missing) {
  const names = missing.map((name) => LIBRARIES[name] ?? name.toLowerCase());
  const renamed = names.map((name) => `${name}t64`);
  const policy = spawnSync('apt-cache', ['policy', ...renamed], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const offered = new Set(
    [...(policy.stdout ?? '').matchAll(/^(\S+):\n(?: .*\n)*? {2}Candidate: (?!\(none\))/gm)].map((match) => match[1]),
  );
  return names.map((name) => (offered.has(`${name}t64`) ? `${name}t64` : name));
}
