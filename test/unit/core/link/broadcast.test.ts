import assert from 'node:assert';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Broadcast } from '../../../../src/core/link/broadcast.js';
import { checkFlow } from '../../../../src/core/link/flow.js';
import { Outbox } from '../../../../src/core/link/outbox.js';
import { unfold } from '../../../../src/core/link/reader.js';
import { Turn } from '../../../../src/core/link/turn.js';
import { capture } from '../../../../src/core/wire/capture.js';
import { EVENT, REQUEST, TEXT } from '../../../../src/core/wire/frames.js';
import { eventsOf } from '../../support/events-of.js';
import { FakePort } from '../../support/fake-port.js';
import { turn } from '../../support/turn.js';

/** Several peers' outboxes, and what a bus does to tell them all. */
class Audience {
  readonly ports: FakePort[];
  readonly outboxes: Outbox[];
  readonly #turn = new Turn();

  constructor(size: number, flow = {}) {
    const fail = (): never => assert.fail('nothing can fail here');
    this.ports = Array.from({ length: size }, () => new FakePort());
    const options = { turn: this.#turn, flow: checkFlow('test', flow), onFailure: fail, onUnpostable: fail };
    this.outboxes = this.ports.map((port) => new Outbox({ port, ...options }));
  }

  /** Returns how many share it. */
  tell(channel: string, args: readonly unknown[] = [], whom: readonly Outbox[] = this.outboxes): number {
    const broadcast = this.#turn.gather(channel, args);
    let count = 0;
    for (const outbox of whom) {
      if (outbox.share(broadcast)) count++;
      else outbox.frame(1).push(EVENT, channel, args.length, ...args);
    }
    return count;
  }

  /** What has been posted to one of them, texts as what they stand for. */
  got(index: number): unknown[][] {
    return (this.ports[index] as FakePort).posts.map((post) => unfold(post) as unknown[]);
  }
}

const ten = Array.from({ length: 10 }, (_, i) => `e${i}`);

afterEach(() => void vi.useRealTimers());

describe('what several peers are told in a turn', () => {
  it('is written once, as one text for all', async () => {
    const all = new Audience(3);
    for (const channel of ten) expect(all.tell(channel, [{ n: 1 }])).toBe(3);
    await turn();
    for (const [index, { posts }] of all.ports.entries()) {
      expect(posts).toEqual([[0, TEXT, expect.any(String)]]);
      expect(eventsOf(all.got(index)[0] as unknown[])).toEqual(ten);
    }
  });

  it('is written once, too, where all of them have a crowd of posts to come to, whatever turns it was told in', async () => {
    // One more joins the crowd after a millisecond, which a busy machine takes between two of these turns.
    vi.useFakeTimers({ toFake: ['performance'] });
    const all = new Audience(3);
    for (let i = 0; i < 100; i++) {
      all.tell('crowd');
      await turn();
      if (all.ports.every(({ posts }) => posts.length < i)) break;
    }
    const before = all.ports.map(({ posts }) => posts.length);
    const told = ten.map(async (channel, i) => {
      for (let turns = 0; turns < i; turns++) await Promise.resolve();
      return all.tell(channel);
    });
    expect(new Set(await Promise.all(told))).toEqual(new Set([3]));
    expect(all.ports.map(({ posts }) => posts.length)).toEqual(before);
  });

  it('is cloned for each where it is only a few events', async () => {
    const all = new Audience(2);
    for (const channel of ten.slice(0, 7)) all.tell(channel, [1]);
    await turn();
    expect(all.ports.map(({ posts }) => posts[0]?.[1])).toEqual([EVENT, EVENT]);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['NaN', NaN],
    ['infinite', -Infinity],
    ['a negative zero', -0],
    ['a bigint', 10n],
    ['a date', new Date(0)],
    ['what would speak for itself', { toJSON: 'not a function' }],
  ])('is cloned for each where JSON would change it: %s', async (_, value) => {
    const all = new Audience(2);
    for (const channel of ten) all.tell(channel, capture([{ nested: [value] }]));
    await turn();
    for (const index of [0, 1]) {
      expect(all.ports[index]?.posts[0]?.[1]).toBe(EVENT);
      expect(all.got(index)[0]?.at(-1)).toStrictEqual({ nested: [value] });
    }
  });

  it.each([Array.prototype, Object.prototype])(
    'is cloned where a page has taught all arrays, or objects, to speak',
    (all) => {
      Object.defineProperty(all, 'toJSON', { value: () => 'mine', configurable: true });
      try {
        const audience = new Audience(2);
        for (const channel of ten) audience.tell(channel, [1]);
        for (const outbox of audience.outboxes) outbox.flush();
        expect(audience.ports.map(({ posts }) => posts[0]?.[1])).toEqual([EVENT, EVENT]);
      } finally {
        delete (all as { toJSON?: unknown }).toJSON;
      }
    },
  );

  it('is shared by those who have been told nothing else; the others get it in the order in which all was handed over', async () => {
    const all = new Audience(3);
    const [first, second] = all.outboxes as [Outbox, Outbox];
    first.frame(1).push(EVENT, 'before', 0);
    expect(all.tell(ten[0] as string)).toBe(2);
    for (const channel of ten.slice(1, 8)) all.tell(channel);
    second.frame().push(REQUEST, 1, 'between', 0);
    for (const channel of ten.slice(8)) expect(all.tell(channel)).toBe(1);
    await turn();
    expect(eventsOf(all.got(0)[0] as unknown[])).toEqual(['before', ...ten]);
    const [, ...frames] = all.got(1)[0] as unknown[];
    const event = (channel: string): unknown[] => [EVENT, channel, 0];
    expect(frames).toEqual([
      ...ten.slice(0, 8).flatMap(event),
      ...[REQUEST, 1, 'between', 0],
      ...ten.slice(8).flatMap(event),
    ]);
    expect(all.ports.map(({ posts }) => posts[0]?.[1])).toEqual([EVENT, EVENT, TEXT]);
    expect(eventsOf(all.got(2)[0] as unknown[])).toEqual(ten);
  });

  it('waits, for one that is slow, as the text that it is for all; the next turn is shared again', async () => {
    const all = new Audience(2, { highWater: 1 });
    const [slow, quick] = all.outboxes as [Outbox, Outbox];
    for (let i = 0; i < 3; i++) {
      for (const channel of ten) expect(all.tell(channel)).toBe(2);
      await turn();
      quick.acknowledge(i + 1);
      quick.dispatched(0, false);
    }
    expect(all.ports.map(({ posts }) => posts.length)).toEqual([1, 3]);
    expect(slow.pending).toBe(30);
    for (let i = 0; i < 3; i++) {
      slow.acknowledge(i + 1);
      slow.dispatched(0, false);
    }
    expect(all.ports[0]?.posts.map((post) => post[1])).toEqual([TEXT, TEXT, TEXT]);
    expect(all.got(0).flatMap(eventsOf)).toEqual([...ten, ...ten, ...ten]);
    expect(slow.pending).toBe(0);
  });

  it('is begun anew where nobody could share it, and after 512 events', () => {
    const all = new Audience(3);
    all.outboxes[0]?.frame(1).push(EVENT, 'before', 0);
    expect(all.tell('to one that has something else', [], all.outboxes.slice(0, 1))).toBe(0);
    let counts = Array.from({ length: 512 }, () => all.tell('e'));
    expect(new Set(counts)).toEqual(new Set([2]));
    counts = [all.tell('e'), all.tell('e')];
    expect(counts).toEqual([2, 2]);
  });

  it('reaches everyone once and in order, whatever else they are told, and however slow they are', async () => {
    const channel = fc.integer({ min: 0, max: 9 }).map((n) => `c${n}`);
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ all: channel, times: fc.constantFrom(1, 1, 9, 600), whom: fc.nat(7) }) },
      { weight: 2, arbitrary: fc.record({ one: channel, at: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ acknowledge: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.constant('turn' as const) },
    );
    const highWater = fc.constantFrom(1, 20, 600, 4096);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), highWater, async (steps, size) => {
        const all = new Audience(3, { highWater: size });
        const given: string[][] = [[], [], []];
        const acknowledge = (index: number): void => {
          const [outbox, port] = [all.outboxes[index] as Outbox, all.ports[index] as FakePort];
          assert.ok(outbox.acknowledge(port.posts.length));
          outbox.dispatched(0, false);
        };
        for (const each of steps) {
          if (each === 'turn') await turn();
          else if ('acknowledge' in each) acknowledge(each.acknowledge);
          else if ('one' in each) {
            all.outboxes[each.at]?.frame(1).push(EVENT, each.one, 0);
            given[each.at]?.push(each.one);
          } else {
            const whom = [0, 1, 2].filter((index) => (each.whom >> index) & 1);
            for (let i = 0; i < each.times; i++) {
              all.tell(
                each.all,
                [],
                whom.map((index) => all.outboxes[index] as Outbox),
              );
              for (const index of whom) given[index]?.push(each.all);
            }
          }
        }
        for (const index of [0, 1, 2]) {
          for (await turn(); all.outboxes[index]?.pending; await turn()) acknowledge(index);
          assert.deepEqual(all.got(index).flatMap(eventsOf), given[index]);
          all.outboxes[index]?.close(undefined);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('arrives as it was, whatever it is', () => {
    const value = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: false });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (args) => {
        const copies = capture(args);
        if (!copies) return;
        const broadcast = new Broadcast();
        for (const channel of ten) broadcast.add(channel, copies);
        const post = structuredClone(broadcast.leave(broadcast.length));
        const cloned = structuredClone([0, ...ten.flatMap((channel) => [EVENT, channel, copies.length, ...copies])]);
        expect(unfold(post)).toStrictEqual(cloned);
      }),
      { numRuns: 2000 },
    );
  });
});
