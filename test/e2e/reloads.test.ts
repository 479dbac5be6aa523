import { describe, expect, it } from 'vitest';
import type { Frame } from './support/frame.js';
import type { Place, World } from './support/place.js';
import { usePlaces } from './support/set-up.js';
import { untilThere } from './support/user-code.js';

const ROUNDS = 50;

const places = usePlaces({ bridge: false });

describe('a page that is full of others, and reloads', () => {
  const names = ['observer', 'page', 'own frame', 'far frame', 'shared frame', 'worker'];
  let page: Frame;
  let observer: Frame;

  /** Fills the page, and lets all in it talk to the observer, and leave something unanswered. */
  async function fill(): Promise<void> {
    const inside = new Map<string, Place>();
    await page.join('page');
    inside.set('page', page);
    for (const [name, host] of [
      ['own frame', 'a'],
      ['far frame', 'b'],
    ] as const) {
      const frame = await page.frame(name, { src: places.url(host) });
      await frame.join(name);
      inside.set(name, frame);
    }
    const shared = await page.frame('shared frame', { src: places.url('d') });
    await page.share(shared, { origin: 'app://d' });
    await shared.join('shared frame', { owner: 'app://a' });
    inside.set('shared frame', shared);
    const worker = await page.worker('worker');
    await page.share(worker);
    await worker.join('worker');
    inside.set('worker', worker);
    await Promise.all(
      [...inside.values()].map((place) =>
        place.run(async ({ bus }) => {
          bus.on('news', () => {});
          bus.handle(`of ${bus.self.name}`, () => bus.self.name);
          const to = bus.to('observer').with({ wait: 5000 });
          if ((await to.request('who')) !== bus.self.name) throw new Error('an answer for somebody else');
          void to.request('never').catch(() => {});
          await bus.drain();
        }),
      ),
    );
  }

  /** Answers them, and counts who leaves why. */
  function serveAll(world: World): void {
    const { bus } = world;
    const leaves: Record<string, number> = {};
    world['leaves'] = leaves;
    bus.peers.on('leave', ({ name }, reason) => {
      const left = `${name} ${reason}`;
      leaves[left] = (leaves[left] ?? 0) + 1;
    });
    bus.handle('who', ({ sender }) => sender.name);
    bus.handle('never', () => new Promise(() => {}));
  }

  const listeners = (): Promise<unknown> =>
    places.lab.main((main) => {
      const { app, ipcMain } = main.lab.load('electron') as typeof import('electron');
      const counts = (emitter: NodeJS.EventEmitter): unknown =>
        emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]);
      const contents = main.lab.BrowserWindow.getAllWindows().map(({ webContents }) =>
        (['did-frame-navigate', 'did-navigate-in-page', 'render-process-gone', 'destroyed'] as const).map((name) =>
          webContents.listenerCount(name),
        ),
      );
      return [counts(ipcMain), app.listenerCount('child-process-gone'), contents];
    });

  /** All that could grow. */
  async function tables(): Promise<unknown> {
    const { links: _, peers, channels, ...state } = await places.lab.state();
    const { processes } = await places.lab.main((main) => main.bridge.registry.snapshot());
    return {
      state,
      peers: peers.map(({ name }) => name),
      channels: Object.entries(channels)
        .map(([name, { listens, handles }]) => `${name}: ${listens.length} listen, ${handles.length} handle`)
        .sort(),
      processes: processes.map(({ frames }) => `${frames.map(({ documents }) => documents.length).join()}`).sort(),
      load: await observer.run(({ bus }) => ({ ...bus.load })),
      known: await observer.run(({ bus }) => [bus.peers.size, bus.peers.listening('news').length]),
      listeners: await listeners(),
    };
  }

  it(
    `M14: after ${ROUNDS} reloads all tables are as before; each who was there has left once, as reloaded`,
    { timeout: 120_000 },
    async () => {
      // The far frame joins by its preload, which the default doesn't allow in a page of another origin.
      await places.lab.start({ authorize: '() => true' });
      observer = await places.window('c');
      await observer.join('observer');
      await observer.run(serveAll);
      page = await places.window('a', { webPreferences: { nodeIntegrationInSubFrames: true } });
      await fill();
      await observer.run(untilThere, names);
      const before = await tables();
      for (let round = 1; round <= ROUNDS; round++) {
        await page.contentsDo(async (contents) => {
          const loaded = new Promise((resolve) => contents.once('did-finish-load', () => resolve(undefined)));
          contents.reload();
          await loaded;
        });
        await fill();
      }
      await observer.run(untilThere, names);
      const inside = names.filter((name) => name !== 'observer');
      const leaves = await observer.run((world) => world['leaves']);
      expect(leaves).toEqual(Object.fromEntries(inside.map((name) => [`${name} reloaded`, ROUNDS])));
      expect(await tables()).toEqual(before);
      expect(await places.lab.state()).toMatchObject({ refused: 0, malformed: 0, departing: 0 });
    },
  );

  it('a reload is told as such by a main process that is kept from its work when the first of them leaves', async () => {
    await places.lab.start({ authorize: '() => true' });
    observer = await places.window('c');
    await observer.join('observer');
    await observer.run(serveAll);
    page = await places.window('a', { webPreferences: { nodeIntegrationInSubFrames: true } });
    await fill();
    await observer.run(untilThere, names);
    await page.contentsDo(async (contents, main) => {
      const loaded = new Promise((resolve) => contents.once('did-finish-load', () => resolve(undefined)));
      contents.reload();
      while (main.bridge.state().departing === 0) await new Promise((resolve) => setImmediate(resolve));
      const until = Date.now() + 400;
      while (Date.now() < until);
      await loaded;
    });
    await observer.run(untilThere, ['observer']);
    expect(await observer.run((world) => world['leaves'])).toEqual(
      Object.fromEntries(names.filter((name) => name !== 'observer').map((name) => [`${name} reloaded`, 1])),
    );
  });

  it('M14: a shared worker and a frame that come and go leave nothing behind', { timeout: 60_000 }, async () => {
    await places.lab.start();
    observer = await places.window('c');
    await observer.join('observer');
    page = await places.window('a');
    await page.join('page');
    await observer.run(untilThere, ['observer', 'page']);
    const before = await tables();
    for (let round = 1; round <= ROUNDS; round++) {
      const frame = await page.frame('inner', { src: places.url('d') });
      await page.share(frame, { origin: 'app://d' });
      const worker = await page.worker('worker');
      await page.share(worker);
      await Promise.all([frame.join('inner', { owner: 'app://a' }), worker.join('worker')]);
      await worker.run(({ bus }) => void bus.handle('who', ({ sender }) => sender.name));
      expect(await frame.run(({ bus }) => bus.with({ wait: 5000 }).request('who'))).toBe('inner');
      await page.run(() => document.querySelector('iframe')!.remove());
      await worker.kill();
      await observer.run(untilThere, ['observer', 'page']);
    }
    expect(await tables()).toEqual(before);
  });
});
