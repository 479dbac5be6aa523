import { beforeEach, describe, expect, it } from 'vitest';
import type { Peer } from '../../src/core/index.js';
import type { Frame } from './support/frame.js';
import { usePlaces } from './support/set-up.js';

// M4: frames without a preload join through the page that they are in.

const places = usePlaces({ bridge: false });

const owner = 'app://a';
const srcdoc = '<!doctype html><script src="app://a/lab.js"></script>';

const peer = async (name: string): Promise<Peer> => {
  const found = (await places.lab.state()).peers.find((each) => each.name === name);
  expect(found).toBeDefined();
  return found!;
};

describe('a frame that a page shares', () => {
  beforeEach(() => places.lab.start());

  it.each<[string, Record<string, string>, string]>([
    ['of its own origin', { src: 'app://a/lab.html' }, 'app://a'],
    ['of another origin', { src: 'app://d/lab.html' }, 'app://d'],
    ['with a text', { srcdoc }, 'app://a'],
    ['with a text, sandboxed', { srcdoc, sandbox: 'allow-scripts' }, 'null'],
    ['sandboxed', { src: 'app://a/lab.html', sandbox: 'allow-scripts' }, 'null'],
    [
      'sandboxed, with its own origin',
      { src: 'app://d/lab.html', sandbox: 'allow-scripts allow-same-origin' },
      'app://d',
    ],
    ['of a data URL', { src: `data:text/html,${encodeURIComponent(srcdoc)}` }, 'null'],
  ])('M4: %s, joins through it, and is what the browser says that it is', async (_, attributes, origin) => {
    const [page, other] = [await places.join('a', 'page'), await places.join('b', 'other')];
    const frame = await page.frame('inner', attributes);
    expect(await frame.run(() => window.dispatchEvent(new CustomEvent('portmesh:preload', { cancelable: true })))).toBe(
      true,
    );
    await page.share(frame, { origin });
    await frame.join('inner', { owner });
    const { id: via } = await peer('page');
    const real = await page.contentsDo((contents) => {
      const inner = contents.mainFrame.frames[0]!;
      return [inner.origin || 'null', inner.osProcessId, inner.routingId];
    });
    expect(await peer('inner')).toMatchObject({ type: 'frame', origin, via });
    expect(real).toEqual([origin, (await peer('inner')).process.pid, (await peer('inner')).frame!.routing]);
    // It talks itself: not the page for it.
    await other.run(({ bus }) => void bus.handle('who', ({ sender }) => [sender.name, sender.origin, sender.via]));
    const asked = await frame.run(({ bus }) => bus.to('other').with({ wait: 5000 }).request('who'));
    expect(asked).toEqual(['inner', origin, via]);
  });

  it('M4: is let in by the origin that its page has named only', async () => {
    const page = await places.join('a', 'page');
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.share(frame, { origin: 'app://c' });
    expect(await frame.refused('inner', { owner, timeout: 300 })).toMatch(
      /^TIMEOUT: .*share\(iframe, \{ origin: 'app:\/\/d' \}\)/,
    );
    await page.unshare(frame);
    await page.share(frame, { origin: 'app://d' });
    // … and asks pages of the origin that it has named only.
    expect(await frame.refused('inner', { owner: 'app://b', timeout: 300 })).toMatch(/^TIMEOUT/);
    await frame.join('inner', { owner });
    expect((await places.lab.state()).refused).toBe(0);
  });

  it('M4: and that has gone elsewhere meanwhile: who is in it now does not get the answer', async () => {
    const page = await places.join('a', 'page');
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.share(frame, { origin: 'app://d' });
    // The page is busy, so that its answer comes when another document is there.
    const busy = page.run(() => {
      const end = performance.now() + 1500;
      while (performance.now() < end);
    });
    await frame.run(() => {
      parent.postMessage(['portmesh:ask', '0123456789abcdef', 'inner', 1, null, 1], 'app://a');
      setTimeout(() => (location.href = 'app://elsewhere/listening.html'));
    });
    await page.contentsDo(async (contents) => {
      while (contents.mainFrame.frames[0]!.url !== 'app://elsewhere/listening.html') await new Promise(setImmediate);
    });
    await busy;
    // Behind its answer.
    await page.run(() => frames[0]!.postMessage('barrier', '*'));
    const got = await frame.run(async (world) => {
      const messages = world['messages'] as unknown[][];
      while (messages.length === 0) await new Promise((resolve) => setTimeout(resolve));
      return messages;
    });
    expect(got).toEqual([['barrier', 0]]);
    // Who has asked is gone, and with it the port that would have gone to the bridge behind the answer.
    expect((await places.lab.state()).refused).toBe(0);
    expect((await places.lab.state()).peers.map(({ name }) => name)).toEqual(['page']);
  });

  it('M4: each document of the frame is let in, one after the other', async () => {
    const page = await places.join('a', 'page');
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.share(frame, { origin: 'app://d' });
    const ids = new Set<string>();
    for (let round = 1; round <= 3; round++) {
      ids.add(await frame.join('inner', { owner }));
      await page.navigated(() => frame.run(() => void setTimeout(() => location.reload())));
      await page.contentsDo(async (contents) => {
        while (!(await contents.mainFrame.frames[0]!.executeJavaScript('"lab" in window')))
          await new Promise(setImmediate);
      });
    }
    expect(ids.size).toBe(3);
    expect((await places.lab.state()).documents).toBeLessThanOrEqual(2);
  });

  it('M4: has no way to the seat and the answers of its page', async () => {
    const [page, other] = [await places.join('a', 'page'), await places.join('b', 'other')];
    await other.run(({ bus }) => void bus.handle('who', ({ sender }) => sender.id));
    // Of its own origin and process: all that it can't reach isn't there.
    const frame = await page.frame('inner', { src: places.url('a') });
    await page.share(frame, { origin: 'app://a' });
    await frame.join('inner', { owner });
    const [mine, theirs] = [(await peer('inner')).id, (await peer('page')).id];
    const answered = await Promise.all(
      [frame, page].map((place) =>
        place.run(async ({ bus }) => {
          const asked = await Promise.all(
            Array.from({ length: 100 }, () => bus.to('other').with({ wait: 5000 }).request('who')),
          );
          return [...new Set(asked)];
        }),
      ),
    );
    expect(answered).toEqual([[mine], [theirs]]);
    // A join that is put to the page's window is none of the page's.
    await frame.run(() => {
      const { port1, port2 } = new MessageChannel();
      Object.assign(globalThis, { port1, got: [] as unknown[] });
      port1.onmessage = ({ data }) => void (globalThis as never as { got: unknown[] }).got.push(data);
      parent.postMessage(['portmesh:join', 'page', 1], '*', [port2]);
    });
    await frame.run(({ bus }) => bus.subscribe('barrier', () => {}));
    await page.run(({ bus }) => bus.subscribe('barrier', () => {}));
    expect(await frame.run((world) => world['got'])).toEqual([]);
    expect((await places.lab.state()).peers).toHaveLength(3);
  });
});

describe('the rights of a frame that a page shares', () => {
  const rights = (frame: Frame, channels: readonly string[]): Promise<Record<string, string>> =>
    frame.run(async ({ bus }, each) => {
      const tried: Record<string, string> = {};
      for (const channel of each) {
        const sent = await bus.request(channel).catch((error) => error.code as string);
        let listens = 'yes';
        try {
          bus.on(channel, () => {});
        } catch (error) {
          listens = (error as { code: string }).code;
        }
        tried[channel] = `${String(sent)} ${listens}`;
      }
      return tried;
    }, channels);

  it('M4: are never more than those of its page, whatever share() and authorize() say', async () => {
    await places.lab.start({
      authorize: `({ origin, via }) =>
        via ? { send: ['doc:*', 'all'], receive: ['*'] }
        : origin === 'app://a' ? { send: ['doc:*', 'log'], receive: ['doc:*', 'news'], peers: ['other', 'inner'] } : true`,
    });
    const [page, other] = [await places.join('a', 'page'), await places.join('b', 'other')];
    await places.join('c', 'unseen');
    await other.run(async ({ bus }) => {
      for (const channel of ['doc:a', 'doc:b', 'log', 'all']) bus.handle(channel, () => 'done');
      await bus.subscribe('barrier', () => {});
    });
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.share(frame, {
      origin: 'app://d',
      grant: { send: ['doc:a*', 'log', 'all'], receive: ['news', 'more'], peers: ['*'], names: ['main'] },
    });
    await frame.join('inner', { owner });
    const no = 'NOT_AUTHORIZED';
    expect(await rights(frame, ['doc:a', 'doc:b', 'log', 'all', 'news', 'more'])).toEqual({
      'doc:a': `done ${no}`,
      'doc:b': `${no} ${no}`,
      log: `${no} ${no}`,
      all: `${no} ${no}`,
      news: `${no} yes`,
      more: `${no} ${no}`,
    });
    expect(await frame.run(({ bus }) => [...bus.peers].map(({ name }) => name))).toEqual(['other']);
    expect(await frame.refused('main', { owner })).toMatch(/^NOT_AUTHORIZED: .*reserved/);
  });

  it('M4: do not let it share others, with the preload or without, not even by hand', async () => {
    await places.lab.start();
    const page = await places.window('a', { webPreferences: { nodeIntegrationInSubFrames: true } });
    await page.join('page');
    // This one has the preload; what the bridge refuses by default is let in by its page.
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.share(frame, { origin: 'app://d' });
    await frame.join('inner', { owner });
    const innermost = await frame.frame('innermost', { src: places.url('c') });
    await frame.share(innermost, { origin: 'app://c' });
    expect(await innermost.refused('innermost', { owner: 'app://d' })).toMatch(
      /^NOT_AUTHORIZED: .*the page that shares it is not in the mesh itself/,
    );
    const byHand = await frame.run(() => {
      const { port1, port2 } = new MessageChannel();
      const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data[0].slice(0, 2))));
      const vouch = { type: 'worker', origin: '', grant: {}, share: 'a call of share()', document: 0 };
      postMessage(['portmesh:join', 'x', 1, vouch], '/', [port2]);
      return answer;
    });
    expect(byHand).toEqual([21, 'NOT_AUTHORIZED']);
    const plain = await places.join('a', 'plain');
    const without = await plain.frame('without', { src: places.url('d') });
    await plain.share(without, { origin: 'app://d' });
    await without.join('without', { owner });
    const another = await without.frame('innermost', { src: places.url('c') });
    await expect(without.share(another, { origin: 'app://c' })).rejects.toThrow('no Portmesh preload');
    expect((await places.lab.state()).peers.map(({ name }) => name)).toEqual(['page', 'inner', 'plain', 'without']);
  });
});

describe('a frame that has the preload itself', () => {
  let page: Frame;

  beforeEach(async () => {
    await places.lab.start();
    page = await places.join('a', 'page', { webPreferences: { nodeIntegrationInSubFrames: true } });
  });

  it('M4: and is refused by default is let in by its page', async () => {
    const frame = await page.frame('inner', { src: places.url('b') });
    expect(await frame.refused('inner')).toMatch(/^NOT_AUTHORIZED: .*is a frame in a window of another origin/);
    await page.share(frame, { origin: 'app://b' });
    await frame.join('inner', { owner });
    expect((await peer('inner')).via).toBe((await peer('page')).id);
  });

  it('and is written in a page that may join may join itself; a sandboxed one may not', async () => {
    const frame = await page.frame('inner', { srcdoc });
    await frame.join('inner');
    expect((await peer('inner')).via).toBeUndefined();
    const sandboxed = await page.frame('sandboxed', { srcdoc, sandbox: 'allow-scripts' });
    expect(await sandboxed.refused('outcast')).toMatch(/^NOT_AUTHORIZED: .*has an opaque origin/);
  });
});
