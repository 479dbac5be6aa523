import { spawnSync } from 'node:child_process';
import { ensureDisplay, needsXvfb } from './display.js';
import { ensureLibraries } from './libraries.js';
import { resolveElectron } from './resolve.js';

/**
 * The command line options that Electron needs on this machine; the app's folder follows them.
 *
 * @param {object} [options]
 * @param {boolean} [options.virtual] whether the display is an Xvfb. @default false
 */
export function electronArgs({ virtual = false } = {}) {
  if (process.platform !== 'linux') return [];
  const args = ['--disable-gpu'];
  if (!sandboxWorks()) args.push('--no-sandbox');
  // Else newer Electrons follow a Wayland session to the user's screen.
  if (virtual) args.push('--ozone-platform=x11');
  else if (!process.env.DISPLAY) args.push('--ozone-platform-hint=auto');
  return args;
}

/**
 * Everything a program needs to start Electron, ready to be handed to Playwright:
 *
 * @example
 * const { executable, args, env, stop } = await prepareElectron({ headless: true });
 * // chromiumSandbox, because Playwright adds --no-sandbox on its own otherwise
 * const app = await _electron.launch({ executablePath: executable, args: [...args, folder], env, chromiumSandbox: true });
 * await app.close();
 * await stop();
 *
 * @param {{ version?: string | number, headless?: boolean }} [options] `version`: see `resolveElectron`; `headless`: see
 * `ensureDisplay`
 */
export async function prepareElectron({ version, headless = false } = {}) {
  await ensureLibraries({ xvfb: needsXvfb(headless) });
  const runtime = await resolveElectron({ version });
  const display = await ensureDisplay({ headless });
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, ...display.env };
  // Set in the terminals of editors that are Electron apps themselves; with it, Electron is only a Node.
  delete env.ELECTRON_RUN_AS_NODE;
  return { ...runtime, args: electronArgs(display), env, stop: display.stop };
}

/** Chromium's sandbox refuses root, and needs user namespaces, which containers and some distributions forbid. */
function sandboxWorks() {
  if (process.getuid?.() === 0) return false;
  const probe = spawnSync('unshare', ['--user', '--map-root-user', 'true']);
  return probe.error !== undefined || probe.status === 0;
}
