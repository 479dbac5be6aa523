// The fuzz: so many frames, exactly, against a link and against the bridge's broker: recorded traffic with changes, made up
// frames of every kind, nonsense; cut off, stretched, with ports beside them. A target lives through all of it. It must throw
// nothing, stay answerable, leave nothing behind, and need no more memory in the end than when it was warm.
//
// A failure says the seed; npm run fuzz -- --target=… --seed=… begins with that.

import fc from 'fast-check';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BridgeTarget } from './bridge-target.js';
import { frameKinds, messageKinds } from './kinds.js';
import { LinkTarget } from './link-target.js';
import { record, type Recording } from './record.js';
import type { Post } from './posts.js';
import type { Target } from './target.js';

/** Posts of one hostile peer, at most; and how many of them one seed makes. */
const POSTS = 200;
const RUNS = 20;
/** What a run may take; it takes milliseconds. */
const HANG_MS = 20_000;
/** Behind this share of the frames, code is compiled and caches are full. */
const WARM = 0.1;
const MB = 2 ** 20;
/** What the heap may grow by from then on, whatever the number of frames: V8's own, and peers remembered to say why they left. */
const GROWTH = 4 * MB;
const PROGRESS_MS = 5000;
const SHOWN = { depth: 6, maxArrayLength: 20, maxStringLength: 200, breakLength: 140 };

const targets: Record<string, (recording: Recording) => Promise<Target>> = {
  link: (recording) => LinkTarget.make(recording),
  bridge: (recording) => BridgeTarget.make(recording),
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

async function fuzz(make: () => Promise<Target>, frames: number, seed: number): Promise<void> {
  const target = await make();
  const { name } = target;
  const start = performance.now();
  let [done, batch, told, warm] = [0, 0, start, 0];
  let slowest = 0;
  const property = fc.asyncProperty(
    fc.array(target.post, { minLength: 1, maxLength: POSTS, size: 'max' }),
    async (all) => {
      const posts = upTo(all, frames - done);
      const began = performance.now();
      await limited(target.run(posts));
      slowest = Math.max(slowest, performance.now() - began);
      done += posts.reduce((sum, post) => sum + post.frames, 0);
    },
  );
  while (done < frames) {
    const { failed, counterexample, errorInstance } = await fc.check(property, {
      seed: seed + batch,
      numRuns: RUNS,
      // Posts that no one can print, or wait for, are among them: what is at fault is looked for below.
      endOnFailure: true,
    });
    if (failed) throw await failure(make, seed + batch, counterexample?.[0] ?? [], errorInstance);
    batch++;
    if (warm === 0 && done >= frames * WARM) warm = await heap();
    if (performance.now() - told < PROGRESS_MS) continue;
    told = performance.now();
    console.log(`${name}: ${done} of ${frames} frames`);
  }
  const end = await heap();
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const counts = Object.entries(target.counts).map(([what, count]) => `${count} ${what}`);
  console.log(`${name}: ${done} frames in ${seconds} s, seeds ${seed} to ${seed + batch - 1}: ${counts.join(', ')}`);
  console.log(
    `${name}: heap ${megabytes(warm)} warm, ${megabytes(end)} at the end; slowest run ${slowest.toFixed(0)} ms`,
  );
  if (end - warm > GROWTH) throw new Error(`${name}: the heap grew by ${megabytes(end - warm)}, with seed ${seed}`);
}

/** What to say of a run that failed: the seed, and the posts that it takes. */
async function failure(
  make: () => Promise<Target>,
  seed: number,
  all: readonly Post[],
  cause: unknown,
): Promise<Error> {
  const { name } = await make();
  const fails = (posts: readonly Post[]): Promise<boolean> =>
    make()
      .then((target) => limited(target.run(posts)))
      .then(
        () => false,
        () => true,
      );
  if (!(await fails(all)))
    return new Error(`--target=${name} --seed=${seed}: not by the posts of one run alone`, { cause });
  let posts = all;
  for (let size = Math.ceil(all.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < posts.length;) {
      const fewer = [...posts.slice(0, at), ...posts.slice(at + size)];
      if (await fails(fewer)) posts = fewer;
      else at += size;
    }
  }
  return new Error(`--target=${name} --seed=${seed}: it takes no more than ${inspect(posts, SHOWN)}`, { cause });
}

/** As many of the posts as have no more frames than that, in all. */
function upTo(posts: readonly Post[], frames: number): Post[] {
  let left = frames;
  return posts.filter((post) => post.frames <= left && (left -= post.frames) >= 0);
}

function limited(run: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it hangs: not done after ${HANG_MS / 1000} s`)), HANG_MS);
  });
  return Promise.race([run, late]).finally(() => clearTimeout(timer));
}

function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(1)} MB`;
}

/** What of the wires is not in the recording is made up only. */
function describe({ frames: units, messages }: Recording): string {
  const seenFrames = units.flatMap(({ kinds }) => kinds);
  const parts: [string, ReadonlyMap<number, string>, readonly unknown[]][] = [
    ['frames', frameKinds, seenFrames],
    ['messages', messageKinds, messages.map(([kind]) => kind)],
  ];
  return parts
    .map(([what, kinds, seen]) => {
      const missing = [...kinds].filter(([kind]) => !seen.includes(kind)).map(([, name]) => name);
      const kindsText = `${kinds.size - missing.length} of ${kinds.size} kinds`;
      return `recorded ${seen.length} ${what} of ${kindsText}${missing.length > 0 ? `; made up only: ${missing.join(', ')}` : ''}`;
    })
    .join('\n');
}

const { frames, seed, target } = JSON.parse(process.env['PORTMESH_FUZZ_CONFIG'] ?? '') as {
  frames: number;
  seed: number;
  target: string | undefined;
};
console.log(`fuzz: ${frames} frames against each, --seed=${seed}`);
const recording = await record();
console.log(describe(recording));
for (const [name, make] of Object.entries(targets)) {
  if (target === undefined || target === name) await fuzz(() => make(recording), frames, seed);
}
console.log('fuzz: no crash, no hang, nothing left behind');
