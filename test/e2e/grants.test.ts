import { describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { joinByHand, talkByHand } from './support/by-hand.js';
import { joinPage, untilPeers } from './support/lab.js';
import { kinds } from './support/places.js';
import { usePlaces } from './support/set-up.js';

/** What each host may do. */
const authorize = `({ origin }) => ({
  'app://a': {},
  'app://b': { send: ['doc:*'], receive: ['news'], services: ['doc'] },
  'app://c': { peers: ['friend'] },
  '': {}, // Node's
})[origin] ?? false`;

const places = usePlaces({ bridge: { authorize, origins: [] } });
const { lab } = places;

/** Notes all that reaches the victim on channels of all kinds, and what it reports. */
function serve(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const { bus } = window;
    const ran: string[] = (window['ran'] = []);
    const reports: string[] = (window['reports'] = []);
    bus.onError((error) => reports.push((error as { code: string }).code));
    for (const scope of ['doc', 'secret']) {
      bus.handle(`${scope}:ask`, (_: unknown, n: number) => (ran.push(`${scope}:ask`), n));
      bus.handle(`${scope}:stream`, async function* () {
        ran.push(`${scope}:stream`);
        yield 1;
      });
      bus.onPort(`${scope}:port`, (_, port) => {
        ran.push(`${scope}:port`);
        port.onmessage = ({ data }) => port.postMessage(data);
      });
      await bus.subscribe(`${scope}:event`, () => ran.push(`${scope}:event`));
    }
  });
}

describe('grants', () => {
  it('M25: through the API: what is not granted rejects here, before anything is sent', async () => {
    const victim = await lab.join('a', 'victim');
    await serve(victim);
    const page = await lab.join('b', 'granted');
    const outcome = await page.evaluate(async () => {
      const { bus } = window;
      const code = (promise: Promise<unknown>): Promise<unknown> =>
        promise.then(
          (value) => value,
          (error: { code: string }) => error.code,
        );
      const thrown = (does: () => unknown): unknown => {
        try {
          does();
          return 'done';
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      const results: unknown[] = [];
      for (const scope of ['doc', 'secret']) {
        results.push(thrown(() => bus.send(`${scope}:event`)));
        results.push(await code(bus.request(`${scope}:ask`, 1)));
        results.push(
          await code(
            bus
              .stream(`${scope}:stream`)
              .next()
              .then(({ value }) => value),
          ),
        );
        results.push(await code(bus.openPort(`${scope}:port`).then((port) => (port.close(), 'opened'))));
      }
      results.push(
        thrown(() => bus.on('news', () => {})),
        thrown(() => bus.on('other', () => {})),
      );
      results.push(
        thrown(() => bus.handle('doc:mine', () => {})),
        await code(bus.subscribe('doc:event', () => {})),
      );
      await bus.drain();
      return results;
    });
    const no = 'NOT_AUTHORIZED';
    expect(outcome).toEqual(['done', 1, 1, 'opened', no, no, no, no, 'done', no, no, no]);
    expect(await victim.evaluate(() => (window['ran'] as string[]).sort())).toEqual([
      'doc:ask',
      'doc:event',
      'doc:port',
      'doc:stream',
    ]);
  });

  it.each(kinds)('M25: by hand: a %s refuses what its sender has no grant for; what it has is served', async (kind) => {
    const victim = await places.make(kind, 'victim');
    await victim.run(async (here) => {
      const { bus } = here;
      const ran: string[] = [];
      here['ran'] = ran;
      here['reports'] = new Promise((resolve) => bus.onError((error) => resolve((error as { code: string }).code)));
      for (const scope of ['doc', 'secret']) {
        bus.handle(`${scope}:ask`, (_, n: number) => (ran.push(`${scope}:ask`), n));
        bus.handle(`${scope}:stream`, async function* () {
          ran.push(`${scope}:stream`);
          yield 0;
        });
        bus.onPort(`${scope}:port`, () => void ran.push(`${scope}:port`));
        bus.handle(`service:${scope}`, (_, n: number) => (ran.push(`service:${scope}`), n));
        bus.on(`service:${scope}/changed`, () => ran.push(`service:${scope}/changed`));
        await bus.subscribe(`${scope}:event`, () => ran.push(`${scope}:event`));
      }
    });
    // One that sits at another broker is known to the bridge a little later.
    await expect.poll(async () => (await lab.state()).peers.map(({ name }) => name)).toContain('victim');
    const page = await lab.open('b');
    await joinByHand(page, 'hand');
    const answers = await talkByHand(
      page,
      'victim',
      [
        [[0, 1, 'secret:event', 0]],
        [[0, 2, 1, 'secret:ask', 1, 1]],
        [[0, 13, 2, 'secret:stream', 10, 0]],
        [[0, 18, [{}], 17, 3, 'secret:port', 0], 1],
        [[0, 1, 'doc:event', 0]],
        [[0, 2, 4, 'service:secret', 1, 1]],
        [[0, 1, 'service:secret/changed', 0]],
        [[0, 2, 5, 'service:doc', 1, 'used']],
        [[0, 2, 6, 'doc:ask', 1, 'mine']],
      ],
      6,
    );
    expect(
      answers
        .filter(([, id]) => (id as number) < 5)
        .map(([kind, id, error]) => [kind, id, JSON.stringify(error).includes('NOT_AUTHORIZED')]),
    ).toEqual([
      [4, 1, true],
      [4, 2, true],
      [4, 3, true],
      [4, 4, true],
    ]);
    expect(answers.slice(-2)).toEqual([
      [3, 5, 'used'],
      [3, 6, 'mine'],
    ]);
    expect(await victim.run((here) => here['ran'])).toEqual(['doc:event', 'service:doc', 'doc:ask']);
    expect(await victim.run((here) => here['reports'])).toBe('NOT_AUTHORIZED');
    await expect.poll(() => page.evaluate(() => window['openPorts'])).toBe(0);
  });

  it.each(kinds)(
    'M33: by hand: what a window that is shown out says on the link that it keeps open reaches a %s no more',
    async (kind) => {
      const victim = await places.make(kind, 'victim');
      await victim.run((here) => {
        const { bus } = here;
        let [served, late] = [0, 0];
        bus.handle('doc:ask', ({ sender }) => {
          served++;
          if (!bus.peers.get(sender.id)) late++;
          if (served === 20) (here['onServed'] as () => void)();
        });
        here['served'] = new Promise<void>((resolve) => (here['onServed'] = resolve));
        here['left'] = new Promise((resolve) => bus.peers.on('leave', (_, reason) => resolve([reason, late])));
      });
      await expect.poll(async () => (await lab.state()).peers.map(({ name }) => name)).toContain('victim');
      const page = await lab.open('b');
      await joinByHand(page, 'hand');
      const closed = page.evaluate(
        () =>
          new Promise<string>((resolve) => {
            const link = (window['link'] as (id?: string) => MessagePort)(
              (window['ids'] as Record<string, string>)['victim'],
            );
            let [id, taken, over] = [0, 0, false];
            (link as EventTarget).addEventListener('close', () => {
              over = true;
              resolve('closed');
            });
            link.onmessage = () => taken++;
            const turns = new MessageChannel();
            turns.port1.onmessage = () => {
              if (over) return;
              link.postMessage([taken, 2, ++id, 'doc:ask', 0]);
              turns.port2.postMessage(0);
            };
            turns.port2.postMessage(0);
          }),
      );
      await victim.run((here) => here['served'] as Promise<void>);
      await lab.main(({ bridge }) => void bridge.evict(bridge.peers.find(({ name }) => name === 'hand')!));
      expect(await victim.run((here) => here['left'])).toEqual(['evicted', 0]);
      expect(await closed).toBe('closed');
      expect(await victim.run(({ bus }) => bus.load)).toMatchObject({ serving: 0, links: 0 });
    },
  );

  it('M25: the directory shows, and links, only those whom both grants name; the others are as if they were not there', async () => {
    const stranger = await lab.join('a', 'stranger');
    const friend = await lab.join('a', 'friend');
    const c = await lab.join('c', 'c');
    await untilPeers(c, ['friend']);
    await untilPeers(friend, ['stranger', 'c']);
    await untilPeers(stranger, ['friend']);
    for (const page of [stranger, friend]) {
      await page.evaluate(async () => {
        window.bus.handle('who', () => window.bus.self.name);
        await window.bus.subscribe('e', () => {});
      });
    }
    const ids = await stranger.evaluate(() => window.bus.self.id);
    expect(
      await c.evaluate(async (id) => {
        const { bus } = window;
        const text = (error: { code: string; message: string }): string => `${error.code} ${error.message}`;
        const hidden = await bus.to({ id }).request('who').catch(text);
        const unknown = await bus.to({ id: 'nobody' }).request('who').catch(text);
        const same = hidden.replace(id, '') === unknown.replace('nobody', '');
        return [
          await bus.request('who'),
          await bus.request('who'),
          same,
          await bus
            .to('stranger')
            .request('who')
            .catch((error) => error.code),
        ];
      }, ids),
    ).toEqual(['friend', 'friend', true, 'NO_PEER']);
    // A link by hand to a hidden peer: UNLINKED, as for one that isn't there, and the port is closed.
    const hand = await lab.open('c');
    await joinByHand(hand, 'hand');
    expect(await hand.evaluate((id) => (window['openTo'] as (id: string) => Promise<unknown>)(id), ids)).toEqual([
      26,
      ids,
      0,
    ]);
    expect(await stranger.evaluate(() => window.bus.load.links)).toBe(0);
  });

  it('M25: a utility process attached with a grant is held to it, by its API and by those it talks to', async () => {
    const victim = await lab.join('a', 'victim');
    await serve(victim);
    await lab.join('a', 'hidden');
    const utility = await places.utility();
    await utility.attach({ grant: { send: ['doc:*'], receive: [], peers: ['victim'] } });
    await utility.join('granted');
    const outcome = await utility.run(async ({ bus }) => {
      while (bus.peers.size === 0) await new Promise((resolve) => bus.peers.once('join', resolve));
      const code = (promise: Promise<unknown>): Promise<unknown> =>
        promise.catch((error: { code: string }) => error.code);
      const thrown = (does: () => unknown): unknown => {
        try {
          return does();
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      return [
        [...bus.peers].map(({ name }) => name),
        await code(bus.with({ wait: 5000 }).request('doc:ask', 5)),
        await code(bus.request('secret:ask', 5)),
        thrown(() => bus.on('x', () => {})),
        await code(bus.to('hidden').request('doc:ask')),
      ];
    });
    expect(outcome).toEqual([['victim'], 5, 'NOT_AUTHORIZED', 'NOT_AUTHORIZED', 'NO_PEER']);
    expect(await victim.evaluate(() => window['ran'])).toEqual(['doc:ask']);
  });

  it('M25: an authorize() that answers late: its grant holds from the first frame on; one that says no leaves nothing', async () => {
    await places.stop();
    await lab.start({
      origins: [],
      authorize: `(candidate) => new Promise((resolve) => setTimeout(() => resolve((${authorize})(candidate)), 200))`,
    });
    const victim = await lab.join('a', 'victim');
    await serve(victim);
    const page = await lab.open('b');
    await joinPage(page, 'granted');
    expect(
      await page.evaluate(async () => [
        await window.bus.request('doc:ask', 1),
        await window.bus.request('secret:ask').catch((error) => error.code),
      ]),
    ).toEqual([1, 'NOT_AUTHORIZED']);
    const refused = await lab.open('d');
    expect(await refused.evaluate(() => window.lab.connect({ name: 'd' }).then(String, (error) => error.code))).toBe(
      'NOT_AUTHORIZED',
    );
    expect((await lab.state()).peers.map(({ name }) => name).sort()).toEqual(['granted', 'victim']);
  });
});
