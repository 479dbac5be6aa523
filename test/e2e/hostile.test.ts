import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Page } from 'playwright-core';
import { RESULT, REQUEST } from '../../src/core/wire/frames.js';
import { joinBrokerByHand } from '../contract/broker-by-hand.js';
import { linkPost } from '../unit/support/hostile.js';
import { joinByHand } from './support/by-hand.js';
import type { NodeChild } from './support/node-child.js';
import { usePlaces } from './support/set-up.js';

// M26 in real Electron: a peer that speaks the wire by hand, and wrongly, to main, to the bridge, to a window, and through the gateway
// from a window to a Node child and back. The larger fuzz runs on ports in memory: test/unit/core/fuzz.test.ts.

const places = usePlaces({ per: 'suite', left: { malformed: expect.any(Number) } });
const { lab } = places;
let node: NodeChild;
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
  node = await places.node();
  await node.join('node');
  await node.run(async (here) => {
    const problems: string[] = [];
    here['problems'] = problems;
    here.bus.onError((error) => problems.push((error as { code: string }).code));
    here.bus.handle('echo', (_: unknown, value: unknown) => value);
    while (here.bus.peers.size < 2) await new Promise((resolve) => here.bus.peers.once('join', resolve));
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

  it.each(['victim', 'main', 'node'])(
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
      const problems = await problemsOf(target);
      // Told the 1st, the 2nd, the 4th … time.
      expect(problems.length).toBeGreaterThan(10);
      expect(new Set(problems)).toEqual(new Set(['PROTOCOL']));
    },
  );

  it.each(['victim', 'main'])('is a Node process, which sends the like to %s through the gateway', async (target) => {
    const before = (await problemsOf(target)).length;
    const rogue = await joinBrokerByHand((await places.nodes()).address, 'rogue');
    const link = await rogue.link((await lab.state()).peers.find(({ name }) => name === target)!.id);
    // Too much of it ends a link: then there is no answer.
    const outcome = new Promise<unknown>((resolve) => {
      link.start({
        message(data) {
          const post = data as unknown[];
          const at = post.findIndex((each, i) => each === RESULT && post[i + 1] === 987_654);
          if (at >= 0) resolve(post[at + 2]);
        },
        unreadable() {},
        close: () => resolve('ended'),
      });
    });
    for (const post of fc.sample(linkPost, { numRuns: 300, seed })) {
      try {
        link.post(post);
      } catch {
        // Not even this one can send it.
      }
    }
    link.post([0, REQUEST, 987_654, 'echo', 1, 'still here']);
    expect(['still here', 'ended']).toContain(await outcome);
    rogue.close();
    expect(await victim.evaluate(() => window.bus.to('main').request('echo', 2))).toBe(2);
    expect(await victim.evaluate(() => window.bus.to('node').with({ wait: 5000 }).request('echo', 3))).toBe(3);
    const problems = (await problemsOf(target)).slice(before);
    expect(problems.length).toBeGreaterThan(0);
    expect(new Set(problems)).toEqual(new Set(['PROTOCOL']));
  });

  it('does nothing but subscribe and unsubscribe: it loses its seat, and the others go on', async () => {
    const page = await lab.open('c');
    await joinByHand(page, 'flooder');
    await page.evaluate(async () => {
      const control = window['control'] as MessagePort;
      const closed = new Promise((resolve) => (control as EventTarget).addEventListener('close', resolve));
      let number = 0;
      let over = false;
      void closed.then(() => (over = true));
      while (!over) {
        for (let i = 0; i < 1000; i++) control.postMessage([[1, ++number, [number % 2 ? 1 : 2, 'x']]]);
        await new Promise((resolve) => setTimeout(resolve, 0)); // in which it hears of the close
      }
    });
    expect((await lab.state()).peers.map(({ name }) => name)).not.toContain('flooder');
    expect(await victim.evaluate(() => window.bus.to('main').request('echo', 4))).toBe(4);
    expect(await victim.evaluate(() => [...window.bus.peers].map(({ name }) => name))).not.toContain('flooder');
  });
});

/** What it has reported, as codes. */
function problemsOf(target: string): Promise<string[]> {
  if (target === 'main') return lab.main((main) => (main as never as { problems: string[] }).problems);
  if (target === 'node') return node.run((here) => here['problems'] as string[]);
  return victim.evaluate(() => window['problems'] as string[]);
}
