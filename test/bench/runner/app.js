import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const OUTCOME = '@outcome ';

/** Chromium's own complaints, such as that there is no D-Bus, shall not drown the app's. */
const QUIET = '--log-level=3';

/**
 * Runs the bench's app in a real Electron, with no debugger attached, and hands out what it tells.
 *
 * @param {{ executable: string, args: string[], env: NodeJS.ProcessEnv }} electron
 * @param {string} folder the app
 * @param {object} config see ../main/config.ts
 * @param {(outcome: import('../main/contest.js').Outcome) => void} onOutcome
 */
export async function runApp(electron, folder, config, onOutcome) {
  const userData = mkdtempSync(join(tmpdir(), 'portmesh-bench-'));
  const child = spawn(electron.executable, [...electron.args, QUIET, `--user-data-dir=${userData}`, folder], {
    env: { ...electron.env, PORTMESH_BENCH: JSON.stringify(config) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = () => {
    child.kill('SIGKILL'); // Electron's other processes end with their main process
    rmSync(userData, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', end);
  // Whoever has had enough of it sees what was measured until then: the app's end rejects below.
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM']);
  for (const signal of signals) process.once(signal, end);
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith(OUTCOME)) onOutcome(JSON.parse(line.slice(OUTCOME.length)));
    else process.stderr.write(`${line}\n`);
  });
  try {
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (code === 0) resolve(undefined);
        else reject(new Error(`the bench's app ended with ${signal ?? `code ${code}`}. What it said stands above.`));
      });
    });
  } finally {
    process.off('exit', end);
    for (const signal of signals) process.off(signal, end);
    end();
  }
}
