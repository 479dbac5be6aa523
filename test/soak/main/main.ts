// The soak's app: drives ten windows at random for a while, and tells on stdout how it goes. It exits with 1 at the first
// violation, with the seed and the last steps.
//
// 1. Everybody joins, and talks, while steps happen to the windows: the warm-up.
// 2. All but the lasting windows close, everybody is silent: nobody may hold anything. Main's and the pages' memory is measured.
// 3. The same again, for the rest of the time, with a look every few seconds whether everybody sees the same peers.
// 4. As in 2: the memory is what it was. Then everything ends, and the bridge's tables are empty.

import { app, session } from 'electron';
import { createBridge } from 'portmesh/main';
import { Random } from '../random.js';
import { Seat } from '../talk/seat.js';
import { Conductor } from './conductor.js';
import { readConfig } from './config.js';
import { describeMemory, growth, measure, type Memory } from './memory.js';
import { servePages, setUpProcess } from './pages.js';
import { Watch } from './watch.js';

const PROGRESS_MS = 10_000;
const AUDIT_MS = 8000;
const WARM_UP_MS = 60_000;
/** Of the time, if that is less */
const WARM_UP_SHARE = 0.25;
/** What a violation brings along is told too. */
const AFTERMATH_MS = 500;

setUpProcess();
const { minutes, seed } = readConfig();
const watch = new Watch(() => setTimeout(finish, AFTERMATH_MS));

async function run(): Promise<void> {
  await app.whenReady();
  servePages();
  const bridge = createBridge({ origins: ['app://a', 'app://b'] });
  bridge.install(session.defaultSession);
  bridge.on('refused', (error) => watch.violation(`refused: ${error.message}`));
  bridge.on('malformed', (problem, peer) => watch.violation(`malformed, of ${peer?.id}: ${problem}`));
  const main = new Seat(await bridge.connect(), new Random(seed ^ 1), watch);
  const conductor = new Conductor(bridge, main, seed, watch);
  const progress = setInterval(() => console.log(line(conductor)), PROGRESS_MS);

  const end = performance.now() + minutes * 60_000;
  await soak(conductor, performance.now() + Math.min(WARM_UP_MS, minutes * 60_000 * WARM_UP_SHARE));
  if (watch.violations.length > 0) return;
  const before = await rest(conductor);
  console.log(`warm: ${describeMemory(before)}`);
  await soak(conductor, end);
  if (watch.violations.length > 0) return;
  const after = await rest(conductor);
  console.log(`end:  ${describeMemory(after)}`);
  for (const problem of growth(before, after)) watch.violation(problem);
  await conductor.end();
  clearInterval(progress);
}

async function soak(conductor: Conductor, until: number): Promise<void> {
  await conductor.begin();
  while (performance.now() < until && watch.violations.length === 0) {
    await conductor.drive(Math.min(until, performance.now() + AUDIT_MS));
    await conductor.audit();
  }
}

async function rest(conductor: Conductor): Promise<Memory> {
  await conductor.calm();
  await conductor.empty();
  await conductor.calm();
  return measure(conductor.lasting);
}

function line(conductor: Conductor): string {
  const { counts } = watch;
  const mb = Math.round(process.memoryUsage().rss / 2 ** 20);
  return [
    `${Math.round(watch.seconds)} s of ${minutes * 60}`,
    `${conductor.windows} windows`,
    `${conductor.seats} seats`,
    `${counts.get('steps') ?? 0} steps`,
    `${counts.get('received') ?? 0} received`,
    `${counts.get('requests') ?? 0} requests`,
    `main ${mb} MB`,
  ].join(', ');
}

function finish(): void {
  const { violations, counts, lastSteps } = watch;
  console.log('\nin all:');
  for (const [what, count] of [...counts].sort(([a], [b]) => a.localeCompare(b))) console.log(`  ${what}: ${count}`);
  if (violations.length === 0) {
    console.log(`\nsoak: ${minutes} min with seed ${seed}: nothing amiss`);
    app.exit(0);
    return;
  }
  console.log(`\nthe last steps:\n${lastSteps.join('\n')}`);
  console.log(`\nsoak: ${violations.length} violation${violations.length === 1 ? '' : 's'}, with seed ${seed}:`);
  for (const text of violations) console.log(`  ${text}`);
  app.exit(1);
}

// The soak closes windows, and goes on.
app.on('window-all-closed', () => {});
process.on('uncaughtException', (error) => watch.violation(`uncaught in main: ${error.stack}`));
process.on('unhandledRejection', (error) => watch.violation(`unhandled in main: ${String(error)}`));
run().then(
  () => watch.violations.length === 0 && finish(),
  (error: unknown) => watch.violation(error instanceof Error ? String(error.stack) : String(error)),
);
