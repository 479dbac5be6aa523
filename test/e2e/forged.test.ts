import { describe, expect, it } from 'vitest';
import { joinByHand, talkByHand } from './support/by-hand.js';
import { joinPage } from './support/lab.js';
import { usePlaces } from './support/set-up.js';

// M26, frame by frame: what makes sense as a frame, and is a lie, or too much. The fuzz is in hostile.test.ts.

const places = usePlaces({
  bridge: { limits: { serving: 100, size: 100_000, depth: 50 } },
  left: { malformed: expect.any(Number) },
});
const { lab } = places;

describe('M26: a peer that speaks the wire by hand', () => {
  it.each(['window', 'main', 'utility', 'thread'] as const)(
    'sends a %s streams, items, credits and ports that make no sense: it reports them, closes the ports, and serves on',
    async (kind) => {
      const victim = await places.make(kind, 'victim');
      await victim.run((here) => {
        const { bus } = here;
        here['reports'] = [];
        bus.onError((error) => (here['reports'] as unknown[]).push((error as { code: string }).code));
        bus.handle('echo', (_, ...args: unknown[]) => args);
        bus.onPort('port', () => {});
        bus.handle('numbers', async function* () {
          for (let n = 0; ; n++) yield n;
        });
      });
      const page = await lab.open('b');
      await joinByHand(page, 'hand');
      const answers = await talkByHand(
        page,
        'victim',
        [
          [[0, 13, 1, 'numbers', -1, 0]], // STREAM: no such credit
          [[0, 13, 1, 'numbers', 1.5, 0]],
          [[0, 13, 2, 'numbers', 5, 0, 13, 2, 'numbers', 5, 0]], // the same id again
          [[0, 16, 2, -1]], // CREDIT
          [[0, 16, 99, 5]],
          [[0, 15, 1, 1, 'item of nothing']],
          [[0, 14, {}]],
          [[0, 17, 3, 'port', 0]], // PORT without a port
          [[0, 18, [{}], 17, 4, 'port', 0]],
          [[0, 17, 5, 'port', 0], 2], // ports without PORTS
          [[0, 18, [{}], 17, 6, 'port', 0], 3], // more ports than places
          [[0, 18, [{}, {}, {}], 1, 'unheard', 0], 1], // and fewer
          [[0, 18, 'nonsense', 2, 7, 'echo', 0], 1],
          [[0, 18, [{}], 18, [{}], 2, 8, 'echo', 0], 1], // PORTS twice
          [[0, 18, [{}], 1, 'unheard', 0], 1], // nobody listens: the port is closed
          [[0, 18, [1], 2, 9, 'echo', 1, 1], 1], // a place that is no object
          [[0, 6, 1, 1, 'MISSED of nothing'], 1],
          [[0, 3, 1, 'RESULT of nothing'], 1],
          [[0, 2, 100, 'echo', 1, 'still here']],
        ],
        100,
      );
      expect(answers.at(-1)).toEqual([3, 100, ['still here']]);
      expect(((await victim.run((here) => here['reports'])) as string[]).length).toBeGreaterThan(3);
      expect(new Set((await victim.run((here) => here['reports'])) as string[])).toEqual(new Set(['PROTOCOL']));
      await expect.poll(() => page.evaluate(() => window['openPorts'])).toBe(0);
      // The stream of 5 stands, until its consumer is gone.
      expect(await victim.run(({ bus }) => bus.load.serving)).toBe(1);
      await page.close();
      await expect.poll(() => victim.run(({ bus }) => bus.load)).toMatchObject({ serving: 0, links: 0 });
    },
  );

  it('asks for more than is served at a time: LIMIT for what is too much, and all is served again behind its ABORTs', async () => {
    const victim = await lab.join('a', 'victim');
    await victim.evaluate(() => {
      window.bus.handle('never', () => new Promise(() => {}));
      window.bus.handle('echo', (_: unknown, n: number) => n);
    });
    const page = await lab.open('b');
    await joinByHand(page, 'hand');
    const ids = Array.from({ length: 150 }, (_, i) => i + 1);
    const answers = await talkByHand(
      page,
      'victim',
      [
        [[0, ...ids.flatMap((id) => [2, id, 'never', 0])]],
        [[0, ...ids.flatMap((id) => [7, id])]],
        [[0, 2, 200, 'echo', 1, 'served']],
      ],
      200,
    );
    const refused = answers.filter(([kind, , error]) => kind === 4 && JSON.stringify(error).includes('LIMIT'));
    expect(refused.map(([, id]) => id)).toEqual(ids.slice(100));
    expect(answers.at(-1)).toEqual([3, 200, 'served']);
    expect(await victim.evaluate(() => window.bus.load.serving)).toBe(0);
  });

  it.each(['window', 'main', 'utility', 'thread'] as const)(
    'sends a %s what is larger, or deeper, than a message may be: LIMIT, and a report; the others of the post are served',
    async (kind) => {
      const victim = await places.make(kind, 'victim');
      await victim.run(async (here) => {
        const { bus } = here;
        here['reports'] = [];
        here['got'] = [];
        const say = (error: unknown): unknown =>
          (here['reports'] as unknown[]).push([(error as { code: string }).code, (error as Error).message]);
        bus.onError(say);
        const got = (value: unknown): unknown =>
          (here['got'] as unknown[]).push(typeof value === 'string' ? value.length : value);
        bus.on('event', (_, value) => got(value));
        bus.handle('echo', (_, value) => void got(value));
        bus.handle('items', (_, value) => {
          got(value);
          return [];
        });
        bus.onPort('port', (_event, _port, value) => got(value));
      });
      const page = await lab.open('b');
      await joinByHand(page, 'hand');
      const large = 'x'.repeat(100_001);
      let deep: unknown = 'bottom';
      for (let i = 0; i < 51; i++) deep = i % 2 ? [deep] : { deep };
      const answers = await talkByHand(
        page,
        'victim',
        [
          [[0, 1, 'event', 1, 1, 1, 'event', 1, large, 1, 'event', 1, 2, 1, 'event', 1, deep, 1, 'event', 1, 3]],
          [[0, 2, 1, 'echo', 1, large, 2, 2, 'echo', 1, deep, 2, 3, 'echo', 1, 4]],
          [[0, 13, 4, 'items', 5, 1, deep]],
          [[0, 18, [{}], 17, 5, 'port', 1, large], 1],
          [[0, 2, 6, 'echo', 1, large.slice(1)]],
        ],
        6,
      );
      expect(answers.map(([what, id]) => [what, id])).toEqual([
        [4, 1],
        [4, 2],
        [3, 3],
        [4, 4],
        [4, 5],
        [3, 6],
      ]);
      for (const [, id, error] of answers.filter(([what]) => what === 4)) {
        expect(JSON.stringify(error), `request ${id as number}`).toContain('"code":"LIMIT"');
      }
      expect(await victim.run((here) => here['got'])).toEqual([1, 2, 3, 4, 100_000]);
      const reports = (await victim.run((here) => here['reports'])) as [string, string][];
      // Of six, the first, the second and the fourth.
      expect(reports.map(([code]) => code)).toEqual(['PROTOCOL', 'PROTOCOL', 'PROTOCOL']);
      expect(reports[0]?.[1]).toMatch(
        /^link with hand \(.*send\('event'\): the message has 100001 bytes, and may have 100000/,
      );
      expect(reports[1]?.[1]).toMatch(/send\('event'\): the message is deeper than 50 objects/);
      await expect.poll(() => page.evaluate(() => window['openPorts'])).toBe(0);
      // Its link, and that of the others, are as they were.
      expect(await victim.run(({ bus }) => bus.load)).toMatchObject({ links: 1, serving: 0 });
      const other = await lab.join('a', 'other');
      const honest = await other.evaluate(
        async ([text, value]) => {
          const call = window.bus.to('victim').with({ wait: 5000 });
          const code = (promise: Promise<unknown>): Promise<string> =>
            promise.then(
              () => 'taken',
              (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
            );
          return Promise.all([
            code(call.request('echo', text)),
            code(call.request('echo', value)),
            code(call.request('echo', 1)),
          ]);
        },
        [large, deep] as const,
      );
      expect(honest).toEqual([
        expect.stringMatching(/^LIMIT: request\('echo'\) to victim \(.*100001 bytes/),
        expect.stringMatching(/^LIMIT: .*deeper than 50/),
        'taken',
      ]);
    },
  );

  it('gives a request back as MISSED, with other arguments: the next handler gets those of the caller', async () => {
    const page = await lab.open('b');
    await joinByHand(page, 'liar');
    await page.evaluate(() => {
      const control = window['control'] as MessagePort;
      control.onmessage = ({ data, ports }: MessageEvent<unknown[][]>) => {
        for (const [kind, token] of data) if (kind === 28) control.postMessage([[5, token]]); // ASK: TOLD
        if (!data.some(([kind]) => kind === 25)) return; // LINK
        ports[0]!.onmessage = ({ data: post }: MessageEvent<unknown[]>) => {
          const at = post.indexOf(2, 1); // REQUEST
          if (at > 0) ports[0]!.postMessage([1, 6, post[at + 1], 1, 'forged']);
        };
      };
      control.postMessage([[1, 1, [3, 'x']]]); // CHANGES: it handles x
    });
    const caller = await lab.join('a', 'caller');
    expect(
      await caller.evaluate(async () => {
        const { bus } = window;
        while (bus.peers.handling('x').length === 0) await new Promise((resolve) => bus.peers.once('change', resolve));
        return bus
          .with({ timeout: 3000 })
          .request('x', 'mine')
          .catch((error) => error.code);
      }),
    ).toBe('NO_HANDLER');
    const honest = await lab.join('c', 'honest');
    await honest.evaluate(async () => {
      const { bus } = window;
      bus.handle('x', (_: unknown, given: string) => given);
      await bus.subscribe('unused', () => {});
    });
    const answers = await caller.evaluate(async () => {
      const answers = [];
      for (let i = 0; i < 6; i++) answers.push(await window.bus.request('x', 'mine'));
      return answers;
    });
    expect(answers).toEqual(Array(6).fill('mine'));
  });

  it('is refused in time by an authorize() that never answers, which is told; others join meanwhile, and nothing is left', async () => {
    await places.stop();
    await lab.start({
      authorize: `({ origin }) => origin === 'app://a' || new Promise(() => {})`,
      authorizeTimeout: 400,
    });
    const page = await lab.open('b');
    const refused = page.evaluate(() =>
      window.lab.connect({ name: 'waits' }).then(
        () => 'joined',
        (error: Error & { code: string }) => `${error.code}: ${error.message}`,
      ),
    );
    await joinPage(await lab.open('a'), 'victim');
    expect(await refused).toMatch(/^TIMEOUT: .*no answer in 400 ms \(authorizeTimeout\)/);
    expect(await lab.main(({ refused }) => refused)).toEqual([expect.stringMatching(/^TIMEOUT: .*authorizeTimeout/)]);
    expect((await lab.state()).peers).toHaveLength(1);
  });

  it('sends control messages while authorize() still thinks: nothing of them happens, and a refusal leaves nothing', async () => {
    await places.stop();
    await lab.start({
      authorize: `({ origin }) => origin === 'app://a' || new Promise((resolve) => setTimeout(() => resolve(false), 300))`,
    });
    const victim = await lab.open('a');
    const id = await joinPage(victim, 'victim');
    const page = await lab.open('b');
    const said = await page.evaluate(async (target) => {
      const { port1, port2 } = new MessageChannel();
      const answers: unknown[] = [];
      const ended = new Promise((resolve) => (port1 as EventTarget).addEventListener('close', resolve));
      port1.onmessage = ({ data }: MessageEvent<unknown[][]>) =>
        answers.push(...data.map(([kind, code]) => [kind, code]));
      window.postMessage(['portmesh:join', 'late', 1], '/', [port2]);
      for (let i = 0; i < 50; i++) {
        port1.postMessage([[2, target, 0, 0]], [new MessageChannel().port2]);
        port1.postMessage([[1, 1, [1, 'everything']]]);
        port1.postMessage([[3, i]]);
      }
      await ended;
      return answers;
    }, id);
    expect(said).toEqual([[21, 'NOT_AUTHORIZED']]);
    expect(await victim.evaluate(() => [window.bus.load.links, window.bus.peers.size])).toEqual([0, 0]);
    expect((await lab.state()).peers).toHaveLength(1);
  });
});

describe('M26: a peer that asks for too much, too often', () => {
  it('of another peer, and takes nothing of what it is answered: its link ends, which is reported; others are served', async () => {
    const victim = await lab.open('a');
    await victim.evaluate(async () => {
      window.bus = await window.lab.connect({ name: 'victim', flow: { limit: 1000 } });
      const reports: string[] = (window['reports'] = []);
      window.bus.onError((error) => {
        const { code, message } = error as { code: string; message: string };
        reports.push(`${code}: ${message}`);
      });
      window.bus.handle('echo', (_: unknown, value: unknown) => value);
    });
    const honest = await lab.join('c', 'honest');
    const page = await lab.open('b');
    await joinByHand(page, 'hand');
    const closed = page.evaluate(() => {
      const id = (window['ids'] as Record<string, string>)['victim'];
      const link = (window['link'] as (id: string | undefined) => MessagePort)(id);
      const ended = new Promise<string>((resolve) =>
        (link as EventTarget).addEventListener('close', () => resolve('closed')),
      );
      link.start();
      let asked = 0;
      // It acknowledges nothing: the first of each post is how many it has taken.
      const ask = (): void => {
        const requests = Array.from({ length: 500 }, () => [2, ++asked, 'nobody handles that', 0]);
        link.postMessage([0, ...requests.flat()]);
        if (asked < 50_000) setTimeout(ask);
      };
      ask();
      return ended;
    });
    expect(await closed).toBe('closed');
    expect(await victim.evaluate(() => window['reports'])).toEqual([
      expect.stringMatching(/LIMIT.*link with hand .* takes less than it asks for\. The link is ended\./),
    ]);
    expect(await victim.evaluate(() => window.bus.load.links)).toBeLessThan(2);
    expect(await honest.evaluate(() => window.bus.to('victim').with({ wait: 5000 }).request('echo', 'served'))).toBe(
      'served',
    );
  });

  it('of the bridge, to let it in: it is refused without a look, and that is told once; others join', async () => {
    await lab.stop();
    await lab.start({
      limits: { seats: 10 },
      authorize: `(() => { globalThis.looks = 0; return () => (globalThis.looks++, true); })()`,
    });
    const page = await lab.open('b');
    await page.evaluate(async () => {
      const codes: Record<string, number> = {};
      window['codes'] = codes;
      for (let i = 0; i < 5000; i++) {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data: [[kind, code]] }) => {
          const said = kind === 21 ? code : 'in';
          if (kind === 20 || kind === 21) codes[said] = (codes[said] ?? 0) + 1;
        };
        window.postMessage(['portmesh:join', undefined, 1], '/', [port2]);
      }
    });
    await lab.join('a', 'another');
    await expect.poll(() => page.evaluate(() => window['codes'])).toEqual({ in: 10, LIMIT: 4990 });
    const looks = await lab.main((main) => (main as never as { looks: number }).looks);
    expect(looks).toBeGreaterThanOrEqual(1000);
    expect(looks).toBeLessThan(2000);
    const told = await lab.main(({ refused }) => refused.filter((text) => text.includes('asks to join too often')));
    expect(told).toEqual([expect.stringMatching(/^LIMIT: this frame .*1000 at once, then 50 a second/)]);
  });

  it('of the bridge, to ask all others whether they know: fifty times a second in the end; others are confirmed at once', async () => {
    const victim = await lab.join('a', 'victim');
    const page = await lab.open('b');
    await joinByHand(page, 'hand');
    const rounds = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const control = window['control'] as MessagePort;
          let token = 0;
          control.onmessage = ({ data }: MessageEvent<unknown[][]>) => {
            for (const [kind, asked] of data) {
              if (kind === 28) control.postMessage([[5, asked]]); // ASK: TOLD
              if (kind === 29) control.postMessage([[4, ++token]]); // CONFIRMED: CONFIRM
            }
          };
          control.postMessage([[4, 0]]);
          setTimeout(() => resolve(token), 4000);
        }),
    );
    await victim.evaluate(async () => {
      for (let i = 0; i < 100; i++) await window.bus.subscribe(`channel ${i}`, () => {});
    });
    expect(await rounds).toBeGreaterThanOrEqual(500);
    expect(await rounds).toBeLessThan(500 + 4.5 * 50);
  });
});

describe('M26: an honest peer that asks for much at once', () => {
  it('gets it: 100 seats of a page, 1,000 subscriptions, 1,000 ports of a utility process', async () => {
    const page = await lab.join('a', 'page');
    expect(
      await page.evaluate(async () => {
        const { connect } = window.lab;
        const all = await Promise.all(Array.from({ length: 100 }, () => connect({ name: 'one of 100' })));
        const start = performance.now();
        await Promise.all(Array.from({ length: 1000 }, (_, i) => all[0]!.subscribe(`channel ${i}`, () => {})));
        const took = performance.now() - start;
        await Promise.all(all.map((bus) => bus.close()));
        window.bus.onPort('open', (_, port) => port.close());
        return [all.length, took < 5000];
      }),
    ).toEqual([100, true]);
    const utility = await places.make('utility', 'opener');
    expect(
      await utility.run(async ({ bus }) => {
        const all = Array.from({ length: 1000 }, () => bus.to('page').with({ wait: 5000 }).openPort('open'));
        return (await Promise.all(all)).length;
      }),
    ).toBe(1000);
  });
});
