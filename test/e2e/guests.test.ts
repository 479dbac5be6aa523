import { beforeEach, describe, expect, it } from 'vitest';
import type { MeshPort } from '../../src/core/index.js';
import type { Child } from './support/child.js';
import type { Frame } from './support/frame.js';
import { expectEnd } from './support/pending.js';
import type { Place, World } from './support/place.js';
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
    ['a Node child', undefined, () => places.node()],
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
      await expectEnd(places, [page, places.main], watcher, { place, act, reasons: ['evicted'] });
      expect(await place.run(({ bus }) => bus.closed)).toEqual({ reason: 'evicted', local: false, detail: 'too loud' });
      expect(await place.run(({ bus }) => bus.request('x').catch((error) => error.code))).toBe('CLOSED');
      expect(await place.run(({ bus }) => bus.load)).toMatchObject({ links: 0, calls: 0, serving: 0 });
      expect(await place.join('victim', options)).not.toBe(id);
      await place.run(({ bus }) => void bus.handle('again', () => 'yes'));
      expect(await page.run(({ bus }) => bus.with({ wait: 5000 }).request('again'))).toBe('yes');
    },
  );

  it('M33: a page that is shown out takes along what it has let in; who is in it may come back, behind it', async () => {
    const [frame, worker, watcher] = [await sharedFrame(), await sharedWorker(), await places.window('b')];
    await watcher.join('watcher');
    await frame.join('inner', { owner });
    await worker.join('worker of it');
    await watcher.run((world) => {
      const told: string[] = [];
      world['told'] = told;
      world.bus.peers.on('leave', ({ name }, reason) => told.push(`${name} ${reason}`));
    });
    await places.lab.main((main) => {
      const { peers } = main.bridge;
      main.bridge.evict(peers.find(({ name }) => name === 'page')!);
    });
    const detail = 'page, which had let it in, is gone (evicted)';
    for (const place of [frame, worker]) {
      expect(await place.run(({ bus }) => bus.closed)).toEqual({ reason: 'evicted', local: false, detail });
    }
    await watcher.run(async ({ bus }) => {
      while (bus.peers.size > 1) await new Promise((resolve) => bus.peers.once('leave', resolve));
    });
    expect(await watcher.run((world) => world['told'])).toEqual([
      'page evicted',
      'inner evicted',
      'worker of it evicted',
    ]);
    expect(await frame.refused('again', { owner })).toMatch(/^NOT_AUTHORIZED: .*not in the mesh itself/);
    await page.join('page');
    expect(await frame.join('inner', { owner })).toBeTypeOf('string');
  });

  it('M33: a page that leaves the mesh takes along what it has let in, unless it has another seat', async () => {
    const frame = await sharedFrame();
    await frame.join('inner', { owner });
    await page.run(async (world) => {
      world['second'] = await world.lab.connect({ name: 'page' });
      await world.bus.close();
    });
    expect(await frame.run(({ bus }) => bus.state)).toBe('open');
    await page.run((world) => (world['second'] as World['bus']).close());
    expect((await frame.run(({ bus }) => bus.closed)).reason).toBe('evicted');
  });

  it.each<[string, () => Promise<Place>, { owner?: string }]>([
    ['a window', () => places.window('b'), {}],
    ['a frame', () => sharedFrame(), { owner }],
    ['a worker', () => sharedWorker(), {}],
    ['a utility process', attachedUtility, {}],
    ['a thread that a utility process shares', hostedThread, {}],
    ['a Node child', () => places.node(), {}],
  ])('M33: %s: the ports that others have opened to it, or it to them, end on their side', async (_, make, options) => {
    const place = await make();
    const id = await place.join('victim', options);
    for (const each of [page, places.main, place]) {
      await each.run((world) => {
        const ports: unknown[] = [];
        world['ports'] = ports;
        world.bus.onPort(`to ${world.bus.self.name}`, (_, port) => void ports.push(port));
      });
    }
    await place.run(async (world) => {
      for (const name of ['page', 'main']) await world.bus.with({ wait: 5000 }).openPort(`to ${name}`);
    });
    for (const each of [page, places.main]) {
      await each.run(async (world) => {
        const ports = world['ports'] as MeshPort[];
        ports.push(await world.bus.with({ wait: 5000 }).openPort('to victim'));
        world['ends'] = Promise.all(
          ports.map((port) => new Promise((resolve) => ((port.onmessage = () => {}), (port.onclose = resolve)))),
        ).then((ends) => ends.map((end) => (end as { reason: string }).reason));
      });
    }
    await places.lab.main((main, each) => void main.bridge.evict(each), id);
    for (const each of [page, places.main])
      expect(await each.run((world) => world['ends'])).toEqual(['evicted', 'evicted']);
  });
});

describe('a frame that its page shares', () => {
  it('that navigates between its ask and the answer leaves nobody behind', async () => {
    const frame = await sharedFrame();
    await frame.run((_, given) => {
      // It asks while its page is busy, and is another document, that asks for nothing, when that comes to it.
      const go = (): void => {
        const ask = (): void => parent.postMessage(['portmesh:ask', '0123456789abcdef', 'ghost', 1, null, 1], given);
        ask();
        addEventListener('pagehide', ask);
        location.href = 'app://d/listening.html?another';
      };
      addEventListener('message', ({ ports: [port] }) => port && (port.onmessage = go));
    }, owner);
    await frame.navigated(() =>
      page.run(() => {
        const { port1, port2 } = new MessageChannel();
        frames[0]!.postMessage('told by a port', '*', [port2]);
        return new Promise<void>((resolve) =>
          // In a task behind that. What is posted on a port leaves at once.
          setTimeout(() => {
            port1.postMessage('busy');
            const end = Date.now() + 1500;
            while (Date.now() < end);
            resolve();
          }),
        );
      }),
    );
    const messages = await frame.run(async (world) => {
      const messages = world['messages'] as unknown[];
      while (messages.length === 0)
        await new Promise((resolve) => addEventListener('message', resolve, { once: true }));
      return messages;
    });
    expect(messages, 'the answer came to the next document, without a port').toEqual([
      [['portmesh:answer', '0123456789abcdef'], 0],
    ]);
    await page.run((world) => world.lab.connect({ name: 'behind it' }));
    expect((await places.lab.state()).peers.map(({ name }) => name)).toEqual(['main', 'page', 'behind it']);
  });

  it('has several peers in a document; they go when the next one joins, at the latest', async () => {
    const frame = await sharedFrame();
    await frame.run(async (world, given) => {
      const join = (name: string) => world.lab.connect({ name, owner: given });
      world['all'] = await Promise.all(Array.from({ length: 100 }, (_, i) => join(`peer ${i}`)));
    }, owner);
    expect((await places.lab.state()).peers).toHaveLength(102);
    const told = page.run(
      ({ bus }) =>
        new Promise<string[]>((resolve) => {
          const reasons: string[] = [];
          bus.peers.on('leave', (_, reason) => reasons.push(reason) === 100 && resolve([...new Set(reasons)]));
        }),
    );
    await frame.navigated(() => frame.run((_, url) => void setTimeout(() => (location.href = url)), places.url('d')));
    await page.contentsDo(async (contents) => {
      while (!(await contents.mainFrame.frames[0]!.executeJavaScript('"lab" in window')))
        await new Promise(setImmediate);
    });
    await frame.join('next', { owner });
    expect(await told).toEqual(['navigated']);
    expect((await places.lab.state()).peers.map(({ name }) => name)).toEqual(['main', 'page', 'next']);
  });
});

describe('a child that takes all the seats it can get', () => {
  it('is refused itself: its page, and what else that shares, get theirs', async () => {
    await places.stop();
    await places.lab.start({ limits: { seats: 5 } });
    await places.main.join();
    page = await places.window('a');
    await page.join('page');
    const greedy = await sharedFrame();
    const codes = await greedy.run(async (world, given) => {
      const join = (): Promise<string> =>
        world.lab.connect({ owner: given }).then(
          () => 'in',
          (error) => error.code,
        );
      return Promise.all(Array.from({ length: 20 }, join));
    }, owner);
    expect(codes.sort()).toEqual([...Array<string>(15).fill('LIMIT'), ...Array<string>(5).fill('in')]);
    const worker = await sharedWorker();
    await worker.join('worker');
    await page.join('page');
  });

  it('and that does nothing but ask is answered ten times a second in the end; its page joins all the same', async () => {
    const greedy = await sharedFrame();
    const answers = await greedy.run(async (_, given) => {
      let count = 0;
      addEventListener('message', ({ data }) => void (data[0] === 'portmesh:answer' && count++));
      for (let i = 0; i < 5000; i++)
        parent.postMessage(['portmesh:ask', `a nonce of its own ${i}`, 'x', 1, null, 1], given);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return count;
    }, owner);
    expect(answers).toBeGreaterThanOrEqual(200);
    expect(answers).toBeLessThan(300);
    await page.join('page');
    await (await sharedWorker()).join('worker');
  });
});
