// npm run bench [-- --electron=33|27] [--only=name,…] [--runs=5] [--quick] [--json=FILE] [--profile=FOLDER]
//
// Measures the library in a real Electron, each row beside its peers in the same run, and prints one table and a line of
// JSON for each row: to stdout, or to FILE. With --profile it writes CPU profiles of our own side instead of deciding
// anything. Nothing else should run on the machine meanwhile.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runApp } from '../test/bench/runner/app.js';
import { bundle } from '../test/bench/runner/bundle.js';
import { measureSizes } from '../test/bench/runner/size.js';
import { summarize } from '../test/bench/runner/summary.js';
import { table } from '../test/bench/runner/table.js';
import { prepareElectron } from './electron/launch.js';

const root = fileURLToPath(new URL('..', import.meta.url));
/** A load above it means that somebody else is using the cores. */
const QUIET = 0.5;

const { values } = parseArgs({
  options: {
    electron: { type: 'string' },
    only: { type: 'string', default: '' },
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
});
const { quick } = values;
const only = values.only.split(',').filter(Boolean);
const runs = Number(values.runs ?? (quick ? 1 : 5));
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs=${values.runs}: give a whole number, 1 or more.`);
const profile = values.profile && resolve(values.profile);

execFileSync(process.execPath, [join(root, 'scripts/build.js')], { stdio: 'inherit' });
const out = join(root, 'out/bench');
await bundle(root, out);

const load = loadavg()[0] ?? 0;
if (load > QUIET) process.stderr.write(`The machine is busy (load ${load.toFixed(2)}): the numbers will be poor.\n`);

/** @type {import('../test/bench/runner/summary.js').Line[]} */
const lines = [];
const electron = await prepareElectron(values.electron ? { version: values.electron } : {});
try {
  const config = { only, runs, quick, profile };
  await runApp(electron, out, config, (outcome) => void lines.push(summarize(outcome)));
} finally {
  await electron.stop();
}
for (const outcome of await measureSizes(root)) {
  if (only.length === 0 || only.includes(outcome.name)) lines.push(summarize(outcome));
}

console.log(`Electron ${electron.version}, ${runs} run${runs === 1 ? '' : 's'}, load ${load.toFixed(2)} before\n`);
console.log(`${table(lines)}\n`);
const json = lines.map((line) => JSON.stringify(line)).join('\n');
if (values.json) writeFileSync(values.json, `${json}\n`);
else console.log(json);
