import { beforeAll, describe, it } from 'vitest';
import type { Driven } from '../../playground/src/lab/driven.js';
import type { Child } from './support/child.js';
import type { Frame } from './support/frame.js';
import type { NodeChild } from './support/node-child.js';
import { close, crash, kill, reload } from './support/page-ends.js';
import { expectEnd, type End } from './support/pending.js';
import type { Place } from './support/place.js';
import { usePlaces } from './support/set-up.js';

// How Node child processes end, and how Node child processes learn of the ends of all other kinds of places. One app for the file.

const places = usePlaces({ per: 'suite' });
let caller: Frame;
let watcher: Frame;
let node: NodeChild;
let witness: NodeChild;

beforeAll(async () => {
  await places.main.join();
  [caller, watcher] = [await places.join('b', 'caller'), await places.join('c', 'watcher')];
  [node, witness] = [await places.node(), await places.node()];
  await node.join('node');
  await witness.join('witness');
}, 60_000);

/** Runs there what ends it, when it has answered. */
const soon = (place: Place, act: () => void): Promise<void> =>
  place.run((_, text) => void setTimeout((0, eval)(`(${text})`) as () => void), act.toString());

describe('M11: how Node child processes end', () => {
  const ends: [string, (child: NodeChild) => Promise<void>][] = [
    ['exits with 3', (child) => soon(child, () => process.exit(3))],
    ['exits with 0', (child) => soon(child, () => process.exit(0))],
    [
      'throws an error that nobody catches',
      (child) =>
        soon(child, () => {
          throw new Error('on purpose');
        }),
    ],
    ['crashes', (child) => soon(child, () => process.kill(process.pid, 'SIGSEGV'))],
    ['is killed', (child) => child.kill()],
  ];

  it.each(ends)('M11: one that %s: a window, main and another child are told', async (_, end) => {
    const place = await places.node();
    await place.join('child');
    const act = async (): Promise<number> => {
      await end(place);
      return place.ended;
    };
    // A socket that ends doesn't say why: nobody knows more than that it is gone.
    await expectEnd(places, [caller, places.main, node], watcher, { place, reasons: ['lost'], act });
  });
});

describe('M11: what a Node child is told of the ends of other places', () => {
  const ends = (end: End): Promise<string> => expectEnd(places, [node, caller], witness, end);

  /** How a page can end. */
  const ofPages: [string, (page: Frame) => Promise<number>, string][] = [
    ['crashes', crash, 'crashed'],
    ['is killed', kill, 'killed'],
    ['reloads', reload, 'reloaded'],
    ['navigates', (page) => page.navigated(() => page.leave()), 'navigated'],
    ['is closed', close, 'closed'],
  ];

  it.each(ofPages)('M11: a window that %s', async (_, act, reason) => {
    const place = await places.join('a', 'window');
    await ends({ place, reasons: [reason], act: () => act(place) });
  });

  it('M11: an iframe that is removed', async () => {
    const page = await places.window('a', { webPreferences: { nodeIntegrationInSubFrames: true } });
    const place = await page.frame('inner', { src: places.url('a') });
    await place.join('frame');
    const act = (): Promise<number> =>
      page.run(() => {
        const at = Date.now();
        document.querySelector('iframe')!.remove();
        return at;
      });
    await ends({ place, reasons: ['frame-removed'], act });
  });

  it('M11: a worker of a page that is terminated', async () => {
    const place = await caller.worker('worker');
    await caller.share(place);
    await place.join('worker');
    const act = (): Promise<number> =>
      caller.run((world) => {
        const at = Date.now();
        (world.lab.made['worker'] as Driven<Worker>).target.terminate();
        return at;
      });
    await ends({ place, reasons: ['terminated'], act });
  });

  it.each([
    ['a utility process that exits with 3', () => places.utility(), 'exited'],
    ['a thread of main that exits with 3', () => places.thread(), 'exited'],
  ] as [string, () => Promise<Child>, string][])('M11: %s', async (_, start, reason) => {
    const place = await start();
    await place.attach();
    await place.join('attached');
    const act = async (): Promise<number> => {
      await soon(place, () => process.exit(3));
      return place.ended();
    };
    await ends({ place, reasons: [reason], act });
  });
});
