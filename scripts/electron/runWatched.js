import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const HEARTBEAT_MS = 2000;
const KEPT_OUTPUT = 4000;
const KEPT_LINES = 5;

/**
 * Runs a program that downloads something, and tells on stderr every two seconds how much of it is there.
 *
 * The growing folders are what is watched, since neither npm nor Electron's installer reports progress to a pipe. They
 * also tell a slow download from a dead one: when nothing has grown for `stall` milliseconds, the program is ended.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {object} options
 * @param {string} options.label what the lines on stderr begin with
 * @param {string[]} options.watch folders that grow with the download
 * @param {number} options.stall milliseconds without growth after which the program is ended
 * @param {number} [options.megabytes] how much is expected, to print a percentage
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<void>} rejects with the reason, the program's own complaint included
 */
export function runWatched(command, args, { label, watch, stall, megabytes, env = process.env }) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let size = -1;
  let grownAt = Date.now();
  let stalled = false;

  /** @param {Buffer} chunk */
  const keep = (chunk) => (output = (output + chunk).slice(0, KEPT_OUTPUT));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);

  const heartbeat = setInterval(() => {
    const now = watch.reduce((sum, folder) => sum + sizeOf(folder), 0);
    if (now !== size) grownAt = Date.now();
    size = now;
    report(label, size / 1e6, megabytes);
    if (Date.now() - grownAt < stall) return;
    stalled = true;
    child.kill();
  }, HEARTBEAT_MS);

  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(undefined);
      const how = stalled ? `nothing arrived for ${stall / 1000} s` : `it ended with ${signal ?? `code ${code}`}`;
      reject(new Error([how, ...complaint(output)].join('\n  ')));
    });
  }).finally(() => clearInterval(heartbeat));
}

/**
 * @param {string} label
 * @param {number} done megabytes
 * @param {number} [expected] megabytes
 */
function report(label, done, expected) {
  const share = expected ? ` of ${expected} MB (${Math.min(100, Math.floor((done / expected) * 100))} %)` : ' MB';
  process.stderr.write(`${label}: ${Math.round(done)}${share}\n`);
}

/** @param {string} folder */
function sizeOf(folder) {
  try {
    const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return entries.reduce(
      (sum, entry) => sum + (statSync(join(folder, entry), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  } catch {
    return 0; // not there yet, or removed while it was read
  }
}

/** @param {string} output */
function complaint(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^(npm error)?\s+at |^npm warn/.test(line));
  return lines.slice(0, KEPT_LINES); // both npm and Electron's installer name the cause first
}
