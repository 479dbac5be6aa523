import { beforeEach, describe, expect, it } from 'vitest';
import type { Child } from './support/child.js';
import type { Frame } from './support/frame.js';
import { expectEnd } from './support/pending.js';
import type { Place } from './support/place.js';
import { usePlaces } from './support/set-up.js';

// The names of those who join through an owner, and how the bridge shows them out.

const places = usePlaces();
let page: Frame;

beforeEach(async () => {
  await places.main.join();
  page = await places.join('a', 'page');
});

const owner = 'app://a';

async function sharedFrame(host = 'd', options: { name?: string } = {}): Promise<Frame> {
  const frame = await page.frame(`of ${host}`, { src: places.url(host) });
  await page.share(frame, { origin: `app://${host}`, ...options });
  return frame;
}

async function opaqueFrame(of: Frame): Promise<Frame> {
  const frame = await of.frame('opaque', { src: places.url('d'), sandbox: 'allow-scripts' });
  await of.share(frame, { origin: 'null' });
  return frame;
}

async function sharedWorker(name = 'worker', options: { name?: string } = {}): Promise<Place> {
  const worker = await page.worker(name);
  await page.share(worker, options);
  return worker;
}

async function attachedUtility(): Promise<Child> {
  const utility = await places.utility();
  await utility.attach();
  return utility;
}

async function attachedThread(): Promise<Place> {
  const thread = await places.thread();
  await thread.attach();
  return thread;
}

async function hostedThread(): Promise<Place> {
  const utility = await attachedUtility();
  await utility.join('host');
  const thread = await utility.thread();
  await utility.share(thread);
  return thread;
}

describe('M29: the names of those who join through an owner', () => {
  it('M29: a frame and a worker that a page shares get no reserved name; a worker has those of its page', async () => {
    const other = await places.join('b', 'theirs');
    const [frame, worker] = [await sharedFrame(), await sharedWorker()];
    for (const [place, options] of [
      [frame, { owner }],
      [worker, {}],
    ] as const) {
      expect(await place.refused('main', options)).toMatch(/^NOT_AUTHORIZED: .*reserved by main/);
      expect(await place.refused('theirs', options)).toMatch(/^NOT_AUTHORIZED: .*held by another origin/);
    }
    expect(await frame.refused('page', { owner })).toMatch(/^NOT_AUTHORIZED: .*held by another origin/);
    expect((await places.lab.state()).peers.map(({ name }) => name)).toEqual(['main', 'page', 'theirs']);
    await worker.join('page');
    await frame.join('inner', { owner });
    expect(await other.refused('inner')).toMatch(/^NOT_AUTHORIZED: .*held by another origin/);
    expect(
      await page.run(({ bus }) =>
        bus
          .to('main')
          .with({ timeout: 500 })
          .request('x')
          .catch((e) => e.code),
      ),
    ).toBe('NO_HANDLER');
  });

  it('M29: opaque frames of two pages are two, and what one holds the other does not get', async () => {
    const other = await places.join('b', 'other');
    const [mine, theirs] = [await opaqueFrame(page), await opaqueFrame(other)];
    await mine.join('opaque', { owner });
    expect(await theirs.refused('opaque', { owner: 'app://b' })).toMatch(/^NOT_AUTHORIZED: .*held by another origin/);
    await theirs.join('another', { owner: 'app://b' });
    expect(await page.refused('opaque')).toMatch(/^NOT_AUTHORIZED: .*held by another origin/);
  });

  it('M29: share({ name }) is for a child that asks for none', async () => {
    const frame = await sharedFrame('d', { name: 'frame of d' });
    const worker = await sharedWorker('worker', { name: 'my worker' });
    await frame.join(undefined, { owner });
    await frame.join('its own', { owner });
    await worker.join();
    const names = ['main', 'page', 'frame of d', 'its own', 'my worker'];
    expect((await places.lab.state()).peers.map(({ name }) => name)).toEqual(names);
    const nobody = await sharedWorker('another');
    await nobody.join();
    expect((await places.lab.state()).peers.map(({ name }) => name)).toEqual([...names, 'worker']);
  });

  it('M29: what main attaches may be called as main is, and no page gets its name, not even later', async () => {
    const [utility, thread, hosted] = [await attachedUtility(), await attachedThread(), await hostedThread()];
    await utility.join('thumbs');
    await thread.join('index');
    await hosted.join('codec');
    for (const [place, name] of [
      [utility, 'page'],
      [thread, 'page'],
      [hosted, 'page'],
    ] as const) {
      expect(await place.refused(name)).toMatch(/^NOT_AUTHORIZED: .*held by another origin/);
    }
    await utility.run(({ bus }) => bus.close());
    const frame = await sharedFrame();
    for (const name of ['thumbs', 'index', 'codec', 'host']) {
      expect(await page.refused(name)).toMatch(/^NOT_AUTHORIZED: .*reserved by main/);
      expect(await frame.refused(name, { owner })).toMatch(/^NOT_AUTHORIZED: .*reserved by main/);
    }
    const named = await places.utility();
    await expect(named.attach({ name: 'page' })).rejects.toThrow(/attach.*held by another origin/);
    await named.attach({ name: 'mail' });
    await named.join();
    expect(await page.refused('mail')).toMatch(/^NOT_AUTHORIZED: .*reserved by main/);
    expect((await places.lab.state()).peers.map(({ name }) => name)).toContain('mail');
  });
});

describe('M33: the bridge shows out', () => {
  const kinds: [string, string | undefined, () => Promise<Place>][] = [
    ['a frame that a page shares', owner, () => sharedFrame()],
    ['an opaque frame that a page shares', owner, () => opaqueFrame(page)],
    ['a worker that a page shares', undefined, () => sharedWorker()],
    ['a utility process', undefined, attachedUtility],
    ['a thread of main', undefined, attachedThread],
    ['a thread that a utility process shares', undefined, hostedThread],
  ];

  it.each(kinds)(
    'M33: %s: it and all others are told, its calls and links end, and it can come back',
    async (_, given, make) => {
      const watcher = await places.join('b', 'watcher');
      const place = await make();
      const options = given === undefined ? {} : { owner: given };
      const id = await place.join('victim', options);
      const act = (): Promise<number> =>
        places.lab.main((main, each) => {
          const at = Date.now();
          main.bridge.evict(each, 'too loud');
          return at;
        }, id);
      await expectEnd(places, [page, places.main], watcher, { place, act, reasons: ['evicted'], lives: true });
      expect(await place.run(({ bus }) => bus.closed)).toEqual({ reason: 'evicted', local: false, detail: 'too loud' });
      expect(await place.run(({ bus }) => bus.request('x').catch((error) => error.code))).toBe('CLOSED');
      expect(await place.run(({ bus }) => bus.load)).toMatchObject({ links: 0, calls: 0, serving: 0 });
      expect(await place.join('victim', options)).not.toBe(id);
      await place.run(({ bus }) => void bus.handle('again', () => 'yes'));
      expect(await page.run(({ bus }) => bus.with({ wait: 5000 }).request('again'))).toBe('yes');
    },
  );

  it('M33: a page that is shown out: what it has let in stays, but it lets in nobody any more', async () => {
    const [frame, worker] = [await sharedFrame(), await sharedWorker()];
    await frame.join('inner', { owner });
    await worker.join('worker of it');
    await frame.run(({ bus }) => void bus.handle('there', () => 'still'));
    await places.lab.main((main) => {
      const { peers } = main.bridge;
      main.bridge.evict(peers.find(({ name }) => name === 'page')!);
    });
    expect(await worker.run(({ bus }) => bus.with({ wait: 5000 }).request('there'))).toBe('still');
    expect(await frame.refused('again', { owner })).toMatch(/^NOT_AUTHORIZED: .*not in the mesh itself/);
    await page.join('page');
    expect(await frame.join('inner', { owner })).toBeTypeOf('string');
  });
});
