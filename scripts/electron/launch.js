import { ensureDisplay, needsXvfb } from './display.js';
import { ensureLibraries } from './libraries.js';
import { asOrdinaryUser, sandboxWanted, sandboxWorks } from './ordinaryUser.js';
import { resolveElectron } from './resolve.js';

/**
 * The command line options that Electron needs on this machine; the app's folder follows them.
 *
 * @param {object} [options]
 * @param {boolean} [options.virtual] whether the display is an Xvfb. @default false
 * @param {boolean} [options.sandbox] whether Chromium's sandbox works here. @default whether it does for this user
 */
export function electronArgs({ virtual = false, sandbox = sandboxWorks() } = {}) {
  if (process.platform !== 'linux') return [];
  const args = ['--disable-gpu'];
  if (!sandbox) args.push('--no-sandbox');
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
  const user = sandboxedUser(runtime.executable);
  const display = await ensureDisplay({ headless });
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, ...display.env, ...user?.env };
  // Set in the terminals of editors that are Electron apps themselves; with it, Electron is only a Node.
  delete env.ELECTRON_RUN_AS_NODE;
  const stop = async () => {
    await display.stop();
    user?.stop();
  };
  const args = electronArgs({ virtual: display.virtual, ...(user && { sandbox: true }) });
  return { ...runtime, executable: user?.executable ?? runtime.executable, args, env, stop };
}

/**
 * Where the sandbox is wanted and this user is root: another one to run Electron as.
 *
 * @param {string} executable
 */
function sandboxedUser(executable) {
  if (!sandboxWanted() || process.platform !== 'linux') return undefined;
  if (process.getuid?.() === 0) return asOrdinaryUser(executable);
  if (sandboxWorks()) return undefined;
  throw new Error("--os-sandbox: Chromium's sandbox needs user namespaces, which this machine does not let you make.");
}
