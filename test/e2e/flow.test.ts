import { describe, expect, it } from 'vitest';
import { peakMemory } from './support/memory.js';
import type { Place } from './support/place.js';
import { usePlaces } from './support/set-up.js';

const places = usePlaces();
const { lab } = places;

/** Counts what comes on `e`; on `hang`, the place is busy for so many milliseconds. */
function listen(place: Place): Promise<void> {
  return place.run(async (here) => {
    here['count'] = 0;
    here.bus.on('hang', (_, ms: number) => {
      const until = Date.now() + ms;
      while (Date.now() < until);
    });
    here.bus.handle('asked', () => true);
    await here.bus.subscribe('e', () => (here['count'] as number)++);
  });
}

const count = (place: Place): Promise<unknown> => place.run((here) => here['count']);

describe('a slow receiver of plain sends', () => {
  it.each([
    ['window', 'window'],
    ['utility', 'window'],
    ['window', 'utility'],
    ['main', 'window'],
    ['thread', 'window'],
    ['window', 'Node child'],
    ['Node child', 'window'],
  ] as const)('M22: from %s to %s: pending grows, drain() waits for all of it', async (from, to) => {
    const receiver = await places.make(to, 'receiver');
    const sender = await places.make(from, 'sender');
    // What subscribe() waits for is those whom the broker of the receiver knows.
    await receiver.run(async ({ bus }) => {
      while (bus.peers.named('sender').length === 0) await new Promise((resolve) => bus.peers.once('join', resolve));
    });
    await listen(receiver);
    const seen = await sender.run(async ({ bus }) => {
      const to = bus.to('receiver');
      to.send('e', 0);
      await bus.drain();
      const before = to.pending;
      to.send('hang', 1500);
      const from = performance.now();
      const pending: number[] = [];
      for (let i = 1; i <= 20_000; i++) {
        to.send('e', i);
        if (i % 5000 === 0) pending.push(to.pending);
      }
      await bus.drain();
      return { before, pending, after: to.pending, waited: performance.now() - from };
    });
    expect(seen.before).toBe(0);
    // `hang` itself is one of those.
    expect(seen.pending).toEqual([5001, 10_001, 15_001, 20_001]);
    expect(seen.after).toBe(0);
    expect(seen.waited).toBeGreaterThan(1400);
    expect(await count(receiver)).toBe(20_001);
  });

  it('M22: the limit’s policy acts: events and requests beyond it fail with LIMIT, what was taken arrives', async () => {
    const receiver = await places.join('a', 'receiver');
    await listen(receiver);
    const sender = await lab.open('b');
    const outcome = await sender.evaluate(async () => {
      const bus = await window.lab.connect({ name: 'sender', flow: { limit: 5000 } });
      const to = bus.to('receiver');
      const send = (): string => {
        try {
          to.send('e', 1);
          return 'sent';
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      send();
      await bus.drain();
      to.send('hang', 1500);
      let taken = 1;
      while (taken < 100_000 && send() === 'sent') {
        // As an application does: some in each turn.
        if (++taken % 1000 === 0) await Promise.resolve();
      }
      const refused = [send(), await to.request('asked').catch((error) => error.code as string)];
      const { pending } = to;
      await bus.drain();
      return { taken, refused, pending, after: [send(), to.pending] };
    });
    expect(outcome).toMatchObject({ refused: ['LIMIT', 'LIMIT'], after: ['sent', 1] });
    // 4,096 are under way, 5,000 wait.
    expect(outcome.pending).toBeGreaterThanOrEqual(9096);
    expect(outcome.pending).toBeLessThan(9096 + 512);
    await expect.poll(() => count(receiver)).toBe(outcome.taken + 1);
  });

  it.each([['window'], ['Node child']] as const)(
    'M22: to a %s: bytes that wait are bounded, and so is the sender’s memory; with `buffer`, all of it is taken and arrives',
    async (kind) => {
      const receiver = await places.make(kind, 'receiver');
      await listen(receiver);
      const sender = await places.join('b', 'main seat');
      const send = (flow: object) =>
        sender.run(async (_, given) => {
          const bus = await window.lab.connect({ name: 'sender', flow: given });
          const to = bus.to('receiver');
          to.send('e', 0);
          await bus.drain();
          to.send('hang', 2000);
          let taken = 1;
          try {
            for (; taken < 3000; taken++) {
              to.send('e', new Uint8Array(16 * 1024));
              if (taken % 100 === 0) await Promise.resolve();
            }
          } catch (error) {
            if ((error as { code: string }).code !== 'LIMIT') throw error;
          }
          await bus.drain();
          await bus.close();
          return taken;
        }, flow);
      const bounded = await peakMemory(lab, [sender], () => send({ limitBytes: 8 * 1024 * 1024 }));
      // 512 blocks wait, and some 450 are under way: a window of 4,096, in which one costs 9.
      expect(bounded.result).toBeGreaterThan(900);
      expect(bounded.result).toBeLessThan(1100);
      // The sender's, and the gateway's if it passes through one: what is under way is there too.
      for (const megabytes of bounded.growth) expect(megabytes).toBeLessThan(60);
      expect(await count(receiver)).toBe(bounded.result);
      expect(await send({ limit: 10, limitBytes: 10, overflow: 'buffer' })).toBe(3000);
      expect(await count(receiver)).toBe(bounded.result + 3000);
    },
  );

  it('M22: drain() for one peer waits for no other that hangs; for all, it says who that is when its time is over', async () => {
    const [quick, slow] = [await places.join('a', 'quick'), await places.join('b', 'slow')];
    for (const place of [quick, slow]) await listen(place);
    const sender = await places.join('c', 'sender');
    const outcome = await sender.run(async ({ bus }) => {
      bus.send('e', 0);
      await bus.drain();
      bus.to('slow').send('hang', 2000);
      for (let i = 0; i < 1000; i++) bus.send('e', i);
      await bus.to('quick').drain();
      const pending = [bus.to('quick').pending, bus.to('slow').pending];
      const late = await bus
        .with({ timeout: 100 })
        .drain()
        .catch((error) => error.message as string);
      await bus.drain();
      return { pending, late, after: bus.pending };
    });
    expect(outcome.pending).toEqual([0, 1001]);
    expect(outcome.late).toMatch(/^drain\(\): after 100 ms, .*: slow \(1002\)\./);
    expect(outcome.after).toBe(0);
    expect(await Promise.all([quick, slow].map(count))).toEqual([1001, 1001]);
  });

  it('M22: one of eight hangs: the other seven get theirs at once, and what it loses is told', async () => {
    const receivers = [];
    for (let i = 0; i < 8; i++) receivers.push(await places.join('a', `r${i}`));
    for (const place of receivers) {
      await listen(place);
      await place.run(({ bus }) => void bus.handle(`done ${bus.self.name}`, () => true));
    }
    const sender = await lab.open('b');
    const outcome = await sender.evaluate(async () => {
      const bus = await window.lab.connect({ name: 'sender', flow: { limit: 1000 } });
      let dropped = 0;
      const whose = new Set<string>();
      bus.onDropped(({ peer, count, error }) => {
        dropped += count;
        whose.add(`${peer.name} ${error.code}`);
      });
      bus.send('e', 0);
      await bus.drain();
      const from = performance.now();
      bus.to('r3').send('hang', 4000);
      for (let round = 0; round < 50; round++) {
        for (let i = 0; i < 200; i++) bus.send('e', i);
        await Promise.all([0, 1, 2, 4, 5, 6, 7].map((i) => bus.request(`done r${i}`)));
      }
      const took = performance.now() - from;
      const { pending } = bus.to('r3');
      const loss = await bus.drain().catch((error) => error.code as string);
      await bus.drain(); // it rejects once
      return { loss, took, pending, dropped, whose: [...whose] };
    });
    expect(outcome.loss).toBe('LIMIT');
    expect(outcome.took).toBeLessThan(4000);
    expect(outcome.pending).toBeGreaterThan(5000);
    expect(outcome.whose).toEqual(['r3 LIMIT']);
    const counts = await Promise.all(receivers.map(count));
    expect(counts.filter((_, i) => i !== 3)).toEqual(Array(7).fill(10_001));
    expect(counts[3]).toBe(10_001 - outcome.dropped);
  });
});
