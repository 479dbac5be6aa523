import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Frame } from './support/frame.js';
import { expectEnd, type End } from './support/pending.js';
import type { Place } from './support/place.js';
import { Places } from './support/places.js';

// How frames, and the workers of pages, end.

let places: Places;
let caller: Frame;
let watcher: Frame;
/** The page that the frames are in. */
let page: Frame;

beforeAll(async () => {
  places = await Places.launch();
});
afterAll(() => places?.lab.close());

beforeEach(async () => {
  await places.lab.start({ authorize: '() => true' });
  await places.joinMain();
  [caller, watcher] = [await places.window('b'), await places.window('c')];
  await caller.join('caller');
  await watcher.join('watcher');
});
afterEach(async () => {
  expect(await places.stop()).toMatchObject({ peers: [], documents: 0, departing: 0, watched: 0, malformed: 0 });
});

const ends = (end: End): Promise<string> => expectEnd(places, [caller, places.main], watcher, end);

async function openPage(nodeIntegrationInSubFrames: boolean): Promise<void> {
  page = await places.window('a', { webPreferences: { nodeIntegrationInSubFrames } });
  await page.join('page');
}

/** A frame without the preload, which joins through the page. */
async function shared(origin: string, attributes: Record<string, string>): Promise<Frame> {
  await openPage(false);
  const frame = await page.frame('inner', attributes);
  await page.share('inner', { origin });
  await frame.join('victim', { owner: 'app://a' });
  return frame;
}

async function withPreload(attributes: Record<string, string>): Promise<Frame> {
  await openPage(true);
  const frame = await page.frame('inner', attributes);
  await frame.join('victim');
  return frame;
}

const srcdoc = '<!doctype html><script src="app://a/lab.js"></script>';

/** The kinds of frames, by how they join. */
const frames: [string, () => Promise<Frame>][] = [
  ['of its own origin, with the preload', () => withPreload({ src: places.url('a') })],
  ['of another origin, with the preload', () => withPreload({ src: places.url('d') })],
  ['of its own origin, shared', () => shared('app://a', { src: places.url('a') })],
  ['of another origin, shared', () => shared('app://d', { src: places.url('d') })],
  ['of an opaque origin, shared', () => shared('null', { src: places.url('d'), sandbox: 'allow-scripts' })],
  ['with a text, shared', () => shared('app://a', { srcdoc })],
];

const remove = (): Promise<number> =>
  page.run(() => {
    const at = Date.now();
    document.querySelector('iframe')!.remove();
    return at;
  });
const moveTo = (url: string): Promise<number> =>
  page.navigate(() =>
    page.run((_, to) => {
      const iframe = document.querySelector('iframe')!;
      iframe.removeAttribute('srcdoc');
      iframe.src = to;
    }, url),
  );

describe.each(frames)('M11: how a frame %s, ends', (kind, open) => {
  it('M11: it is removed', async () => {
    const place = await open();
    await ends({ place, reasons: ['frame-removed'], act: remove });
  });

  it.each(['app://d/blank.html', 'app://elsewhere/blank.html'])('M11: it navigates to %s', async (url) => {
    const place = await open();
    await ends({ place, reasons: ['navigated'], act: () => moveTo(url) });
  });

  it('M11: it reloads', async () => {
    const place = await open();
    const act = (): Promise<number> => page.navigate(() => place.run(() => void setTimeout(() => location.reload())));
    await ends({ place, reasons: ['reloaded'], act });
  });

  it('M11: its page reloads, and both leave', async () => {
    const place = await open();
    const act = (): Promise<number> => page.navigate(() => page.contentsDo((contents) => contents.reload()));
    await ends({ place, reasons: ['reloaded'], others: ['page'], act });
  });

  it('M11: its window is closed, and both leave', async () => {
    const place = await open();
    const act = (): Promise<number> =>
      page.contentsDo((contents) => {
        const at = Date.now();
        contents.close();
        return at;
      });
    await ends({ place, reasons: ['closed'], others: ['page'], act });
  });

  it('M11: its process is killed; its page leaves too if it shares that', async () => {
    const place = await open();
    const peers = new Map((await places.lab.state()).peers.map((peer) => [peer.name, peer]));
    const { id, pid } = peers.get('victim')!.process;
    const apart = id !== peers.get('page')!.process.id;
    expect(apart).toBe(kind.includes('another') || kind.includes('opaque'));
    const act = (): Promise<number> =>
      places.lab.main((_, target) => {
        const at = Date.now();
        process.kill(target, 'SIGKILL');
        return at;
      }, pid);
    // For a process in which there are frames only there is no event, so nobody knows how it ended.
    await ends({ place, act, ...(apart ? { reasons: ['crashed'] } : { reasons: ['killed'], others: ['page'] }) });
  });
});

describe('M11: one of two frames of one origin that a page shares, which the bridge can not tell apart', () => {
  let place: Frame;

  beforeEach(async () => {
    place = await shared('app://d', { src: places.url('d') });
    const second = await page.frame('second', { src: places.url('d') });
    await page.share('second', { origin: 'app://d' });
    await second.join('stays', { owner: 'app://a' });
  });
  afterEach(async () => {
    expect((await caller.run(({ bus }) => bus.peers.named('stays'))).length).toBe(1);
  });

  it('M11: is removed', async () => {
    await ends({ place, reasons: ['frame-removed'], act: remove });
  });

  it('M11: navigates', async () => {
    await ends({ place, reasons: ['navigated'], act: () => moveTo('app://elsewhere/blank.html') });
  });
});

describe('M11: how a worker of a page ends', () => {
  let worker: Place;

  beforeEach(async () => {
    await openPage(false);
    worker = await page.worker('worker');
    await page.shareWorker('worker');
    await worker.join('victim');
  });

  it('M11: it is terminated', async () => {
    const act = (): Promise<number> =>
      page.run((world) => {
        const at = Date.now();
        (world['worker'] as Worker).terminate();
        return at;
      });
    await ends({ place: worker, reasons: ['terminated'], act });
  });

  it('M11: it closes itself', async () => {
    const act = (): Promise<number> =>
      worker.run(() => {
        setTimeout(() => close());
        return Date.now();
      });
    await ends({ place: worker, reasons: ['terminated'], act });
  });

  it('M11: its page reloads, and both leave', async () => {
    const act = (): Promise<number> => page.navigate(() => page.contentsDo((contents) => contents.reload()));
    await ends({ place: worker, reasons: ['reloaded'], others: ['page'], act });
  });

  it('M11: its page crashes, and both leave', async () => {
    const act = (): Promise<number> =>
      page.contentsDo((contents) => {
        const at = Date.now();
        contents.forcefullyCrashRenderer();
        return at;
      });
    await ends({ place: worker, reasons: ['crashed'], others: ['page'], act });
  });
});
