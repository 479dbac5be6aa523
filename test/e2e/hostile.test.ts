import { beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { useLab } from './support/set-up.js';

// M26 in real Electron: a peer that speaks the wire by hand, and wrongly, to main, to the bridge and to a window. The larger
// fuzz runs on ports in memory: test/unit/core/fuzz.test.ts.

const lab = useLab({ per: 'suite', left: { malformed: expect.any(Number) } });
let victim: Page;
let hostile: Page;

beforeAll(async () => {
  await lab.main(async (main) => {
    main.bus = await main.bridge.connect();
    main.bus.handle('echo', (_: unknown, value: unknown) => value);
    const problems: string[] = ((main as never as { problems: string[] }).problems = []);
    main.bus.onError((error) => problems.push((error as { code: string }).code));
  });
  victim = await lab.join('a', 'victim');
  await victim.evaluate(() => {
    const problems: string[] = (window['problems'] = []);
    window.bus.onError((error) => problems.push((error as { code: string }).code));
    window.bus.handle('echo', (_: unknown, value: unknown) => value);
  });
  hostile = await lab.open('b');
  // Joins by hand, as connect() does, and keeps its control port.
  await hostile.evaluate(async () => {
    const { port1, port2 } = new MessageChannel();
    const welcome = new Promise<unknown[][]>((resolve) => (port1.onmessage = (event) => resolve(event.data)));
    window.postMessage(['portmesh:join', 'hostile', 1], '/', [port2]);
    const [[, { peers }]] = (await welcome) as [[number, { peers: [{ id: string; name: string }][] }]];
    window['control'] = port1;
    window['ids'] = Object.fromEntries(peers.map(([peer]) => [peer.name, peer.id]));
  });
});

/** A page's `Math.random` with a seed, so that a failure can be had again. */
const seed = Number(process.env['PORTMESH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe(`M26: a hostile peer (PORTMESH_SEED=${seed})`, () => {
  it('sends thousands of senseless control messages: the bridge counts them, and serves the others', async () => {
    await hostile.evaluate((start) => {
      const control = window['control'] as MessagePort;
      let state = start;
      const random = (n: number): number => (state = (state * 1103515245 + 12345) % 2147483648) % n;
      const junk = (): unknown =>
        [
          () => random(40) - 5,
          () => 'x'.repeat(random(5)),
          () => null,
          () => [random(40), junk(), junk()],
          () => ({ length: 5 }),
          () => 2 ** 53,
          () => new Map([[1, 2]]),
          () => 'x'.repeat(100_000),
          () => -1,
          () => Array(random(4)).fill(random(9)),
        ][random(10)]!();
      // BYE (6) would end the game.
      for (let i = 0; i < 5000; i++) {
        const message = [random(30), junk(), junk(), junk()].slice(0, 1 + random(4));
        if (message[0] === 6) message[0] = 2;
        const transfer = random(5) === 0 ? [new MessageChannel().port2] : [];
        control.postMessage([[message], [[message]], message, junk()][random(4)] ?? 0, transfer);
      }
    }, seed);
    expect(await victim.evaluate(() => window.bus.to('main').with({ wait: 5000 }).request('echo', 1))).toBe(1);
    await expect.poll(async () => (await lab.state()).malformed).toBeGreaterThan(1000);
  });

  it.each(['victim', 'main'])(
    'sends thousands of senseless frames to %s: it reports them, and lives',
    async (target) => {
      const answer = await hostile.evaluate(
        async ([name, start]) => {
          const control = window['control'] as MessagePort;
          const id = (window['ids'] as Record<string, string>)[name];
          const { port1, port2 } = new MessageChannel();
          // OPEN: a link by hand.
          control.postMessage([[2, id, 0, 0]], [port2]);
          let state = start;
          const random = (n: number): number => (state = (state * 1103515245 + 12345) % 2147483648) % n;
          const junk = (): unknown =>
            [
              () => random(20) - 3,
              () => 'echo',
              () => null,
              () => undefined,
              () => [random(9), junk()],
              () => ({ then: 1, length: random(9) }),
              () => 2 ** 53,
              () => 1e308,
              () => -0.5,
              () => new Uint8Array(random(50)),
            ][random(10)]!();
          // BYE (12) would end the game.
          for (let i = 0; i < 20_000; i++) {
            const frame = [random(3), random(20), junk(), junk(), junk(), junk()].slice(0, 1 + random(6));
            if (frame[1] === 12) frame[1] = 2;
            for (let j = 2; j < frame.length; j++) if (frame[j] === 12) frame[j] = 13;
            port1.postMessage(random(20) === 0 ? junk() : frame);
          }
          // A frame that makes sense, behind all of them: REQUEST 77 echo.
          const answer = new Promise((resolve) => {
            port1.onmessage = (event: MessageEvent<unknown[]>) => {
              const at = event.data.findIndex((each, i) => each === 3 && event.data[i + 1] === 987_654);
              if (at >= 0) resolve(event.data[at + 2]);
            };
          });
          port1.postMessage([0, 2, 987_654, 'echo', 1, 'still here']);
          return answer;
        },
        [target, seed] as const,
      );
      expect(answer).toBe('still here');
      // The others' links are untouched.
      expect(await victim.evaluate(() => window.bus.to('main').request('echo', 2))).toBe(2);
      const problems =
        target === 'main'
          ? await lab.main((main) => (main as never as { problems: string[] }).problems)
          : await victim.evaluate(() => window['problems'] as string[]);
      // Told the 1st, the 2nd, the 4th … time.
      expect(problems.length).toBeGreaterThan(10);
      expect(new Set(problems)).toEqual(new Set(['PROTOCOL']));
    },
  );
});
