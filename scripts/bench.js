// Measures the library in a real Electron, each row beside its peers in the same run, and prints one table and a line of
// JSON for each row: to stdout, or to FILE. Runs that other programs disturbed are repeated, and called doubtful if that
// doesn't help.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runApp } from '../test/bench/runner/app.js';
import { bundle } from '../test/bench/runner/bundle.js';
import { runNode } from '../test/bench/runner/node.js';
import { measureSizes } from '../test/bench/runner/size.js';
import { summarize } from '../test/bench/runner/summary.js';
import { table } from '../test/bench/runner/table.js';
import { misused, readArguments } from './arguments.js';
import { prepareElectron } from './electron/launch.js';

const root = fileURLToPath(new URL('..', import.meta.url));

const usage = `npm run bench [-- <options>]   measures the library beside others, in a real Electron

  --only=NAME,...     these rows only: docs/comparison.md and docs/size.md name them
  --runs=5            how often; what is printed are medians
  --quick             once, and shorter: the numbers decide nothing
  --electron=33|27    on that version of Electron
  --json=FILE         writes a line of JSON for each row there, and not to stdout
  --profile=FOLDER    writes CPU profiles of our own side there: the numbers decide nothing`;

const values = readArguments(usage, {
  electron: { type: 'string' },
  only: { type: 'string', default: '' },
  runs: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'string' },
  profile: { type: 'string' },
});
const { quick } = values;
const only = values.only.split(',').filter(Boolean);
const runs = Number(values.runs ?? (quick ? 1 : 5));
if (!Number.isInteger(runs) || runs < 1) misused(usage, `--runs=${values.runs}: give a whole number, 1 or more.`);
const profile = values.profile && resolve(values.profile);

execFileSync(process.execPath, [join(root, 'scripts/build.js')], { stdio: 'inherit' });
const out = join(root, 'out/bench');
await bundle(root, out);
const sizes = await measureSizes(root);

/** @type {Map<string, import('../test/bench/runner/summary.js').Line>} */
const measured = new Map();
/** @param {import('../test/bench/contest/contest.js').Outcome} outcome */
const take = (outcome) => void measured.set(outcome.name, summarize(outcome));
const config = { only, runs, quick, profile };
/** What it had measured until it failed is shown all the same. @param {() => Promise<void>} part */
const attempt = async (part) => {
  try {
    await part();
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
};

await attempt(() => runNode(out, config, take));
for (const outcome of sizes) if (only.length === 0 || only.includes(outcome.name)) take(outcome);
const elsewhere = [...measured.keys()];
let platform = `Node ${process.versions.node}`;
// What is left to measure is the app's.
if (only.length === 0 || only.some((name) => !measured.has(name))) {
  const electron = await prepareElectron(values.electron ? { version: values.electron } : {});
  await attempt(() => runApp(electron, out, config, take));
  await electron.stop();
  platform = `Electron ${electron.version}, ${platform}`;
}
for (const name of only) {
  if (measured.has(name)) continue;
  console.error(`nothing was measured for --only=${name}`);
  process.exitCode = 1;
}

// The app's first.
for (const name of elsewhere) {
  const line = measured.get(name);
  measured.delete(name);
  if (line) measured.set(name, line);
}
const lines = [...measured.values()];
if (lines.some(({ ours }) => ours === null)) process.exitCode = 1;

const doubt = quick ? ': quick, so the numbers decide nothing' : '';
console.log(`${platform}, ${runs} run${runs === 1 ? '' : 's'}${doubt}\n`);
console.log(`${table(lines)}\n`);
const json = lines.map((line) => JSON.stringify(line)).join('\n');
if (values.json) writeFileSync(values.json, `${json}\n`);
else console.log(json);
