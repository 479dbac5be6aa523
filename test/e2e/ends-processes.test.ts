import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Frame, PlacesMain } from './support/frame.js';
import { expectEnd, type End } from './support/pending.js';
import type { Place } from './support/place.js';
import { Places } from './support/places.js';

// How what main attaches ends, and the threads that a utility process shares.

let places: Places;
let caller: Frame;
let watcher: Frame;

beforeAll(async () => {
  places = await Places.launch();
});
afterAll(() => places?.lab.close());

beforeEach(async () => {
  await places.lab.start();
  await places.joinMain();
  [caller, watcher] = [await places.window('b'), await places.window('c')];
  await caller.join('caller');
  await watcher.join('watcher');
});
afterEach(async () => {
  const left = { peers: [], documents: 0, departing: 0, watched: 0, attached: 0, malformed: 0 };
  expect(await places.stop()).toMatchObject(left);
});

const ends = (end: End): Promise<string> => expectEnd(places, [caller, places.main], watcher, end);

/** Runs there what ends it; it answers before. */
const soon = (place: Place, act: () => void): Promise<number> =>
  place.run((_, text) => {
    const end = (0, eval)(`(${text})`) as () => void;
    setTimeout(() => end());
    return Date.now();
  }, act.toString());

/** How a utility process can end. Electron 27 doesn't always tell that it was kill(): see src/main/exits.ts. */
const ofUtilities: [string, (place: Place & { index: number }) => Promise<number>, string[]][] = [
  ['exits with 3', (place) => soon(place, () => process.exit(3)), ['exited']],
  ['exits with 0', (place) => soon(place, () => process.exit(0)), ['exited']],
  ['crashes', (place) => soon(place, () => process.abort()), ['crashed']],
  [
    'throws an error that nobody catches',
    (place) =>
      soon(place, () => {
        throw new Error('on purpose');
      }),
    ['exited'],
  ],
  [
    'is killed by the system',
    ({ index }) =>
      places.lab.main((main, each) => {
        const at = Date.now();
        process.kill((main as PlacesMain).utilities[each]!.target.pid!, 'SIGKILL');
        return at;
      }, index),
    ['killed'],
  ],
  [
    'is killed by main',
    ({ index }) =>
      places.lab.main((main, each) => {
        const at = Date.now();
        (main as PlacesMain).utilities[each]!.target.kill();
        return at;
      }, index),
    ['killed', 'exited'],
  ],
];

/** How a thread can end. `process.exit(1)` in it is the same to its owner as `terminate()`. */
const ofThreads: [string, () => void, string][] = [
  ['exits with 3', () => process.exit(3), 'exited'],
  ['exits with 0', () => process.exit(0), 'exited'],
  [
    'throws an error that nobody catches',
    () => {
      throw new Error('on purpose');
    },
    'crashed',
  ],
];

describe('M11: how utility processes end', () => {
  it.each(ofUtilities)('M11: one that %s', async (_, act, reasons) => {
    const place = await places.utility();
    await places.attachUtility(place.index);
    await place.join('victim');
    await ends({ place, reasons, act: () => act(place) });
  });

  it.each(ofUtilities.slice(0, 5))(
    'M11: one that %s takes along the thread that it shares',
    async (_, act, reasons) => {
      const place = await places.utility();
      await places.attachUtility(place.index);
      await place.join('host');
      const thread = await places.threadOf(place);
      await places.shareThread(place, thread.index);
      await thread.join('victim');
      await ends({ place: thread, reasons, others: ['host'], act: () => act(place) });
    },
  );
});

describe('M11: how threads end', () => {
  it.each(ofThreads)('M11: one of main that %s', async (_, act, reason) => {
    const place = await places.thread();
    await places.attachThread(place.index);
    await place.join('victim');
    await ends({ place, reasons: [reason], act: () => soon(place, act) });
  });

  it('M11: one of main that is terminated', async () => {
    const place = await places.thread();
    await places.attachThread(place.index);
    await place.join('victim');
    const act = (): Promise<number> =>
      places.lab.main((main, index) => {
        const at = Date.now();
        void (main as PlacesMain).threads[index]!.worker.terminate();
        return at;
      }, place.index);
    await ends({ place, reasons: ['terminated'], act });
  });

  // Main doesn't see how the threads of another process end.
  it.each(ofThreads.slice(0, 2))('M11: one of a utility process that %s', async (_, act) => {
    const utility = await places.utility();
    await places.attachUtility(utility.index);
    await utility.join('host');
    const place = await places.threadOf(utility);
    await places.shareThread(utility, place.index);
    await place.join('victim');
    await ends({ place, reasons: ['terminated'], act: () => soon(place, act) });
    expect(await caller.run(({ bus }) => bus.peers.named('host').length)).toBe(1);
  });

  it('M11: one of a utility process that is terminated', async () => {
    const utility = await places.utility();
    await places.attachUtility(utility.index);
    await utility.join('host');
    const place = await places.threadOf(utility);
    await places.shareThread(utility, place.index);
    await place.join('victim');
    const act = (): Promise<number> =>
      utility.run((world, index) => {
        const at = Date.now();
        const { threads } = world.lab as never as { threads: { target: { terminate(): unknown } }[] };
        threads[index]!.target.terminate();
        return at;
      }, place.index);
    await ends({ place, reasons: ['terminated'], act });
    expect(await caller.run(({ bus }) => bus.peers.named('host').length)).toBe(1);
  });
});
