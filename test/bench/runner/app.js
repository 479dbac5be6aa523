import { runProgram } from './program.js';

/** Chromium's own complaints, such as that there is no D-Bus, shall not drown the app's. */
const QUIET = '--log-level=3';

/**
 * Runs the bench's app in a real Electron, with no debugger attached, and hands out what it tells.
 *
 * @param {{ executable: string, args: string[], env: NodeJS.ProcessEnv }} electron
 * @param {string} folder the app
 * @param {object} config see ../contest/config.ts
 * @param {(outcome: import('../contest/contest.js').Outcome) => void} onOutcome
 */
export async function runApp({ executable, args, env }, folder, config, onOutcome) {
  /** @param {string} userData @returns {[string, ...string[]]} */
  const command = (userData) => [executable, ...args, QUIET, `--user-data-dir=${userData}`, folder];
  await runProgram(command, env, config, onOutcome);
}
