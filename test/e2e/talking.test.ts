import { describe, expect, it } from 'vitest';
import { useLab } from './support/set-up.js';

const lab = useLab();

describe('two windows, and main', () => {
  it('M1: exchange events and requests while main is blocked', async () => {
    const a = await lab.join('a');
    const b = await lab.join('b');
    await b.evaluate(async () => {
      window.bus.handle('echo', (_: unknown, n: number) => n);
      await window.bus.subscribe('ping', (event, n: number) => window.bus.to(event.sender).send('pong', n));
    });
    await a.evaluate(async () => {
      window['pongs'] = 0;
      await window.bus.subscribe('pong', () => (window['pongs'] as number)++);
      await window.bus.request('echo', 0);
    });
    // Main tells its own clock's time of the block; the page notes when each answer came on the same clock.
    await a.evaluate(() => void (window['started'] = new Promise((resolve) => (window['start'] = resolve))));
    const traffic = a.evaluate(async () => {
      const answers: number[] = [];
      while (!window['done']) {
        window.bus.send('ping', 1);
        await window.bus.request('echo', 1);
        answers.push(Date.now());
        (window['start'] as () => void)();
      }
      return { answers, pongs: window['pongs'] as number };
    });
    await a.evaluate(() => window['started'] as Promise<void>);
    const block = await lab.main(() => {
      const from = Date.now();
      while (Date.now() - from < 2000);
      return { from, to: Date.now() };
    });
    await a.evaluate(() => void (window['done'] = true));
    const { answers, pongs } = await traffic;
    const during = answers.filter((time) => time > block.from && time < block.to);
    // How large the gaps are is the bench's business; that it goes on all the time is this test's.
    expect(during.length).toBeGreaterThan(200);
    const quarters = new Set(during.map((time) => Math.floor((4 * (time - block.from)) / (block.to - block.from))));
    expect(quarters.size).toBe(4);
    expect(pongs).toBeGreaterThan(during.length);
  });

  it('M6: an event reaches every subscriber once, nobody else, never the sender; order holds', async () => {
    await lab.main(async (main) => {
      main.bus = await main.bridge.connect();
      const got: unknown[] = ((main as never as { got: unknown[] }).got = []);
      await main.bus.subscribe('e', (_, n) => got.push(n));
    });
    const pages = [await lab.join('a'), await lab.join('b'), await lab.join('c')];
    for (const page of pages) {
      await page.evaluate(async () => {
        const got: unknown[] = (window['got'] = []);
        window.bus.handle(`ask:${window.bus.self.name}`, (_: unknown, n: number) => void got.push(n));
        if (window.bus.self.name !== 'c') await window.bus.subscribe('e', (_, n) => got.push(n));
      });
    }
    await pages[0]!.evaluate(async () => {
      const { bus } = window;
      for (let i = 0; i < 300; i += 3) {
        bus.send('e', i);
        bus.to('b').send('e', { i: i + 1, more: new Map([[1, 2]]) });
        await (i % 2 ? bus.request('ask:b', i + 2) : Promise.resolve(void bus.request('ask:b', i + 2)));
      }
      await bus.drain();
    });
    const inOrder = Array.from({ length: 300 }, (_, i) => i);
    const got = await Promise.all(
      pages.map((page) => page.evaluate(() => window['got'] as (number | { i: number })[])),
    );
    expect(got[0]).toEqual([]);
    expect(got[1]!.map((each) => (typeof each === 'number' ? each : each.i))).toEqual(inOrder);
    expect(got[2]).toEqual([]);
    expect(await lab.main((main) => (main as never as { got: unknown[] }).got)).toEqual(
      inOrder.filter((i) => i % 3 === 0),
    );
  });

  it('M7: B subscribes, then tells A over their link: what A sends next reaches B', async () => {
    const a = await lab.join('a');
    const b = await lab.join('b');
    await a.evaluate(() => {
      window.bus.on('told', (_, n) => window.bus.send(`news:${n}`, n));
      window.bus.handle('behind it', () => true);
    });
    const missing = await b.evaluate(async () => {
      const { bus } = window;
      const missed: number[] = [];
      for (let n = 0; n < 100; n++) {
        let heard = false;
        bus.once(`news:${n}`, () => (heard = true));
        bus.send('told', n);
        // What A answers comes behind what it has sent.
        await bus.with({ wait: 5000 }).request('behind it');
        if (!heard) missed.push(n);
      }
      return missed;
    });
    expect(missing).toEqual([]);
  });

  it('M7, M8: after subscribe() anybody’s send arrives, that of a peer in its first turn too', async () => {
    const b = await lab.join('b');
    const a = await lab.join('a');
    const c = await lab.open('c');
    await b.evaluate(async () => {
      const got: string[] = (window['got'] = []);
      await window.bus.subscribe('e', (event) => got.push(event.sender.name));
    });
    await a.evaluate(async () => (window.bus.send('e'), window.bus.drain()));
    await c.evaluate(async () => {
      const bus = await window.lab.connect({ name: 'c' });
      bus.send('e');
      await bus.drain();
    });
    expect(await b.evaluate(() => window['got'])).toEqual(['a', 'c']);
  });

  it('M9: nobody handles it: at once; wait: when a handler appears; two handlers: exactly one runs', async () => {
    const [a, b, c] = [await lab.join('a'), await lab.join('b'), await lab.join('c')];
    expect(await a.evaluate(() => window.bus.request('x').catch((error) => error.code))).toBe('NO_HANDLER');
    const waiting = a.evaluate(() => window.bus.with({ wait: 10_000 }).request('x', { n: 1 }));
    for (const page of [b, c]) {
      await page.evaluate(() => {
        window['ran'] = 0;
        window.bus.handle('x', (_: unknown, arg: object) => ((window['ran'] as number)++, arg));
      });
    }
    expect(await waiting).toEqual({ n: 1 });
    await a.evaluate(async () => {
      for (let i = 0; i < 9; i++) await window.bus.request('x', i);
    });
    const ran = await Promise.all([b, c].map((page) => page.evaluate(() => window['ran'] as number)));
    expect(ran[0]! + ran[1]!).toBe(10);
    expect(Math.min(...ran)).toBeGreaterThan(3);
  });

  it('M10: time-out and abort reach the handler in the other process; nothing is left over', async () => {
    const [a, b] = [await lab.join('a'), await lab.join('b')];
    await b.evaluate(() => {
      const aborted: unknown[] = (window['aborted'] = []);
      window.bus.handle('slow', (event) => {
        window.bus.to(event.sender).send('started');
        return new Promise((resolve) =>
          event.signal.addEventListener('abort', () => {
            aborted.push((event.signal.reason as { code: string }).code);
            resolve('late');
          }),
        );
      });
    });
    const outcomes = await a.evaluate(async () => {
      const { bus } = window;
      const started = (): Promise<void> => new Promise((resolve) => bus.once('started', () => resolve()));
      const code = (promise: Promise<unknown>): Promise<string> =>
        promise.then(
          () => 'resolved',
          (error) => error.code,
        );
      await bus.subscribe('started', () => {});
      const timedOut = await code(bus.with({ timeout: 30 }).request('slow'));
      const controller = new AbortController();
      const during = [started(), code(bus.with({ signal: controller.signal }).request('slow'))] as const;
      await during[0];
      controller.abort();
      const before = await code(bus.with({ signal: controller.signal }).request('slow'));
      await bus.drain();
      return { timedOut, during: await during[1], before, load: bus.load };
    });
    expect(outcomes).toMatchObject({ timedOut: 'TIMEOUT', during: 'ABORTED', before: 'ABORTED' });
    expect(outcomes.load).toMatchObject({ calls: 0, parked: 0, signals: 0 });
    await a.evaluate(() => window.bus.request('slow-is-over').catch(() => {}));
    expect(await b.evaluate(() => [window['aborted'], window.bus.load.serving])).toEqual([['ABORTED', 'ABORTED'], 0]);
  });

  it('M18: from main, a Buffer arrives with its own bytes only', async () => {
    const a = await lab.join('a');
    await a.evaluate(
      () =>
        window.bus.handle('sizes', (_: unknown, top: Uint8Array, nested: { deep: [Uint8Array] }) => [
          top.length,
          top.buffer.byteLength,
          nested.deep[0].buffer.byteLength,
          top.constructor.name,
        ]) && undefined,
    );
    const sizes = await lab.main(async (main) => {
      main.bus = await main.bridge.connect();
      const { Buffer } = main as never as { Buffer: typeof globalThis.Buffer };
      return main.bus.with({ wait: 5000 }).request('sizes', Buffer.from('x'), { deep: [Buffer.from('yz')] });
    });
    expect(sizes).toEqual([1, 1, 2, 'Uint8Array']);
  });

  it('M19: what can not be cloned, here or only there, rejects that one call; its neighbours arrive', async () => {
    const [a, b] = [await lab.join('a'), await lab.join('b')];
    await b.evaluate(async () => {
      const got: unknown[] = (window['got'] = []);
      window.bus.handle('echo', (_: unknown, value: unknown) =>
        value instanceof WebAssembly.Module ? 'module' : value,
      );
      window.bus.handle('module', () => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));
      await window.bus.subscribe('e', (_, n) => got.push(n));
    });
    await lab.main(async (main) => {
      main.bus = await main.bridge.connect();
      main.bus.handle('main:echo', (_: unknown, value: unknown) => value);
    });
    const outcome = await a.evaluate(async () => {
      const { bus } = window;
      const dropped: string[] = [];
      bus.onDropped(({ error, channel }) => dropped.push(`${channel}: ${error.code}`));
      const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error) => error.code);
      const asked = [
        settled(bus.request('echo', 1)),
        settled(bus.request('echo', () => {})),
        settled(bus.request('echo', Symbol('s'))),
        settled(bus.request('echo', { module })),
        settled(bus.request('module')),
        settled(bus.with({ wait: 5000 }).request('main:echo', new Blob(['x']))),
        settled(bus.with({ wait: 5000 }).request('main:echo', 2)),
        settled(bus.request('echo', 3)),
      ];
      bus.send('e', 1);
      bus.send('e', module);
      bus.send('e', 2);
      const results = await Promise.all(asked);
      await bus.drain().catch(() => {});
      return { results, dropped };
    });
    expect(outcome).toEqual({
      results: [1, 'NOT_CLONEABLE', 'NOT_CLONEABLE', 'NOT_CLONEABLE', 'NOT_CLONEABLE', 'NOT_CLONEABLE', 2, 3],
      dropped: ['e: NOT_CLONEABLE'],
    });
    expect(await b.evaluate(() => window['got'])).toEqual([1, 2]);
  });

  it('M19: from main too, on a version whose port a failed post would close', async () => {
    const a = await lab.join('a');
    await a.evaluate(() => void window.bus.handle('echo', (_: unknown, value: unknown) => value));
    const results = await lab.main(async (main) => {
      main.bus = await main.bridge.connect();
      const caller = main.bus.with({ wait: 5000 });
      const settled = (promise: Promise<unknown>): Promise<unknown> =>
        promise.catch((error: { code: string }) => error.code);
      return Promise.all([
        settled(caller.request('echo', 1)),
        settled(caller.request('echo', () => {})),
        settled(caller.request('echo', new WeakMap())),
        settled(
          caller.request('echo', new Map([[1, new Uint8Array(3)]])).then((map) => (map as Map<number, object>).size),
        ),
        settled(caller.request('echo', 4)),
      ]);
    });
    expect(results).toEqual([1, 'NOT_CLONEABLE', 'NOT_CLONEABLE', 1, 4]);
  });

  it('M20, M28: data that looks like frames arrives as it was; arguments are those of the call', async () => {
    const [a, b] = [await lab.join('a'), await lab.join('b')];
    await b.evaluate(async () => {
      const got: unknown[][] = (window['got'] = []);
      window.bus.handle('echo', (_: unknown, ...args: unknown[]) => args);
      await window.bus.subscribe('e', (_, ...args) => got.push(args));
    });
    const result = await a.evaluate(async () => {
      const { bus, lab } = window;
      const tricky = [12, 1, 'e', 1, [0, 12], [0, 1, 'e', 0], null, undefined, -0, { 0: 12, length: 1 }];
      const o = { n: 1 };
      bus.send('e', o);
      o.n = 2;
      bus.send('e', o);
      const bytes = new Uint8Array([1, 2, 3]);
      bus.send('e', bytes);
      bus.send('e', lab.transfer(bytes, [bytes.buffer]));
      const detached = bytes.byteLength === 0;
      const echoed = (await bus.request('echo', ...tricky)) as unknown[];
      return { echoed, detached, zero: Object.is(echoed[8], -0) };
    });
    expect(result.echoed).toEqual([12, 1, 'e', 1, [0, 12], [0, 1, 'e', 0], null, undefined, -0, { 0: 12, length: 1 }]);
    expect(result).toMatchObject({ detached: true, zero: true });
    expect(await b.evaluate(() => JSON.stringify(window['got']))).toBe(
      JSON.stringify([[{ n: 1 }], [{ n: 2 }], [{ 0: 1, 1: 2, 2: 3 }], [{ 0: 1, 1: 2, 2: 3 }]]),
    );
    expect(
      await b.evaluate(() => {
        const got = window['got'] as Uint8Array[][];
        return got[2]![0]!.buffer === got[3]![0]!.buffer;
      }),
    ).toBe(false);
  });

  it('a moved buffer arrives in main, and is gone here', async () => {
    const a = await lab.join('a');
    await lab.main(async (main) => {
      main.bus = await main.bridge.connect();
      main.bus.handle('sum', (_: unknown, bytes: Uint8Array) => bytes.reduce((sum, each) => sum + each, 0));
    });
    const [sum, left] = await a.evaluate(async () => {
      const bytes = new Uint8Array([1, 2, 3]);
      const sum = await window.bus.with({ wait: 5000 }).request('sum', window.lab.transfer(bytes, [bytes.buffer]));
      return [sum, bytes.byteLength];
    });
    expect([sum, left]).toEqual([6, 0]);
  });
});
