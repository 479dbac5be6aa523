import { describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { joinPage, untilPeers } from './support/lab.js';
import { useLab } from './support/set-up.js';

describe('joining', () => {
  const lab = useLab({ left: { malformed: expect.any(Number) } });

  it("M2: the page's main world gets a bus, and nothing of Electron or of ours is on its globals", async () => {
    const globals = (page: Page) =>
      page.evaluate(() => {
        const { lab, bus, ...rest } = window;
        delete (window as Partial<Window>).lab;
        delete (window as Partial<Window>).bus;
        const names = Object.getOwnPropertyNames(window).sort();
        Object.assign(window, { lab, bus });
        return [names, rest['require'], rest['process'], rest['module']];
      });
    await lab.stop();
    const without = await globals(await lab.open('a'));
    await lab.start();
    const joined = await lab.join('a');
    expect(await globals(joined)).toEqual(without);
  });

  it('M2: no script of the page sees the port on its way', async () => {
    const page = await lab.open('a');
    const seen = await page.evaluate(async () => {
      const messages: unknown[] = [];
      for (const capture of [true, false])
        window.addEventListener('message', (event) => messages.push(event.data), capture);
      window.bus = await window.lab.connect({ name: 'a' });
      return messages;
    });
    expect(seen).toEqual([]);
  });

  it('stamps who a peer is', async () => {
    const a = await lab.join('a', 'editor');
    const b = await lab.join('b');
    const seen = await b.evaluate(() => window.bus.peers.named('editor')[0]);
    const self = await a.evaluate(() => window.bus.self);
    expect(self).toMatchObject({ name: 'editor', type: 'window', origin: 'app://a', process: { type: 'renderer' } });
    expect(self.frame?.url).toMatch(/^app:\/\/a\/lab.html/);
    // A stranger isn't shown the URL; everything else is the same.
    const { url, ...frame } = self.frame as { url: string };
    expect(seen).toEqual({ ...self, frame });
    expect(await lab.main((main) => main.bridge.registry.snapshot().processes.length)).toBe(2);
    expect(url).toBeTypeOf('string');
  });

  it('main has a seat like anybody else', async () => {
    await lab.main(async (main) => {
      main.bus = await main.bridge.connect();
      main.bus.handle('sum', (_: unknown, a: number, b: number) => a + b);
    });
    const a = await lab.join('a');
    expect(await a.evaluate(() => window.bus.to('main').request('sum', 1, 2))).toBe(3);
    expect(await a.evaluate(() => window.bus.peers.named('main')[0]?.type)).toBe('main');
    await a.evaluate(() => window.bus.handle('double', (_: unknown, n: number) => 2 * n));
    expect(await lab.main((main) => main.bus.with({ wait: 5000 }).request('double', 4))).toBe(8);
  });

  it('a window that is written by the page that has opened it joins too', async () => {
    const opener = await lab.join('a', 'opener');
    const [popup] = await Promise.all([
      lab.app.waitForEvent('window'),
      opener.evaluate(() => {
        const written = window.open('')!;
        written.document.write('<!doctype html><body><script src="app://a/lab.js"></script>');
        written.document.close();
      }),
    ]);
    await popup.waitForFunction(() => 'lab' in window);
    await joinPage(popup, 'popup');
    await opener.evaluate(
      () => void window.bus.handle('who', ({ sender }: { sender: { name: string } }) => sender.name),
    );
    expect(await popup.evaluate(() => window.bus.with({ wait: 5000 }).request('who'))).toBe('popup');
    // And once more in the same document: what has joined stays, and what comes joins.
    await popup.evaluate(() => document.open().close());
    expect(await popup.evaluate(() => window.bus.request('who'))).toBe('popup');
    expect(await joinPage(popup, 'next')).toBeTypeOf('string');
  });

  it('works with context isolation off, and with nodeIntegration', async () => {
    const pages = [
      await lab.join('a', 'a', { webPreferences: { contextIsolation: false } }),
      await lab.join('b', 'b', { webPreferences: { sandbox: false, contextIsolation: false, nodeIntegration: true } }),
      await lab.join('c'),
    ];
    expect(await pages[1]!.evaluate(() => typeof (globalThis as never)['require'])).toBe('function');
    for (const page of pages) {
      await page.evaluate(() => void window.bus.handle(`whoami:${window.bus.self.name}`, () => window.bus.self.name));
    }
    for (const page of pages) {
      for (const name of ['a', 'b', 'c']) {
        const asked = page.evaluate((to) => window.bus.request(`whoami:${to}`).catch((error) => error.code), name);
        expect(await asked).toBe((await page.evaluate(() => window.bus.self.name)) === name ? 'NO_HANDLER' : name);
      }
    }
  });

  it('M24: a window that is not allowed is refused with the reason and the fix, and nothing of it is there', async () => {
    const page = await lab.open('stranger');
    const error = await page.evaluate(() =>
      window.lab.connect({ name: 'x' }).catch((error) => ({ code: error.code, message: error.message })),
    );
    expect(error).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect((error as { message: string }).message).toContain("connect({ name: 'x' })");
    expect((error as { message: string }).message).toContain("createBridge({ origins: ['app://stranger'] })");
    expect(await lab.state()).toMatchObject({ peers: [], documents: 0, watched: 0, refused: 1 });
    expect(await lab.main((main) => main.refused[0])).toContain('app://stranger');
  });

  it('M24: authorize decides alone, sees what Electron knows, and its refusal, throw or nonsense is an error', async () => {
    await lab.stop();
    await lab.start({
      authorize: `({ origin, name }) => {
        if (name === 'thrown') throw new Error('no');
        if (name === 'nonsense') return 'yes';
        return origin === 'app://stranger' && name === 'let-in' ? { names: ['let-in'] } : false;
      }`,
    });
    const page = await lab.open('stranger');
    const outcome = (name: string) =>
      page.evaluate(
        (given) =>
          window.lab.connect({ name: given }).then(
            () => 'in',
            (error) => error.message as string,
          ),
        name,
      );
    expect(await outcome('let-in')).toBe('in');
    expect(await outcome('other')).toContain('authorize() refused');
    expect(await outcome('thrown')).toContain('authorize() threw');
    expect(await outcome('nonsense')).toContain('must return a grant, true or false');
    expect((await lab.state()).peers).toHaveLength(1);
  });

  it('M24: authorize that answers for a page that is gone lets nobody in', async () => {
    await lab.stop();
    await lab.start({
      authorize: `({ name }) => name !== 'gone' || new Promise((resolve) => (globalThis.answer = () => resolve(true)))`,
    });
    await lab.main((main) => {
      const told: string[] = [];
      for (const news of ['join', 'leave'] as const)
        main.bridge.on(news, ({ name }: { name: string }) => told.push(`${news} ${name}`));
      Object.assign(main, { told });
    });
    const page = await lab.open('a');
    await page.evaluate(() => void window.lab.connect({ name: 'gone' }));
    await lab.main(async (main) => {
      while (!('answer' in main)) await new Promise(setImmediate);
    });
    await page.reload();
    await joinPage(page, 'a');
    await lab.main((main) => (main as never as { answer(): void }).answer());
    await lab.join('b');
    expect(await lab.main((main) => (main as never as { told: string[] }).told)).toEqual(['join a', 'join b']);
  });

  it('M24: forged joins, another frame’s nonce and a second answer come to nothing', async () => {
    const a = await lab.join('a', 'a', {
      webPreferences: { sandbox: false, contextIsolation: false, nodeIntegration: true },
    });
    const before = (await lab.state()).peers;
    // A page with Node can speak to main directly: no port, nonsense, a made-up nonce for a made-up version.
    await a.evaluate(() => {
      const { ipcRenderer } = (globalThis as never as { require(name: string): typeof import('electron') }).require(
        'electron',
      );
      ipcRenderer.send('portmesh:join', ['0123456789abcdef', 'forged', 1]);
      ipcRenderer.postMessage('portmesh:join', null, [new MessageChannel().port2]);
      ipcRenderer.postMessage('portmesh:join', [5, 'forged', 1], [new MessageChannel().port2]);
      ipcRenderer.postMessage('portmesh:join', ['0123456789abcdef', '', 1], [new MessageChannel().port2]);
      ipcRenderer.postMessage('portmesh:join', ['0123456789abcdef', 'forged', 99], [new MessageChannel().port2]);
    });
    // Its own real join comes behind them.
    await a.evaluate(async () => (window.bus = await window.lab.connect({ name: 'again' })));
    const state = await lab.state();
    expect(state.peers.map(({ name }) => name)).toEqual(['a', 'again']);
    expect(state.peers[0]).toEqual(before[0]);
    expect(state.malformed).toBe(4);
    expect(state.refused).toBe(1);
    // Another document's nonce, told by that one: a seat is bound to the frame that has it.
    const b = await lab.join('b', 'b', {
      webPreferences: { sandbox: false, contextIsolation: false, nodeIntegration: true },
    });
    await lab.main((main) => {
      const { ipcMain } = main.lab.load('electron') as typeof import('electron');
      ipcMain.once('portmesh:join', (_, message) => (main.stolen = message[0]));
    });
    await a.evaluate(async () => void (await window.lab.connect({ name: 'third' })));
    const stolen = await lab.main((main) => main.stolen);
    const refusal = await b.evaluate(async (theirs) => {
      const { ipcRenderer } = (globalThis as never as { require(name: string): typeof import('electron') }).require(
        'electron',
      );
      const { port1, port2 } = new MessageChannel();
      const answer = new Promise((resolve) => (port1.onmessage = (event) => resolve(event.data)));
      ipcRenderer.postMessage('portmesh:join', [theirs, 'thief', 1], [port2]);
      return answer;
    }, stolen);
    expect(JSON.stringify(refusal)).toContain('NOT_AUTHORIZED');
    expect((await lab.state()).peers.map(({ name }) => name)).toEqual(['a', 'again', 'b', 'third']);
  });

  it('M29: main’s names are reserved, and a name belongs to the origin that took it first', async () => {
    await lab.main(async (main) => {
      main.bus = await main.bridge.connect({ name: 'main' });
      const settings = await main.bridge.connect({ name: 'settings' });
      main.bus.handle('who', () => 'main');
      settings.handle('who', () => 'settings');
    });
    const a = await lab.open('a');
    const b = await lab.open('b');
    const take = (page: typeof a, name: string) =>
      page.evaluate(
        (given) =>
          window.lab.connect({ name: given }).then(
            (bus) => ((window.bus = bus), 'in'),
            (e) => e.code + e.message,
          ),
        name,
      );
    expect(await take(a, 'main')).toMatch(/^NOT_AUTHORIZED.*reserved/);
    expect(await take(a, 'settings')).toMatch(/^NOT_AUTHORIZED.*reserved/);
    expect(await take(a, 'editor')).toBe('in');
    expect(await take(b, 'editor')).toMatch(/^NOT_AUTHORIZED.*held by another origin/);
    await a.reload();
    expect(await take(b, 'editor')).toMatch(/^NOT_AUTHORIZED/);
    expect(await take(a, 'editor')).toBe('in');
    expect(await take(b, 'viewer')).toBe('in');
    await b.evaluate(() => void window.bus.handle('who', () => 'a page'));
    expect(await a.evaluate(() => window.bus.to('main').request('who'))).toBe('main');
  });

  it('wrong options are named', async () => {
    const page = await lab.open('a');
    const wrong = await page.evaluate(async () => {
      const { connect } = window.lab;
      const attempts = [{ name: '' }, { name: 5 }, { timeout: 0 }, { nam: 'x' }, { name: 'x'.repeat(300) }];
      return Promise.all(attempts.map((options) => connect(options as never).catch((error) => error.code)));
    });
    expect(wrong).toEqual(Array(5).fill('INVALID_ARGUMENT'));
    const inMain = await lab.main((main) => {
      const messages: string[] = [];
      const attempt = (call: () => unknown): void => {
        try {
          call();
          messages.push('nothing');
        } catch (error) {
          messages.push((error as Error).message);
        }
      };
      attempt(() => main.lab.createBridge());
      attempt(() => main.bridge.install({} as never));
      attempt(() => main.bridge.evict(5 as never));
      return messages;
    });
    expect(inMain[0]).toMatch(/createBridge\(\).*a bridge already/);
    expect(inMain[1]).toMatch(/bridge.install\(session\)/);
    expect(inMain[2]).toMatch(/evict\(peer\)/);
  });

  it('an abort and a time-out end a join that nobody answers', async () => {
    const page = await lab.open('a');
    await lab.main((main) => main.bridge.close());
    const outcomes = await page.evaluate(async () => {
      const { connect } = window.lab;
      const controller = new AbortController();
      const aborted = connect({ signal: controller.signal }).catch((error) => error.code);
      controller.abort();
      return [await aborted, await connect({ timeout: 30 }).catch((error) => error.message)];
    });
    expect(outcomes[0]).toBe('ABORTED');
    expect(outcomes[1]).toMatch(/connect\(\): the bridge did not answer within 30 ms/);
  });
});

describe('when the bridge starts later than the page', () => {
  const lab = useLab({ bridge: false });

  /** No preload is registered for windows that are made now. So the window gets it by its path. */
  async function openEarly() {
    const preload = await lab.main((main) => {
      const bridge = main.lab.createBridge();
      const { preload: path } = bridge;
      void bridge.close();
      return path;
    });
    return lab.open('a', { webPreferences: { preload } });
  }

  it('the join waits for it', async () => {
    const page = await openEarly();
    const joined = joinPage(page, 'a');
    await lab.start();
    expect(await joined).toBeTypeOf('string');
    const other = await lab.join('b');
    await untilPeers(page, ['b']);
    expect(await other.evaluate(() => window.bus.peers.size)).toBe(1);
  });

  it('a page that has given up is nobody; one that comes later joins', async () => {
    const page = await openEarly();
    expect(
      await page.evaluate(() => window.lab.connect({ name: 'gone', timeout: 50 }).catch((error) => error.code)),
    ).toBe('TIMEOUT');
    const joined = joinPage(page, 'a');
    await lab.start();
    await joined;
    expect(await page.evaluate(() => [...window.bus.peers].map(({ name }) => name))).toEqual([]);
  });

  it('a page that joins between the end of a bridge and the start of the next finds that one', async () => {
    await lab.start();
    const page = await lab.join('a');
    await lab.main((main) => main.bridge.close());
    const joined = page.evaluate(async () => {
      const { reason } = await window.bus.closed;
      window.bus = await window.lab.connect({ name: 'again' });
      return reason;
    });
    // Behind what the page has said meanwhile: it is ahead of this window's page on its way to main.
    await lab.open('b');
    await lab.start();
    expect(await joined).toBe('bridge-gone');
    expect((await lab.state()).peers.map(({ name }) => name)).toEqual(['again']);
  });

  it('a page without any preload is told at once, with the fix', async () => {
    await lab.start();
    await lab.stop();
    const page = await lab.open('a');
    const error = await page.evaluate(() => window.lab.connect().catch((error) => error.code + error.message));
    expect(error).toMatch(/^BRIDGE_GONE.*no Portmesh preload.*bridge.install\(session\)/);
  });
});
