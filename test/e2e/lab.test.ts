import { describe, expect, it, vi } from 'vitest';
import { Lab, untilPeers } from './support/lab.js';
import { kinds } from './support/places.js';
import { usePlaces } from './support/set-up.js';
import { untilThere } from './support/user-code.js';

// What the other tests stand on.

describe('the lab reaches every kind of place', () => {
  const places = usePlaces();
  const { lab } = places;

  it.each(kinds)('a %s, which joins, and ends when it is told to', async (kind) => {
    const other = await places.join('b', 'other');
    const place = await places.make(kind, 'it');
    const around = kind === 'worker' ? ['owner of it'] : kind === 'thread' ? ['host of it'] : [];
    await other.run(untilThere, ['it', ...around]);
    const given = { text: '\u2028', list: [1, null] };
    expect(await place.run(({ bus }, value) => [bus.self.name, value], given)).toEqual(['it', given]);
    await expect(place.run(() => Promise.reject(new RangeError('no')))).rejects.toThrow(/^RangeError: no\n +at /);
    if (kind === 'main') return;
    await place.kill();
    await other.run(untilThere, around);
  });

  it('frames of any origin, sandboxed ones, and documents given as text', async () => {
    const page = await places.join('a', 'owner');
    const frames = [
      await page.frame('same', { src: places.url('a') }),
      await page.frame('other', { src: places.url('d') }),
      await page.frame('sandboxed', { src: places.url('a'), sandbox: 'allow-scripts' }),
      await page.frame('text', { srcdoc: '<script src="app://a/lab.js"></script>' }),
    ];
    const origins = await Promise.all(frames.map((frame) => frame.run(({ lab }) => [self.origin, typeof lab.connect])));
    expect(origins.map(([origin]) => origin)).toEqual(['app://a', 'app://d', 'null', 'app://a']);
    expect(new Set(origins.map(([, library]) => library))).toEqual(new Set(['function']));
    await page.share(frames[1]!, { origin: 'app://d' });
    await frames[1]!.join('embedded', { owner: 'app://a' });
    await page.run(untilThere, ['embedded']);
  });

  it('a webview, a view, and a popup', async () => {
    const page = await places.join('a', 'page', { webPreferences: { webviewTag: true } });
    await (await places.webview(page, 'b')).join('webview');
    await (await places.view(page, 'c')).join('view');
    await (await places.popup(page, 'a')).join('popup');
    await page.run(untilThere, ['webview', 'view', 'popup']);
  });

  it('windows by way of Playwright', async () => {
    const page = await lab.join('a', 'owner');
    await places.join('b');
    await untilPeers(page, ['b']);
  });

  it('processes and threads tell when they have ended', async () => {
    const [utility, thread] = [await places.utility(), await places.thread()];
    const hosted = await utility.thread();
    const before = Date.now();
    for (const place of [hosted, utility, thread]) {
      const ended = place.ended();
      await place.run(() => void setTimeout(() => process.exit(3)));
      expect(await ended).toBeGreaterThanOrEqual(before);
    }
  });

  it('an answer of main is not lost if memory is collected when it is there', async () => {
    await lab.main((main) => {
      const load = <T>(name: string): T => main.lab.load(name) as T;
      load<typeof import('node:v8')>('node:v8').setFlagsFromString('--expose-gc');
      const gc = load<typeof import('node:vm')>('node:vm').runInNewContext('gc') as () => void;
      const answer = new Promise((resolve) => Object.assign(main, { resolve }));
      Object.assign(main, { answer, gc });
    });
    type Waiting = { answer: Promise<unknown>; resolve(value: unknown): void; gc(): void };
    const answer = lab.main((main) => (main as never as Waiting).answer);
    // Behind what waits for it, in each microtask, and so between that and the debugger too.
    await lab.main((main) => {
      const { answer, gc } = main as never as Waiting;
      void (async () => {
        await answer;
        for (let task = 0; task < 20; task++) await gc();
      })();
    });
    await lab.main((main) => void setImmediate((main as never as Waiting).resolve, 5));
    expect(await answer).toBe(5);
  });
});

it('when Electron is gone, what fails by it says how it ended, and what it said last', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const lab = await Lab.launch();
  try {
    await lab.main(() => console.error('the last words'));
    const asked = lab.main(() => new Promise(() => {}));
    lab.app.process().kill('SIGKILL');
    await expect(asked).rejects.toThrow(
      /closed\nElectron \(\d+\) has ended by SIGKILL; what it said last:[^]*the last words/,
    );
    await expect(lab.main(() => 1)).rejects.toThrow(/has ended by SIGKILL/);
    expect(told.mock.calls.join()).toMatch(/has ended by SIGKILL/);
  } finally {
    told.mockRestore();
    await lab.close();
  }
});
