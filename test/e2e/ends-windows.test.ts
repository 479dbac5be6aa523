import { beforeEach, describe, expect, it } from 'vitest';
import type { Frame } from './support/frame.js';
import { close, crash, kill, reload } from './support/page-ends.js';
import { expectEnd, type End } from './support/pending.js';
import { usePlaces } from './support/set-up.js';

// How windows, and the pages in them that have a process of their own, end. Some ends of plain windows: leaving.test.ts.

const places = usePlaces();
let caller: Frame;
let watcher: Frame;

/** The ends that every page can have. */
const ofPages: [string, (page: Frame) => Promise<number>, string[]][] = [
  ['crashes', crash, ['crashed']],
  ['is killed', kill, ['killed']],
  ['reloads', reload, ['reloaded']],
  [
    'navigates within its site',
    (page) => page.navigated(() => page.run(() => void setTimeout(() => (location.href = 'blank.html')))),
    ['navigated'],
  ],
  [
    'navigates to another site',
    (page) =>
      page.navigated(() => page.run(() => void setTimeout(() => (location.href = 'app://elsewhere/blank.html')))),
    ['navigated'],
  ],
  [
    'navigates to what can not be loaded',
    (page) => page.failed(() => page.run(() => void setTimeout(() => (location.href = 'http://127.0.0.1:1/')))),
    ['navigated'],
  ],
  ['is closed', close, ['closed']],
];

describe('M11: how pages end', () => {
  beforeEach(async () => {
    await places.main.join();
    [caller, watcher] = [await places.join('b', 'caller'), await places.join('c', 'watcher')];
  });

  const ends = (end: End): Promise<string> => expectEnd(places, [caller, places.main], watcher, end);

  it.each(ofPages)('M11: a window that %s', async (_, act, reasons) => {
    const place = await places.window('a');
    await place.join('victim');
    await ends({ place, reasons, act: () => act(place) });
  });

  it.each(ofPages)('M11: a view that %s', async (_, act, reasons) => {
    const place = await places.view(await places.window('a'), 'd');
    await place.join('victim');
    await ends({ place, reasons, act: () => act(place) });
  });

  it('M11: a view that is taken out of its window stays in the mesh; it leaves with its page', async () => {
    const window = await places.window('a');
    const place = await places.view(window, 'd');
    await place.join('victim');
    await place.run(({ bus }) => void bus.handle('there', () => 'still'));
    await window.contentsDo((contents, main) => {
      const owner = main.lab.BrowserWindow.fromWebContents(contents)!;
      const [view] = owner.getBrowserViews();
      if (view) owner.removeBrowserView(view);
      else owner.contentView.removeChildView(owner.contentView.children[0]!);
    });
    expect(await caller.run(({ bus }) => bus.to('victim').with({ wait: 5000 }).request('there'))).toBe('still');
    const close = ofPages.find(([name]) => name === 'is closed')![1];
    await ends({ place, reasons: ['closed'], act: () => close(place) });
  });

  it.each(ofPages.slice(0, -1))('M11: a webview that %s', async (_, act, reasons) => {
    const place = await places.webview(await places.window('a', { webPreferences: { webviewTag: true } }), 'd');
    await place.join('victim');
    await ends({ place, reasons, act: () => act(place) });
  });

  it('M11: a webview that is removed from its page', async () => {
    const window = await places.window('a', { webPreferences: { webviewTag: true } });
    const place = await places.webview(window, 'd');
    await place.join('victim');
    const act = (): Promise<number> =>
      window.run((world) => {
        (world['webview'] as Element).remove();
        return Date.now();
      });
    await ends({ place, reasons: ['closed'], act });
  });

  it('M11: what a page has opened closes, and the page stays', async () => {
    const window = await places.join('a', 'opener');
    const place = await places.popup(window, 'a');
    await place.join('victim');
    const act = (): Promise<number> =>
      window.run((world) => {
        (world['popup'] as Window).close();
        return Date.now();
      });
    await ends({ place, reasons: ['closed'], act });
  });

  it('M11: what a page has opened closes, and links to others meanwhile; the page stays', async () => {
    const window = await places.join('a', 'opener');
    const place = await places.popup(window, 'a');
    await place.join('victim');
    await watcher.run(({ bus }) => void bus.handle('greet', () => 'hello'));
    await place.run(async ({ bus }) => {
      while (bus.peers.named('watcher').length === 0) await new Promise((resolve) => bus.peers.once('join', resolve));
      await bus.subscribe('barrier', () => {});
      // Behind the library's own listeners: so late, a port comes to it too where somebody links to a page that is about to go.
      addEventListener(
        'pagehide',
        () =>
          void bus
            .to('watcher')
            .request('greet')
            .catch(() => {}),
      );
    });
    const act = (): Promise<number> =>
      window.run((world) => {
        (world['popup'] as Window).close();
        return Date.now();
      });
    await ends({ place, reasons: ['closed'], act });
  });

  it.each(['crashes', 'is killed'])(
    'M11: a page that %s takes along what it has opened in its process',
    async (how) => {
      const window = await places.join('a', 'opener');
      const place = await places.popup(window, 'a');
      await place.join('victim');
      const [, act, reasons] = ofPages.find(([name]) => name === how)!;
      await ends({ place, reasons, others: ['opener'], act: () => act(window) });
    },
  );
});
