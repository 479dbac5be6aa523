import { describe, expect, it } from 'vitest';
import { kinds } from './support/places.js';
import { usePlaces } from './support/set-up.js';

const places = usePlaces();

describe('a peer that hangs for 3 s', () => {
  it.each(kinds)(
    'M12: a %s: unresponsive, then responsive; nothing pending is rejected before its own time-out',
    async (kind) => {
      const hung = await places.make(kind, 'hung');
      const other = await places.join('b', 'other');
      const watcher = await places.join('c', 'watcher');
      await hung.run(({ bus }) => {
        bus.handle('echo', (_, n: number) => n);
        bus.handle('later', () => new Promise((resolve) => setTimeout(() => resolve('later'), 10)));
        bus.handle('hang', (_, ms: number) => {
          const until = Date.now() + ms;
          while (Date.now() < until);
          return 'hung';
        });
      });
      await other.run(({ bus }) => void bus.handle('echo', (_, n: number) => n));
      const outcome = await watcher.run(async ({ bus }) => {
        const news: string[] = [];
        let responsive: (() => void) | undefined;
        const again = new Promise<void>((resolve) => (responsive = resolve));
        bus.peers.on('unresponsive', (peer) => news.push(`${peer.name} unresponsive`));
        bus.peers.on('responsive', (peer) => {
          news.push(`${peer.name} responsive`);
          responsive?.();
        });
        const to = bus.to('hung');
        const from = performance.now();
        const settled = (promise: Promise<unknown>): Promise<[unknown, number]> =>
          promise
            .catch((error: { code: string }) => error.code)
            .then((outcome) => [outcome, performance.now() - from] as [unknown, number]);
        await to.with({ wait: 5000 }).request('echo', 0);
        const later = settled(to.request('later'));
        const pending = [settled(to.request('hang', 3000))];
        await bus.to('other').with({ wait: 5000 }).request('echo', 0);
        for (let n = 0; n < 100; n++) pending.push(settled(to.request('echo', n)));
        const timedOut = settled(to.with({ timeout: 800 }).request('echo', 0));
        // A peer that is slow to answer is no peer that hangs, and the others are not touched.
        const [code, after] = await timedOut;
        const other = await bus.to('other').request('echo', 7);
        const results = await Promise.all([...pending, later]);
        await again;
        return { news, code, after, other, results: results.map(([result]) => result), load: bus.load };
      });
      expect(outcome.news).toEqual(['hung unresponsive', 'hung responsive']);
      expect(outcome.code).toBe('TIMEOUT');
      expect(outcome.after).toBeGreaterThan(790);
      expect(outcome.other).toBe(7);
      expect(outcome.results).toEqual(['hung', ...Array.from({ length: 100 }, (_, n) => n), 'later']);
      expect(outcome.load).toMatchObject({ calls: 0 });
    },
  );

  it.each(['window', 'utility', 'worker', 'thread', 'main’s thread', 'Node child'] as const)(
    'M15: a link that is opened to a %s while it hangs works afterwards, and a port too',
    async (kind) => {
      const hung = await places.make(kind, 'hung');
      const late = await places.join('b', 'late');
      await hung.run(({ bus }) => {
        bus.handle('hang', () => {
          // When the answer has left, and before anything else comes.
          void (async () => {
            if ('setImmediate' in globalThis) await new Promise((resolve) => setImmediate(resolve));
            else for (let i = 0; i < 20; i++) await Promise.resolve();
            const until = Date.now() + 3000;
            while (Date.now() < until);
          })();
          return 'now';
        });
        bus.handle('echo', (event, n: number) => [event.sender.name, n]);
        bus.onPort('port', (_, port) => (port.onmessage = ({ data }) => port.postMessage(data)));
      });
      await late.run(async ({ bus }) => {
        while (bus.peers.handling('port').length === 0)
          await new Promise((resolve) => bus.peers.once('change', resolve));
      });
      const teller = await places.join('c', 'teller');
      expect(await teller.run(({ bus }) => bus.with({ wait: 5000 }).request('hang'))).toBe('now');
      const outcome = await late.run(async ({ bus }) => {
        const from = performance.now();
        const asked = bus.to('hung').request('echo', 1);
        const opened = bus.to('hung').openPort('port');
        const linkless = bus.load.links;
        const answer = await asked;
        const port = await opened;
        const echoed = new Promise((resolve) => (port.onmessage = ({ data }) => resolve(data)));
        port.postMessage('over the port');
        return { linkless, answer, echoed: await echoed, waited: performance.now() - from };
      });
      expect(outcome).toMatchObject({ linkless: 1, answer: ['late', 1], echoed: 'over the port' });
      expect(outcome.waited).toBeGreaterThan(1500);
    },
  );
});
