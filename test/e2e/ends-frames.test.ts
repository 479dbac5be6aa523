import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Driven } from '../../playground/src/lab/driven.js';
import type { Frame } from './support/frame.js';
import { crash, reload } from './support/page-ends.js';
import { expectEnd, type End } from './support/pending.js';
import type { Place } from './support/place.js';
import { usePlaces } from './support/set-up.js';
import { untilThere } from './support/user-code.js';

// How frames, and the workers of pages, end.

const places = usePlaces({ bridge: { authorize: '() => true' } });
let caller: Frame;
let watcher: Frame;
/** The page that the frames are in. */
let page: Frame;

beforeEach(async () => {
  await places.main.join();
  [caller, watcher] = [await places.join('b', 'caller'), await places.join('c', 'watcher')];
});

const ends = (end: End): Promise<string> => expectEnd(places, [caller, places.main], watcher, end);

async function openPage(nodeIntegrationInSubFrames: boolean): Promise<void> {
  page = await places.join('a', 'page', { webPreferences: { nodeIntegrationInSubFrames } });
}

/** A frame without the preload, which joins through the page. */
async function shared(origin: string, attributes: Record<string, string>): Promise<Frame> {
  await openPage(false);
  const frame = await page.frame('inner', attributes);
  await page.share(frame, { origin });
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
const setSource = (url: string): Promise<void> =>
  page.run((_, to) => {
    const iframe = document.querySelector('iframe')!;
    iframe.removeAttribute('srcdoc');
    iframe.src = to;
  }, url);
const moveTo = (url: string): Promise<number> => page.navigated(() => setSource(url));

describe.each(frames)('M11: how a frame %s, ends', (kind, open) => {
  it('M11: it is removed', async () => {
    const place = await open();
    await ends({ place, reasons: ['frame-removed'], act: remove });
  });

  it.each(['app://d/blank.html', 'app://elsewhere/blank.html'])('M11: it navigates to %s', async (url) => {
    const place = await open();
    await ends({ place, reasons: ['navigated'], act: () => moveTo(url) });
  });

  it('M11: it navigates to what can not be loaded', async () => {
    const place = await open();
    // The error page of an opaque frame can't be told from what was there.
    const reasons = [kind.includes('opaque') ? 'frame-removed' : 'navigated'];
    await ends({ place, reasons, act: () => page.failed(() => setSource('http://127.0.0.1:1/')) });
  });

  it('M11: it reloads', async () => {
    const place = await open();
    const act = (): Promise<number> => page.navigated(() => place.run(() => void setTimeout(() => location.reload())));
    await ends({ place, reasons: ['reloaded'], act });
  });

  it('M13: pushState and hash navigation drop nothing; a reload after them is a reload', async () => {
    const place = await open();
    const act = async (): Promise<number> => {
      await place.run(({ bus }) => {
        location.hash = 'part';
        // Where the document's URL is no hierarchy, there is nothing to push.
        if (location.protocol === 'app:' && origin !== 'null') history.pushState(null, '', '?pushed');
        bus.handle('alive', (_, n: number) => n);
      });
      expect(await caller.run(({ bus }) => bus.to('victim').with({ wait: 5000 }).request('alive', 7))).toBe(7);
      expect(await caller.run(({ bus }) => bus.load.calls)).toBe(101); // 100 requests and a stream
      return page.navigated(() => place.run(() => void setTimeout(() => location.reload())));
    };
    await ends({ place, reasons: ['reloaded'], act });
  });

  it('M11: its page reloads, and both leave', async () => {
    const place = await open();
    const act = (): Promise<number> => page.navigated(() => page.reload());
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

it('M11: a process of frames that dies, of which no event tells, takes along all that lived in it, in one step', async () => {
  await openPage(true);
  const outer = await page.frame('outer', { src: places.url('d') });
  await outer.join('outer');
  for (const [parent, name] of [
    [outer, 'inner'],
    [page, 'second'],
  ] as const) {
    await (await parent.frame(name, { src: places.url('d') })).join(name);
  }
  const left = await places.lab.main(({ bridge }) => {
    const { pid } = bridge.peers.find(({ name }) => name === 'outer')!.process;
    process.kill(pid, 'SIGKILL');
    return new Promise((resolve) => {
      const told: string[] = [];
      bridge.on('leave', ({ name }, reason) => {
        if (told.push(`${name} ${reason}`) === 1) setImmediate(() => resolve(told.sort()));
      });
    });
  });
  expect(left).toEqual(['inner crashed', 'outer crashed', 'second crashed']);
  await watcher.run(untilThere, ['caller', 'main', 'page']);
});

describe('M11: one of two frames of one origin that a page shares, which the bridge can not tell apart', () => {
  let place: Frame;

  beforeEach(async () => {
    place = await shared('app://d', { src: places.url('d') });
    const second = await page.frame('second', { src: places.url('d') });
    await page.share(second, { origin: 'app://d' });
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

  it('M11: navigates to what can not be loaded', async () => {
    await ends({ place, reasons: ['navigated'], act: () => page.failed(() => setSource('http://127.0.0.1:1/')) });
  });
});

describe('M11: how a worker of a page ends', () => {
  let worker: Place;

  beforeEach(async () => {
    await openPage(false);
    worker = await page.worker('worker');
    await page.share(worker);
    await worker.join('victim');
  });

  it('M11: it is terminated', async () => {
    const act = (): Promise<number> =>
      page.run((world) => {
        const at = Date.now();
        (world.lab.made['worker'] as Driven<Worker>).target.terminate();
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
    await ends({ place: worker, reasons: ['reloaded'], others: ['page'], act: () => reload(page) });
  });

  it('M11: its page crashes, and both leave', async () => {
    await ends({ place: worker, reasons: ['crashed'], others: ['page'], act: () => crash(page) });
  });
});
