import assert from 'node:assert';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { checkFlow } from '../../../../src/core/link/flow.js';
import { Outbox } from '../../../../src/core/link/outbox.js';
import { Turn } from '../../../../src/core/link/turn.js';
import { costOf } from '../../../../src/core/link/window.js';
import { ECHO, EVENT } from '../../../../src/core/wire/frames.js';
import { whenDrained } from '../../../contract/when-drained.js';
import { FakePort } from '../../support/fake-port.js';
import { eventsOf } from '../../support/events-of.js';
import { turn } from '../../support/turn.js';

type Step =
  | { readonly do: 'events'; readonly count: number }
  | { readonly do: 'alone'; readonly bytes: number }
  | { readonly do: 'acknowledge'; readonly share: number }
  | { readonly do: 'dispatched'; readonly frames: number; readonly reply: boolean }
  | { readonly do: 'turn' | 'drain' | 'flush' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('events' as const), count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(700)) }),
  fc.record({ do: fc.constant('alone' as const), bytes: fc.oneof(fc.constant(0), fc.nat(100_000)) }),
  fc.record({ do: fc.constant('acknowledge' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ do: fc.constant('dispatched' as const), frames: fc.nat(300), reply: fc.boolean() }),
  fc.record({ do: fc.constantFrom('turn' as const, 'drain' as const, 'flush' as const) }),
);

describe('the outbox, whatever is sent and acknowledged', () => {
  it('posts everything once and in order, never far beyond its window, and comes to rest', async () => {
    const scenario = fc.record({
      highWater: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 500, max: 4096 })),
      limit: fc.integer({ min: 1, max: 2000 }),
      late: fc.boolean(),
      steps: fc.array(step, { maxLength: 60 }),
    });
    await fc.assert(fc.asyncProperty(scenario, run), { numRuns: 200 });
  });
});

async function run(scenario: {
  readonly highWater: number;
  readonly limit: number;
  readonly late: boolean;
  readonly steps: readonly Step[];
}): Promise<void> {
  const { highWater, limit, late, steps } = scenario;
  const port = new FakePort();
  const fail = (): never => assert.fail('nothing can fail here');
  const flow = checkFlow('test', { highWater, limit });
  const options = { turn: new Turn(), flow, onFailure: fail, onUnpostable: fail };
  const outbox = new Outbox(late ? options : { ...options, port });
  /** Cost of what went alone, by its number. */
  const heavy = new Map<number, number>();
  let sent = 0;
  let drains = 0;
  let acknowledged = 0;
  const costs = (post: readonly unknown[]): number => {
    return eventsOf(post).reduce((cost: number, event) => cost + (heavy.get(event as number) ?? 1), 0);
  };
  const check = (): void => {
    const underWay = port.posts.slice(acknowledged);
    const last = underWay.filter((post) => post.length > 1).at(-1);
    const cost = underWay.reduce((sum, post) => sum + costs(post), 0);
    assert.ok(cost - (last ? costs(last) : 0) < highWater, `${cost} under way, of ${highWater}`);
    if (outbox.full) assert.ok(outbox.pending - underWay.flatMap(eventsOf).length >= limit, 'full before its time');
    // Whoever waits for room has asked for it.
    if (cost >= highWater) assert.ok(underWay.some((post) => post.at(-1) === ECHO));
  };
  const acknowledge = (post: number): void => {
    assert.ok(outbox.acknowledge(post));
    acknowledged = post;
    outbox.dispatched(0, false);
  };
  const attachAt = Math.floor(steps.length / 2);
  for (const [i, each] of steps.entries()) {
    if (late && i === attachAt) outbox.attach(port);
    switch (each.do) {
      case 'events':
        for (let n = 0; n < each.count; n++) outbox.frame(1).push(EVENT, ++sent, 0);
        break;
      case 'alone':
        heavy.set(++sent, costOf(1, each.bytes));
        outbox.postAlone([EVENT, sent, 0], [], { kind: EVENT, id: 0, channel: 'c' }, 1, each.bytes);
        break;
      case 'acknowledge':
        acknowledge(acknowledged + Math.floor(each.share * (port.posts.length - acknowledged)));
        break;
      case 'dispatched':
        if (!late || i >= attachAt) outbox.dispatched(each.frames, each.reply);
        break;
      case 'turn':
        await turn();
        break;
      case 'flush':
        outbox.flush();
        break;
      case 'drain':
        void whenDrained(outbox).then(() => drains--);
        drains++;
        break;
    }
    check();
  }
  if (late && steps.length === 0) outbox.attach(port);
  for (let idle = false; !idle;) {
    await turn();
    check();
    idle = acknowledged === port.posts.length;
    acknowledge(port.posts.length);
  }
  await turn();
  assert.deepEqual([outbox.pending, drains, outbox.full], [0, 0, false]);
  assert.deepEqual(
    port.posts.flatMap(eventsOf),
    Array.from({ length: sent }, (_, i) => i + 1),
  );
  outbox.close(undefined);
}
