import { build } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UtilityProcess } from 'electron';
import type { Frame, Page } from 'playwright-core';
import type { Worker } from 'node:worker_threads';
import { joinPage, Lab, playgroundFolder, untilPeers, type Main } from './support/lab.js';

// Peers that have no way of their own to the bridge: what main attaches, and what a page shares.

type Places = Main & {
  child: UtilityProcess;
  worker: Worker;
  left: string[];
};

const file = `${playgroundFolder}/child.cjs`;
let lab: Lab;

beforeAll(async () => {
  await build({
    bundle: true,
    logLevel: 'warning',
    entryPoints: [fileURLToPath(new URL('./fixtures/child.ts', import.meta.url))],
    outfile: file,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    external: ['electron'],
  });
  // The lab's own page has a policy against frames of other origins.
  writeFileSync(`${playgroundFolder}/pages/places.html`, '<!doctype html><body><script src="lab.js"></script>');
  lab = await Lab.launch();
});
afterAll(() => lab?.close());

beforeEach(async () => {
  await lab.start();
  await lab.main((main) => {
    const places = main as Places;
    places.left = [];
    places.bridge.on('leave', ({ name }, reason) => places.left.push(`${name} ${reason}`));
  });
});
afterEach(async () => {
  expect(await lab.stop()).toMatchObject({
    peers: [],
    documents: 0,
    departing: 0,
    watched: 0,
    attached: 0,
    malformed: 0,
  });
});

/** Forks a utility process, and attaches it; resolves when it has joined. */
function fork(): Promise<unknown> {
  return lab.main(async (main, path) => {
    const places = main as Places;
    const { utilityProcess } = places.lab.load('electron') as typeof import('electron');
    places.child = utilityProcess.fork(path, [], { stdio: 'ignore' });
    places.bridge.attach(places.child);
    return new Promise((resolve) => places.bridge.once('join', resolve));
  }, file);
}

/** A page waits for 100 answers that never come, and notes how they end, and when. */
async function pend(page: Page, name: string): Promise<void> {
  await untilPeers(page, [name]);
  await page.evaluate(async (callee) => {
    const { bus } = window;
    const leaves: unknown[] = (window['leaves'] = []);
    bus.peers.on('leave', (peer, reason) => leaves.push([peer.name, reason]));
    const asked = Array.from({ length: 100 }, () =>
      bus
        .to(callee)
        .with({ wait: 5000 })
        .request('never')
        .then(
          () => 'answered',
          (error) => `${error.code} ${error.reason}`,
        ),
    );
    window['ends'] = Promise.all(asked).then((each) => ({ ends: [...new Set(each)], at: Date.now() }));
    await bus.drain();
  }, name);
}

async function outcome(page: Page): Promise<{ ends: string[]; at: number; leaves: unknown[] }> {
  return page.evaluate(async () => ({
    ...((await window['ends']) as { ends: string[]; at: number }),
    leaves: window['leaves'] as unknown[],
  }));
}

describe('a utility process that main attaches', () => {
  it('joins, is asked by pages and by main, and asks nobody to trust it', async () => {
    await fork();
    const page = await lab.join('a');
    expect(await page.evaluate(() => window.bus.request('who'))).toBe('a asks child');
    const [answer, self] = await lab.main(async (main) => {
      const bus = await main.bridge.connect();
      const said = await bus.request('who');
      return [said, main.bridge.peers.find(({ name }) => name === 'child')] as const;
    });
    expect(answer).toBe('main asks child');
    expect(self).toMatchObject({ type: 'utility', origin: '', process: { type: 'utility', pid: expect.any(Number) } });
    await lab.main((main) => void (main as Places).child.kill());
    await untilPeers(page, ['main']);
  });

  /** How one can end. Electron 27 doesn't always tell that it was kill(): see src/main/exits.ts. */
  const ends: Record<string, { reasons: string[]; end: (main: Main) => unknown }> = {
    'exits with 3': { reasons: ['exited'], end: (main) => main.bus.send('end', 'exit') },
    'throws an error that nobody catches': { reasons: ['exited'], end: (main) => main.bus.send('end', 'throw') },
    aborts: { reasons: ['crashed'], end: (main) => main.bus.send('end', 'abort') },
    'is killed by the system': {
      reasons: ['killed'],
      end: (main) => main.process.kill((main as Places).child.pid as number, 'SIGKILL'),
    },
    'is killed by main': { reasons: ['killed', 'exited'], end: (main) => (main as Places).child.kill() },
  };

  it.each(Object.entries(ends))(
    'and that %s: 100 pending calls reject within 250 ms with the reason, leave is told once',
    async (_, { reasons, end }) => {
      await fork();
      const page = await lab.join('a');
      await pend(page, 'child');
      await lab.main(async (main) => {
        main.bus = await main.bridge.connect();
      });
      const started = await lab.main((main, text) => {
        const at = Date.now();
        ((0, eval)(text) as (main: Main) => unknown)(main);
        return at;
      }, end.toString());
      const { ends: settled, at, leaves } = await outcome(page);
      await untilPeers(page, ['main']);
      expect(settled).toHaveLength(1);
      expect(reasons.map((reason) => `PEER_GONE ${reason}`)).toContain(settled[0]);
      expect(at - started).toBeLessThan(250);
      const reason = settled[0]!.split(' ')[1];
      expect(leaves).toEqual([['child', reason]]);
      expect(await lab.main((main) => (main as Places).left)).toEqual([`child ${reason}`]);
    },
  );

  it('lets in a worker that it hosts, which leaves with it', async () => {
    await fork();
    const page = await lab.join('a');
    await page.evaluate((path) => window.bus.request('host', path), file);
    await untilPeers(page, ['child', 'thread']);
    expect(await page.evaluate(() => window.bus.to('thread').with({ wait: 5000 }).request('who'))).toBe(
      'a asks thread',
    );
    const [host, thread] = await lab.main((main) =>
      ['child', 'thread'].map((each) => main.bridge.peers.find(({ name }) => name === each)),
    );
    expect(thread).toMatchObject({ type: 'worker', origin: '', via: host!.id, process: host!.process });
    await lab.main((main) => main.process.kill((main as Places).child.pid as number, 'SIGKILL'));
    await untilPeers(page, []);
    const left = await lab.main((main) => (main as Places).left);
    expect(left.sort()).toEqual(['child killed', 'thread killed']);
  });
});

describe("a worker of main's", () => {
  const ends: Record<string, { reason: string; end: (main: Main) => unknown }> = {
    'is terminated': { reason: 'terminated', end: (main) => (main as Places).worker.terminate() },
    'exits with 3': { reason: 'exited', end: (main) => main.bus.send('end', 'exit') },
    'throws an error that nobody catches in it': { reason: 'crashed', end: (main) => main.bus.send('end', 'throw') },
  };

  it.each(Object.entries(ends))('joins, relayed, is asked, and %s', async (_, { reason, end }) => {
    await lab.main(async (main, path) => {
      const places = main as Places;
      const threads = places.lab.load('node:worker_threads') as typeof import('node:worker_threads');
      places.worker = new threads.Worker(path);
      places.worker.on('error', () => {});
      places.bridge.attach(places.worker);
      await new Promise((resolve) => places.bridge.once('join', resolve));
      places.bus = await places.bridge.connect();
    }, file);
    const page = await lab.join('a');
    expect(await page.evaluate(() => window.bus.to('thread').request('who'))).toBe('a asks thread');
    expect(await lab.main((main) => main.bus.to('thread').request('who'))).toBe('main asks thread');
    await lab.main((main, text) => void ((0, eval)(text) as (main: Main) => unknown)(main), end.toString());
    await untilPeers(page, ['main']);
    expect(await lab.main((main) => (main as Places).left)).toEqual([`thread ${reason}`]);
  });
});

describe('a frame that a page shares', () => {
  /** In a process of its own, without a preload. */
  async function share(): Promise<{ page: Page; watching: Page; frame: Frame }> {
    const [page, watching] = [await lab.open('a', {}, 'places.html'), await lab.join('b')];
    await joinPage(page, 'a');
    await page.evaluate(async () => {
      const iframe = document.createElement('iframe');
      iframe.src = 'app://w/places.html';
      window.lab.share(iframe, { origin: 'app://w' });
      document.body.append(iframe);
      await new Promise((resolve) => iframe.addEventListener('load', resolve));
    });
    const frame = page.frames().find((each) => each.url().startsWith('app://w/'))!;
    await frame.evaluate(async () => {
      window.bus = await window.lab.connect({ name: 'widget', owner: 'app://a' });
    });
    await untilPeers(watching, ['a', 'widget']);
    return { page, watching, frame };
  }

  it('is stamped with its own origin and process', async () => {
    const { page, frame } = await share();
    const self = await frame.evaluate(() => window.bus.self);
    const owner = await page.evaluate(() => window.bus.self);
    expect(self).toMatchObject({ type: 'frame', origin: 'app://w', via: owner.id, frame: { top: false } });
    expect(self.process).toMatchObject({ type: 'renderer', pid: expect.any(Number) });
    expect(self.process.id).not.toBe(owner.process.id);
  });

  it.each<[string, string, (page: Page, watching: Page) => Promise<unknown>]>([
    ['is removed', 'frame-removed', (page) => page.evaluate(() => document.querySelector('iframe')!.remove())],
    [
      'navigates',
      'navigated',
      (page) => page.evaluate(() => void (document.querySelector('iframe')!.src = 'app://w/blank.html')),
    ],
    [
      'loses its process, of which no event tells',
      'crashed',
      () =>
        lab.main((main) => {
          const { pid } = main.bridge.peers.find(({ name }) => name === 'widget')!.process;
          main.process.kill(pid, 'SIGKILL');
        }),
    ],
  ])('and that %s leaves so, and its owner stays', async (_, reason, act) => {
    const { page, watching } = await share();
    await act(page, watching);
    await untilPeers(watching, ['a']);
    expect(await lab.main((main) => (main as Places).left)).toEqual([`widget ${reason}`]);
  });

  it('leaves with its owner, for its reason', async () => {
    const { page, watching } = await share();
    await page.reload();
    await untilPeers(watching, []);
    const left = await lab.main((main) => (main as Places).left);
    expect(left.sort()).toEqual(['a reloaded', 'widget reloaded']);
  });
});

describe('a frame that has a preload', () => {
  const withPreload = { webPreferences: { nodeIntegrationInSubFrames: true } };

  /** Adds a frame, and returns it when it is loaded. */
  async function add(parent: Page | Frame, attributes: Record<string, string>): Promise<Frame> {
    const element = await parent.evaluateHandle(async (given) => {
      const iframe = document.createElement('iframe');
      for (const [name, value] of Object.entries(given)) iframe.setAttribute(name, value);
      const loaded = new Promise((resolve) => iframe.addEventListener('load', resolve));
      document.body.append(iframe);
      await loaded;
      return iframe;
    }, attributes);
    return (await element.contentFrame())!;
  }

  function join(frame: Frame, name: string, owner?: string): Promise<string> {
    return frame.evaluate(
      async (options) => {
        window.bus = await window.lab.connect(options);
        return window.bus.self.via ?? '';
      },
      { name, ...(owner !== undefined && { owner }) },
    );
  }

  it('and is refused by default is let in by its owner', async () => {
    const page = await lab.open('a', withPreload, 'places.html');
    await joinPage(page, 'a');
    const frame = await add(page, { src: 'app://b/places.html' });
    await expect(join(frame, 'widget')).rejects.toThrow('is a frame in a window of another origin');
    await page.evaluate(() => window.lab.share(document.querySelector('iframe')!, { origin: 'app://b' }));
    expect(await join(frame, 'widget', 'app://a')).toBe(await page.evaluate(() => window.bus.self.id));
  });

  it('and is written in a page that may join may join itself, a sandboxed one not', async () => {
    const page = await lab.open('a', withPreload, 'places.html');
    const srcdoc = '<body><script src="app://a/lab.js"></script>';
    await join(await add(page, { srcdoc }), 'inner');
    const sandboxed = await add(page, { srcdoc, sandbox: 'allow-scripts' });
    await expect(join(sandboxed, 'outcast')).rejects.toThrow('has an opaque origin');
  });

  it('and loses its process, of which no event tells, takes along all that lived in that, in one step', async () => {
    await lab.main((main) => main.bridge.close());
    await lab.start({ authorize: '() => true' });
    const [page, watching] = [await lab.open('a', withPreload, 'places.html'), await lab.join('c')];
    await joinPage(page, 'a');
    const outer = await add(page, { src: 'app://b/places.html' });
    await join(outer, 'outer');
    await join(await add(outer, { src: 'app://b/places.html?inner' }), 'inner');
    await join(await add(page, { src: 'app://b/places.html?second' }), 'second');
    await untilPeers(watching, ['a', 'outer', 'inner', 'second']);
    const left = lab.main(
      (main) =>
        new Promise((resolve) => {
          const told: string[] = [];
          main.bridge.on('leave', ({ name }, reason) => {
            if (told.push(`${name} ${reason}`) === 1) setImmediate(() => resolve(told.sort()));
          });
          const { pid } = main.bridge.peers.find(({ name }) => name === 'outer')!.process;
          main.process.kill(pid, 'SIGKILL');
        }),
    );
    expect(await left).toEqual(['inner crashed', 'outer crashed', 'second crashed']);
    await untilPeers(watching, ['a']);
  });
});
