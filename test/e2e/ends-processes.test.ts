import { beforeEach, describe, expect, it } from 'vitest';
import type { Child } from './support/child.js';
import type { Hosted } from './support/hosted.js';
import type { Frame } from './support/frame.js';
import { expectEnd, type End } from './support/pending.js';
import { usePlaces } from './support/set-up.js';

// How what main attaches ends, and the threads that a utility process shares.

const places = usePlaces();
let caller: Frame;
let watcher: Frame;

beforeEach(async () => {
  await places.main.join();
  [caller, watcher] = [await places.join('b', 'caller'), await places.join('c', 'watcher')];
});

const ends = (end: End): Promise<string> => expectEnd(places, [caller, places.main], watcher, end);

/** Ends it; when its owner was told of that. */
async function end(place: Child | Hosted, act: () => Promise<unknown>): Promise<number> {
  const ended = place.ended();
  await act();
  return ended;
}

/** Runs there what ends it, when it has answered. */
const soon = (place: Child | Hosted, act: () => void): Promise<void> =>
  place.run((_, text) => void setTimeout((0, eval)(`(${text})`) as () => void), act.toString());

/** What ends a process, or a thread, from inside. */
const exits3 = (): void => process.exit(3);
const exits0 = (): void => process.exit(0);
const throws = (): void => {
  throw new Error('on purpose');
};

/** How a utility process can end. Electron 27 doesn't always tell that it was kill(): see src/main/exits.ts. */
const ofUtilities: [string, (place: Child) => Promise<void>, string[]][] = [
  ['exits with 3', (place) => soon(place, exits3), ['exited']],
  ['exits with 0', (place) => soon(place, exits0), ['exited']],
  ['crashes', (place) => soon(place, () => process.abort()), ['crashed']],
  ['throws an error that nobody catches', (place) => soon(place, throws), ['exited']],
  ['is killed by the system', (place) => place.kill(), ['killed']],
  ['is killed by main', (place) => place.endByMain(), ['killed', 'exited']],
];

/** How a thread can end. `process.exit(1)` in it is the same to its owner as `terminate()`. */
const ofThreads: [string, (place: Child | Hosted) => Promise<void>, string][] = [
  ['exits with 3', (place) => soon(place, exits3), 'exited'],
  ['exits with 0', (place) => soon(place, exits0), 'exited'],
  ['throws an error that nobody catches', (place) => soon(place, throws), 'crashed'],
  ['is terminated', (place) => place.kill(), 'terminated'],
];

describe('M11: how utility processes end', () => {
  it.each(ofUtilities)('M11: one that %s', async (_, act, reasons) => {
    const place = await places.utility();
    await place.attach();
    await place.join('victim');
    await ends({ place, reasons, act: () => end(place, () => act(place)) });
  });

  it.each(ofUtilities.slice(0, 5))(
    'M11: one that %s takes along the thread that it shares',
    async (_, act, reasons) => {
      const host = await places.utility();
      await host.attach();
      await host.join('host');
      const place = await host.thread();
      await host.share(place);
      await place.join('victim');
      await ends({ place, reasons, others: ['host'], act: () => end(host, () => act(host)) });
    },
  );
});

describe('M11: how threads end', () => {
  it.each(ofThreads)('M11: one of main that %s', async (_, act, reason) => {
    const place = await places.thread();
    await place.attach();
    await place.join('victim');
    await ends({ place, reasons: [reason], act: () => end(place, () => act(place)) });
  });

  // Main doesn't see how the threads of another process end.
  it.each(ofThreads)('M11: one of a utility process that %s', async (_, act) => {
    const host = await places.utility();
    await host.attach();
    await host.join('host');
    const place = await host.thread();
    await host.share(place);
    await place.join('victim');
    await ends({ place, reasons: ['terminated'], act: () => end(place, () => act(place)) });
    expect(await caller.run(({ bus }) => bus.peers.named('host').length)).toBe(1);
  });
});
