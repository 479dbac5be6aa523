import { describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { joinPage, type Lab, untilPeers } from './support/lab.js';
import { useLab } from './support/set-up.js';

const lab = useLab();

/** Makes `caller` wait for 100 answers of the peer `callee` that never come, and note how each ends, and every leave. */
async function pend(caller: Page, callee: Page): Promise<void> {
  await callee.evaluate(() => void window.bus.handle('never', () => new Promise(() => {})));
  await caller.evaluate(async () => {
    const { bus } = window;
    const leaves: unknown[] = (window['leaves'] = []);
    bus.peers.on('leave', (peer, reason) => leaves.push([peer.name, reason]));
    const asked = Array.from({ length: 100 }, () =>
      bus
        .with({ wait: 5000 })
        .request('never')
        .then(
          () => 'answered',
          (error) => `${error.code} ${error.reason}`,
        ),
    );
    window['ends'] = Promise.all(asked);
    await bus.drain();
  });
}

/** What became of them: each different end once, what a later call says, and the leaves. */
function outcome(
  caller: Page,
  callee: string,
): Promise<{ ends: string[]; later: string; leaves: unknown; load: object }> {
  return caller.evaluate(async (name) => {
    const { bus } = window;
    const ends = [...new Set((await window['ends']) as string[])];
    const later = await bus
      .to(name)
      .request('never')
      .catch((error) => error.code as string);
    return { ends, later: later as string, leaves: window['leaves'], load: bus.load };
  }, callee);
}

const idle = { calls: 0, serving: 0, parked: 0, signals: 0, references: 0 };

describe('leaving', () => {
  /** How a window can end, and the reasons that may be given: which, depends on who is faster in naming it. */
  const ends: Record<string, { reason: string; end: (lab: Lab, page: Page, id: number) => Promise<unknown> }> = {
    crashes: {
      reason: 'crashed',
      end: (lab, _, id) =>
        lab.main((main, each) => main.lab.BrowserWindow.fromId(each)!.webContents.forcefullyCrashRenderer(), id),
    },
    'is killed': {
      reason: 'killed',
      end: (lab, _, id) =>
        lab.main((main, each) => {
          main.process.kill(main.lab.BrowserWindow.fromId(each)!.webContents.getOSProcessId(), 'SIGKILL');
        }, id),
    },
    reloads: {
      reason: 'reloaded',
      end: (lab, _, id) => lab.main((main, each) => main.lab.BrowserWindow.fromId(each)!.webContents.reload(), id),
    },
    'navigates within its site': {
      reason: 'navigated',
      end: (lab, _, id) =>
        lab.main((main, each) => void main.lab.BrowserWindow.fromId(each)!.loadURL('app://b/blank.html'), id),
    },
    'navigates to another site': {
      reason: 'navigated',
      end: (lab, _, id) =>
        lab.main((main, each) => void main.lab.BrowserWindow.fromId(each)!.loadURL('app://elsewhere/blank.html'), id),
    },
    'is closed': {
      reason: 'closed',
      end: (lab, _, id) => lab.main((main, each) => main.lab.BrowserWindow.fromId(each)!.close(), id),
    },
    'is destroyed': {
      reason: 'closed',
      end: (lab, _, id) => lab.main((main, each) => main.lab.BrowserWindow.fromId(each)!.destroy(), id),
    },
    'closes its bus': { reason: 'bye', end: (_, page) => page.evaluate(() => window.bus.close()) },
  };

  it.each(Object.entries(ends))(
    'M11: a window that %s: 100 pending calls reject with the reason, leave is told once',
    async (_, { reason, end }) => {
      const a = await lab.join('a');
      const b = await lab.join('b');
      await pend(a, b);
      const id = await lab.main((main) =>
        Math.max(...main.lab.BrowserWindow.getAllWindows().map((window) => window.id)),
      );
      await end(lab, b, id);
      const seen = await outcome(a, 'b');
      expect(seen.ends).toEqual([`PEER_GONE ${reason}`]);
      expect(seen.later).toBe('NO_PEER');
      expect(seen.leaves).toEqual([['b', reason]]);
      expect(seen.load).toEqual({ ...idle, links: 0 });
    },
  );

  it('M11: main learns of it in the same words', async () => {
    await lab.main(async (main) => {
      main.bus = await main.bridge.connect();
    });
    const b = await lab.join('b');
    await b.evaluate(() => void window.bus.handle('never', () => new Promise(() => {})));
    const asked = lab.main((main) =>
      main.bus
        .with({ wait: 5000 })
        .request('never')
        .catch((error: { code: string; reason: string }) => `${error.code} ${error.reason}`),
    );
    await lab.main(
      (main) =>
        main.bus
          .with({ wait: 5000 })
          .request('nothing-but-a-wait', 1)
          .catch(() => {}).constructor.name,
    );
    await b.evaluate(() => window.bus.peers.size);
    await b.reload();
    expect(await asked).toBe('PEER_GONE reloaded');
  });

  it('M13: pushState and hash navigation drop nothing, and a reload after them is a reload', async () => {
    const a = await lab.join('a');
    const b = await lab.join('b');
    await pend(a, b);
    await b.evaluate(() => {
      window.bus.handle('echo', (_: unknown, n: number) => n);
      history.pushState(null, '', '/other.html');
      location.hash = 'part';
      history.replaceState(null, '', '/lab.html?again');
    });
    expect(await a.evaluate(() => window.bus.with({ wait: 1000 }).request('echo', 7))).toBe(7);
    expect(await a.evaluate(() => window.bus.load.calls)).toBe(100);
    await b.reload();
    expect((await outcome(a, 'b')).ends).toEqual(['PEER_GONE reloaded']);
  });

  it('M14: 50 reloads leave everything as it was, and no old answer reaches a new caller', async () => {
    const a = await lab.join('a');
    await a.evaluate(() => {
      let late: ((value: unknown) => void)[] = [];
      window.bus.handle('late', (_: unknown, n: number) => new Promise((resolve) => late.push(() => resolve(n))));
      window.bus.handle('release', () => {
        for (const each of late) each(undefined);
        late = [];
      });
    });
    const b = await lab.join('b');
    const before = { state: await lab.state(), listeners: await listenerCounts() };
    const answers: unknown[] = [];
    for (let round = 1; round <= 50; round++) {
      await b.evaluate((n) => {
        void window.bus.request('late', `old ${n}`).catch(() => {});
        return window.bus.drain();
      }, round);
      await b.reload();
      await joinPage(b, 'b');
      const asked = b.evaluate((n) => window.bus.request('late', `new ${n}`), round);
      await b.evaluate(() => window.bus.drain());
      await b.evaluate(() => window.bus.request('release'));
      answers.push(await asked);
    }
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => `new ${i + 1}`));
    await untilPeers(a, ['b']);
    const after = { state: await lab.state(), listeners: await listenerCounts() };
    expect(after.listeners).toEqual(before.listeners);
    expect(after.state).toMatchObject({ documents: 2, watched: 2, departing: 0, refused: 0, malformed: 0 });
    expect(after.state.peers).toHaveLength(2);
    expect(after.state.channels).toEqual(before.state.channels);
    expect(
      await lab.main((main) => main.bridge.registry.snapshot().processes.flatMap(({ frames }) => frames).length),
    ).toBe(2);
    expect(await a.evaluate(() => window.bus.load)).toEqual({ ...idle, links: 1 });

    function listenerCounts(): Promise<unknown> {
      return lab.main((main) => {
        const { ipcMain } = main.lab.load('electron') as typeof import('electron');
        const contents = main.lab.BrowserWindow.getAllWindows().map(({ webContents }) => webContents);
        const names = ['did-frame-navigate', 'did-navigate-in-page', 'render-process-gone', 'destroyed'] as const;
        return [
          ipcMain.eventNames().map((name) => [name, ipcMain.listenerCount(name as string)]),
          contents.map((each) => names.map((name) => each.listenerCount(name))),
        ];
      });
    }
  });

  it('M27: close() twice, on both sides at once; what was pending rejects, everything is released', async () => {
    const a = await lab.join('a');
    const b = await lab.join('b');
    await pend(a, b);
    const [, ends, loads] = await Promise.all([
      b.evaluate(() => Promise.all([window.bus.close(), window.bus.close()])),
      a.evaluate(async () => {
        await Promise.all([window.bus.close(), window.bus.close()]);
        return [...new Set((await window['ends']) as string[])];
      }),
      Promise.all([a, b].map((page) => page.evaluate(async () => (await window.bus.closed, window.bus.load)))),
    ]);
    expect(['CLOSED undefined', 'PEER_GONE bye']).toContain(ends[0]);
    expect(ends).toHaveLength(1);
    expect(loads).toEqual([
      { ...idle, links: 0 },
      { ...idle, links: 0 },
    ]);
    const main = await lab.main(async ({ bridge }) => {
      await Promise.all([bridge.close(), bridge.close()]);
      return bridge.state().peers.length;
    });
    expect(main).toBe(0);
  });

  it('M33: evicted: its closed and everybody’s leave say so, its links are dead, and it can join again', async () => {
    const [a, b, c] = [await lab.join('a'), await lab.join('b'), await lab.join('c')];
    await pend(a, b);
    await c.evaluate(() => {
      window['leave'] = new Promise((resolve) =>
        window.bus.peers.on('leave', (peer, reason) => resolve([peer.name, reason])),
      );
    });
    expect(
      await lab.main((main) => {
        const [peer] = main.bridge.peers.filter(({ name }) => name === 'b');
        return [main.bridge.evict(peer!, 'too loud'), main.bridge.evict(peer!)];
      }),
    ).toEqual([true, false]);
    expect(await b.evaluate(() => window.bus.closed)).toEqual({ reason: 'evicted', local: false, detail: 'too loud' });
    expect(await b.evaluate(() => window.bus.request('x').catch((error) => error.code + error.message))).toMatch(
      /^CLOSED.*too loud/,
    );
    expect((await outcome(a, 'b')).ends).toEqual(['PEER_GONE evicted']);
    expect(await c.evaluate(() => window['leave'])).toEqual(['b', 'evicted']);
    expect((await outcome(a, 'b')).load).toEqual({ ...idle, links: 0 });
    await joinPage(b, 'b');
    await untilPeers(a, ['b', 'c']);
  });

  it('the bridge closes: every bus ends with bridge-gone, pending calls with BRIDGE_GONE', async () => {
    const a = await lab.join('a');
    const b = await lab.join('b');
    await pend(a, b);
    await lab.main((main) => main.bridge.close());
    expect((await a.evaluate(() => window.bus.closed)).reason).toBe('bridge-gone');
    expect(await a.evaluate(async () => [...new Set((await window['ends']) as string[])])).toEqual([
      'BRIDGE_GONE bridge-gone',
    ]);
    expect(await b.evaluate(async () => (await window.bus.closed, window.bus.load))).toEqual({ ...idle, links: 0 });
  });
});
