import { beforeEach, describe, expect, it } from 'vitest';
import type { BridgeState } from '../../src/main/index.js';
import type { Frame } from './support/frame.js';
import type { World } from './support/place.js';
import { usePlaces } from './support/set-up.js';

// Who asks its owner for a seat, and shall not get one, or not that name.

const places = usePlaces({ left: { malformed: expect.any(Number) } });
let page: Frame;

beforeEach(async () => {
  page = await places.join('a', 'page');
});

const owner = 'app://a';

/** The bridge knows of the page, and of nothing else. */
async function expectNobody(state: Partial<BridgeState>): Promise<void> {
  const now = await places.lab.state();
  expect(now).toMatchObject({ documents: 1, watched: 1, departing: 0, channels: {}, ...state });
  expect(now.peers.map(({ name }) => name)).toEqual(['page']);
  const { processes } = await places.lab.main((main) => main.bridge.registry.snapshot());
  expect(processes.flatMap(({ frames }) => frames).length).toBe(1);
  expect(await page.run(({ bus }) => [bus.peers.size, bus.load.links])).toEqual([0, 0]);
}

/** Asks by hand, and sends a port behind the answer: resolves with what comes on it. */
function ask(frame: Frame, message: unknown[]): Promise<unknown> {
  return frame.run(
    (_, given) =>
      new Promise((resolve) => {
        addEventListener('message', ({ data }) => {
          if (data[0] !== 'portmesh:answer') return;
          const { port1, port2 } = new MessageChannel();
          const got: unknown[] = [];
          port1.onmessage = ({ data: said }) => got.push(said[0].slice(0, 2));
          port1.addEventListener('close', () => resolve([...got, 'closed']));
          parent.postMessage(given, '*', [port2]);
        });
        parent.postMessage(given, '*');
      }),
    message,
  );
}

describe('M24: a frame without the preload', () => {
  it('M24: that its page does not share is told so; nobody hears of it', async () => {
    const frame = await page.frame('inner', { src: places.url('d') });
    expect(await frame.refused('inner', { owner, timeout: 300 })).toMatch(/^TIMEOUT: .*is share\(iframe/i);
    expect(await frame.refused('inner')).toMatch(/^BRIDGE_GONE: .*or let the page it is in share\(iframe/);
    await expectNobody({ refused: 0, malformed: 0 });
  });

  it('M24: that its page shares no longer is not let in any more; who is in stays', async () => {
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.share(frame, { origin: 'app://d' });
    await frame.join('inner', { owner });
    await page.unshare(frame);
    expect(await frame.refused('again', { owner, timeout: 300 })).toMatch(/^TIMEOUT/);
    expect(await frame.run(({ bus }) => bus.state)).toBe('open');
  });

  it('M24: that authorize() refuses is refused for good; no port is left', async () => {
    await places.stop();
    await places.lab.start({ authorize: '({ via }) => via === undefined' });
    page = await places.join('a', 'page');
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.share(frame, { origin: 'app://d' });
    expect(await frame.refused('inner', { owner })).toMatch(
      /^NOT_AUTHORIZED: .*authorize\(\) refused the frame at app:\/\/d/,
    );
    expect(await ask(frame, ['portmesh:ask', '0123456789abcdef', 'inner', 1, null, 1])).toEqual([
      [21, 'NOT_AUTHORIZED'],
      'closed',
    ]);
    await expectNobody({ refused: 2, malformed: 0 });
  });

  it('M24: whose asks are forged gets nothing', async () => {
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.share(frame, { origin: 'app://d' });
    await frame.run(() => {
      const nonce = '0123456789abcdef';
      for (const message of [
        ['portmesh:ask'],
        ['portmesh:ask', 'short', 'x', 1],
        ['portmesh:ask', nonce, '', 1],
        ['portmesh:ask', nonce, 'x'.repeat(300), 1],
        ['portmesh:ask', nonce, 'x', '1', null, 1],
        ['portmesh:ask', nonce, 'x', 1, null, 'document'],
        ...[
          { type: 'window', origin: 'app://a', grant: {} },
          { type: 'frame', origin: 5, grant: {} },
          { type: 'frame', origin: 'app://a', grant: { all: ['*'] } },
          { type: 'frame', origin: 'app://a', grant: {}, share: 'short' },
          { type: 'frame', origin: 'app://a', grant: {}, document: '1' },
        ].map((vouch) => ['portmesh:ask', nonce, 'x', 1, { share: nonce, document: 1, ...vouch }, 1]),
        { 0: 'portmesh:ask', 1: nonce, 2: 'x', 3: 1, length: 4 },
      ]) {
        parent.postMessage(message, 'app://a', [new MessageChannel().port2]);
        parent.postMessage(message, 'app://a');
      }
    });
    expect(await ask(frame, ['portmesh:ask', 'fedcba9876543210', 'x', 99, null, 1])).toEqual([
      [21, 'VERSION_MISMATCH'],
      'closed',
    ]);
    await expectNobody({ refused: 1, malformed: 0 });
  });

  it('M24: that says of itself what it is not is what its page says that it is', async () => {
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.share(frame, { origin: 'app://d', grant: { send: ['allowed'] } });
    const nonce = '0123456789abcdef';
    const forged = { type: 'worker', origin: '', grant: { send: ['*'] }, share: nonce, document: 1 };
    const got = frame.run(
      (_, message) =>
        new Promise((resolve) => {
          addEventListener('message', ({ data }) => {
            if (data[0] !== 'portmesh:answer') return;
            const { port1: port, port2 } = new MessageChannel();
            port.onmessage = ({ data: [[kind, welcome]] }) => resolve([kind, welcome.self.type, welcome.grant.send]);
            Object.assign(globalThis, { port });
            parent.postMessage(message, '*', [port2]);
          });
          parent.postMessage(message, '*');
        }),
      ['portmesh:ask', nonce, 'x', 1, forged, 1],
    );
    expect(await got).toEqual([20, 'frame', ['allowed']]);
  });

  it('M24: that uses the nonce of another frame, or answers in the place of its page, gains nothing', async () => {
    const victim = await page.frame('victim', { src: places.url('d') });
    const thief = await page.frame('thief', { src: 'app://d/listening.html' });
    await page.run((world) => {
      addEventListener('message', ({ data }) => void (world['nonce'] = data[1]));
    });
    const joined = victim.join('victim', { owner });
    const nonce = await page.run(async (world) => {
      while (!world['nonce']) await new Promise((resolve) => setTimeout(resolve));
      return world['nonce'] as string;
    });
    // It knows the nonce, by whatever way: it answers for the page, and asks the page.
    await thief.run((_, stolen) => {
      parent.frames[0]!.postMessage(['portmesh:answer', stolen], '*', [new MessageChannel().port2]);
      parent.postMessage(['portmesh:ask', stolen, 'thief', 1, null, 1], 'app://a');
      parent.postMessage(['portmesh:ask', stolen, 'thief', 1, null, 1], 'app://a', [new MessageChannel().port2]);
    }, nonce);
    await page.share(victim, { origin: 'app://d' });
    const id = await joined;
    await thief.run((_, stolen) => {
      parent.postMessage(['portmesh:ask', stolen, 'thief', 1, null, 1], 'app://a', [new MessageChannel().port2]);
    }, nonce);
    // Asked again, with a nonce that has been answered: there is one answer for each, and one seat.
    await victim.run((_, stolen) => {
      parent.postMessage(['portmesh:ask', stolen, 'twice', 1, null, 1], 'app://a');
      parent.postMessage(['portmesh:ask', stolen, 'twice', 1, null, 1], 'app://a', [new MessageChannel().port2]);
    }, nonce);
    await page.run(({ bus }) => bus.subscribe('barrier', () => {}));
    await page.run(() => {
      for (const frame of Array.from({ length: 2 }, (_, i) => frames[i]!)) frame.postMessage('barrier', '*');
    });
    const got = await thief.run(async (world) => {
      const messages = world['messages'] as unknown[][];
      while (messages.length === 0) await new Promise((resolve) => setTimeout(resolve));
      return messages;
    });
    expect(got).toEqual([['barrier', 0]]);
    const { peers } = await places.lab.state();
    expect(peers.map(({ name }) => name)).toEqual(['page', 'victim']);
    expect(await victim.run(({ bus }) => [bus.self.id, bus.state])).toEqual([id, 'open']);
  });

  it('M24: a second answer, of its own page even, changes nothing', async () => {
    const frame = await page.frame('inner', { src: places.url('d') });
    await page.run((world) => {
      addEventListener('message', ({ data }) => void (world['nonce'] = data[1]));
    });
    const joined = frame.join('inner', { owner });
    await page.run(async (world) => {
      while (!world['nonce']) await new Promise((resolve) => setTimeout(resolve));
    });
    await page.share(frame, { origin: 'app://d' });
    const id = await joined;
    await page.run((world) => {
      frames[0]!.postMessage(['portmesh:answer', world['nonce']], '*', [new MessageChannel().port2]);
      world.bus.handle('add', (_: unknown, a: number, b: number) => a + b);
    });
    expect(await frame.run(({ bus }) => bus.with({ wait: 5000 }).request('add', 1, 2))).toBe(3);
    expect(await frame.run(({ bus }) => bus.self.id)).toBe(id);
    expect((await places.lab.state()).peers).toHaveLength(2);
  });
});

describe('M24: others that nobody has let in', () => {
  it('M24: a worker that is not shared', async () => {
    const worker = await page.worker('worker');
    expect(await worker.refused('x', { timeout: 300 })).toMatch(/^TIMEOUT: .*share\(worker\)/);
    await expectNobody({ refused: 0, malformed: 0 });
  });

  it('M24: a utility process, and a thread, that are not attached, and a thread that is not shared', async () => {
    const [utility, thread] = [await places.utility(), await places.thread()];
    for (const each of [utility, thread]) {
      expect(await each.refused('x', { timeout: 300 })).toMatch(/^TIMEOUT: .*bridge\.attach\(/);
    }
    const hosted = await utility.thread();
    expect(await hosted.refused('x', { timeout: 300 })).toMatch(/^TIMEOUT: .*share\(worker/);
    await expectNobody({ refused: 0, malformed: 0, attached: 0 });
    // What hosts it isn't attached: sharing it is of no use.
    await utility.share(hosted);
    expect(await hosted.refused('x', { timeout: 1500 })).toMatch(/^TIMEOUT/);
    await expectNobody({ refused: 0, malformed: 0, attached: 0 });
  });

  it('M24: asks of attached processes that are forged, by hand', async () => {
    const [utility, thread] = [await places.utility(), await places.thread()];
    await utility.attach();
    await thread.attach();
    const forge = (world: World): void => {
      const { via } = world.lab as never as { via: { postMessage(message: unknown): void } };
      const nonce = `${Math.random()}`.padEnd(20, '0');
      via.postMessage(['portmesh:ask']);
      via.postMessage(['portmesh:ask', 'short', 'x', 1]);
      via.postMessage(['portmesh:ask', nonce, '', 1, null, 0]);
      const vouch = { type: 'window', origin: '', grant: {}, share: nonce, document: 0 };
      via.postMessage(['portmesh:ask', nonce, 'x', 1, vouch, 0]);
      // One that makes sense, but lets in what it can't have.
      via.postMessage(['portmesh:ask', nonce, 'x', 1, { ...vouch, type: 'frame', origin: 'app://a' }, 0]);
      via.postMessage(['portmesh:ask', `${nonce}2`, 'x', 99, null, 0]);
    };
    for (const each of [utility, thread]) await each.run(forge);
    // Behind them.
    await places.lab.main(async (main) => {
      while (main.bridge.state().refused < 4) await new Promise(setImmediate);
    });
    await expectNobody({ refused: 4, malformed: 8, attached: 2 });
    await utility.join('a utility');
    await thread.join('a thread');
  });

  it('M24: attaching ends with its registration', async () => {
    const utility = await places.utility();
    await utility.attach();
    await utility.detach();
    expect(await utility.refused('x', { timeout: 300 })).toMatch(/^TIMEOUT/);
    await expectNobody({ refused: 0, attached: 0 });
  });
});
