import { spawn } from 'node:child_process';
import { findCommand } from './libraries.js';

const SCREEN = '1600x1000x24';

/**
 * Runs Xvfb until stdin ends. The pipe is this process' promise to be alive: however it dies, even by SIGKILL, when no
 * handler of its own runs, the kernel closes the pipe, and the display goes too.
 *
 * It is told more than once: a signal that comes between its look for one and its sleep is noticed when it next wakes, which
 * without clients is ten minutes later.
 */
const GUARD = 'Xvfb "$@" & exec 3>&-; read _; while kill $! 2>&-; do sleep 0.05; done; wait';

/**
 * @typedef {object} Display
 * @property {{ DISPLAY?: string }} env what to add to the environment of a program that shall use it
 * @property {boolean} virtual whether it is an Xvfb started here
 * @property {() => Promise<void>} stop
 */

/**
 * Whether `ensureDisplay` would start an Xvfb.
 *
 * @param {boolean} headless
 */
export function needsXvfb(headless) {
  if (process.platform !== 'linux') return false;
  return headless || !(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/**
 * A display to open windows on: the user's, or, when there is none or `headless` asks for it, an Xvfb, which ends with
 * `stop()` or with this process.
 *
 * @param {object} [options]
 * @param {boolean} [options.headless] keep windows off the user's screen. Linux only. @default false
 * @returns {Promise<Display>}
 */
export async function ensureDisplay({ headless = false } = {}) {
  if (!needsXvfb(headless)) return { env: {}, virtual: false, stop: async () => {} };
  if (!findCommand('Xvfb')) {
    throw new Error('ensureDisplay(): there is no Xvfb. Install it (Debian: apt-get install xvfb), or set DISPLAY.');
  }
  // Of its own session, so that a Ctrl-C reaches the apps first, and their display only through the end of the pipe.
  const guard = spawn('sh', ['-c', GUARD, 'Xvfb', '-displayfd', '3', '-screen', '0', SCREEN, '-nolisten', 'tcp'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise((resolve) => guard.once('close', () => resolve(undefined)));
  const number = await firstLine(guard);
  // The display never keeps this process alive.
  guard.unref();
  for (const pipe of guard.stdio) /** @type {import('node:net').Socket | null} */ (pipe)?.unref?.();
  const stop = async () => {
    guard.ref();
    guard.stdin?.end();
    await exited;
  };
  return { env: { DISPLAY: `:${number}` }, virtual: true, stop };
}

/**
 * What Xvfb writes to its third descriptor as soon as it takes clients: the display's number.
 *
 * @param {import('node:child_process').ChildProcess} guard
 * @returns {Promise<string>}
 */
function firstLine(guard) {
  const pipe = /** @type {import('node:stream').Readable} */ (guard.stdio[3]);
  let line = '';
  let complaint = '';
  guard.stderr?.on('data', (chunk) => (complaint += chunk));
  return new Promise((resolve, reject) => {
    guard.once('error', reject);
    pipe.on('data', (chunk) => (line += chunk));
    // Xvfb closes the pipe once it has written the number, or by its death.
    pipe.once('end', () => {
      if (line.trim() !== '') return resolve(line.trim());
      guard.stdin?.end();
      reject(
        new Error(`ensureDisplay(): Xvfb did not start. Run it by hand to see why (Xvfb :99). ${complaint.trim()}`),
      );
    });
  });
}
