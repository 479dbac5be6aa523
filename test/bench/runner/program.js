import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const OUTCOME = '@outcome ';

/**
 * Runs one of the bench's programs, and hands out what it tells.
 *
 * @param {(scratch: string) => readonly [string, ...string[]]} command gets a folder that is removed at the end
 * @param {NodeJS.ProcessEnv} env
 * @param {object} config see ../contest/config.ts
 * @param {(outcome: import('../contest/contest.js').Outcome) => void} onOutcome
 */
export async function runProgram(command, env, config, onOutcome) {
  const scratch = mkdtempSync(join(tmpdir(), 'portmesh-bench-'));
  const [executable, ...args] = command(scratch);
  const child = spawn(executable, args, {
    env: { ...env, PORTMESH_BENCH: JSON.stringify(config) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = () => {
    child.kill('SIGKILL'); // its other processes end with it
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', end);
  // Whoever has had enough of it sees what was measured until then: the program's end rejects below.
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
        else
          reject(new Error(`the bench's program ended with ${signal ?? `code ${code}`}. What it said stands above.`));
      });
    });
  } finally {
    process.off('exit', end);
    for (const signal of signals) process.off(signal, end);
    end();
  }
}
