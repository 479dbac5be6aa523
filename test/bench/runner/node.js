import { join } from 'node:path';
import { runProgram } from './program.js';

/**
 * Runs the rows between Node processes, and hands out what they tell.
 *
 * @param {string} folder the app
 * @param {object} config see ../contest/config.ts
 * @param {(outcome: import('../contest/contest.js').Outcome) => void} onOutcome
 */
export async function runNode(folder, config, onOutcome) {
  const program = join(folder, 'node/main.cjs');
  await runProgram((sockets) => [process.execPath, program, sockets], process.env, config, onOutcome);
}
