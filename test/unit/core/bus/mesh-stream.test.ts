import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MeshStream, WINDOW } from '../../../../src/core/bus/mesh-stream.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { domEnd } from '../../../../src/core/port/message-port.js';
import { preparePayload } from '../../../../src/core/wire/payload.js';
import * as wire from '../../../../src/core/wire/frames.js';
import { FakePort } from '../../support/fake-port.js';
import { LinkSide } from '../../../contract/link-side.js';
import { rejection } from '../../../contract/case.js';

/** A stream, and what it has granted in all. */
function make() {
  const state = { granted: WINDOW };
  const stream = new MeshStream<unknown>({
    abandon() {},
    waiting() {},
    credit: (cost) => void (state.granted += cost),
  });
  return { stream, state };
}

describe('MeshStream', () => {
  it('takes as much as it has granted, the last item whole, and not one more', () => {
    const { stream } = make();
    for (let i = 0; i < WINDOW - 1; i++) expect(stream.item(1, i)).toBe(true);
    expect(stream.item(500, 'the last')).toBe(true);
    expect(stream.item(1, 'one more')).toBe(false);
  });

  it('takes more when it has granted more, and never more than that, at any pace', async () => {
    const { stream, state } = make();
    let used = 0;
    let pace = 1;
    for (let round = 0; round < 2000; round++) {
      const cost = 1 + (round % 7) * 40;
      const fits = used < state.granted;
      expect(stream.item(cost, round)).toBe(fits);
      if (fits) used += cost;
      for (let i = 0; i < pace && used > state.granted - WINDOW / 2; i++) await stream.next();
      pace = (pace * 5) % 11;
    }
    expect(used).toBeGreaterThan(10 * WINDOW);
  });

  it('an item for somebody who waits needs room as well', async () => {
    const { stream } = make();
    const next = stream.next();
    expect(stream.item(WINDOW, 1)).toBe(true);
    expect(await next).toEqual({ done: false, value: 1 });
    void stream.next();
    expect(stream.item(WINDOW, 2), 'so much was granted for the first').toBe(true);
    const { stream: other } = make();
    expect(other.item(WINDOW, 1)).toBe(true);
    expect(other.item(1, 2)).toBe(false);
  });

  it.each<[string, unknown]>([
    ['bytes', { deep: [new Uint8Array(200_000)] }],
    ['a part of much', new Uint8Array(200_000).subarray(0, 1)],
    ['texts', ['x'.repeat(100_000), new Map([['y'.repeat(50_000), new Set(['z'.repeat(50_000)])]])]],
    ['a cause', new Error('x', { cause: 'y'.repeat(200_000) })],
  ])('an item that costs less than it holds is refused: %s', (_, item) => {
    const { stream } = make();
    expect(stream.item(3, item)).toBe(false);
    expect(stream.item(4, item)).toBe(true);
  });

  it('what is a few bytes on the wire keeps it from nothing', () => {
    const { stream } = make();
    let laughs: unknown[] = ['ha'];
    for (let i = 0; i < 60; i++) laughs = [laughs, laughs];
    const round: unknown[] = [];
    round.push(round, new Map([[round, round]]));
    for (const item of [laughs, round, Object.assign([1], { length: 2 ** 32 - 1 })]) {
      expect(stream.item(1, item)).toBe(true);
    }
  });
});

it('what a producer of ours sends is always taken, be it what it may', () => {
  const texts = ['short', 'x'.repeat(300), 'x'.repeat(20_000)];
  const shared = new Uint8Array(100_000);
  const leaf = fc.constantFrom<unknown>(undefined, null, 1, ...texts, shared, shared.subarray(3, 5), new Date(), 5n);
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.uint8Array({ maxLength: 500 }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 3 }),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
      fc.array(tie('value'), { maxLength: 3 }).map((list) => new Set(list)),
      tie('value').map((cause) => new RangeError('x', { cause })),
      tie('value').map((each) => [each, { each }]),
    ),
  }));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (items) => {
      const port = new FakePort();
      const { link } = new LinkSide(port);
      const { stream } = make();
      const costs = items.map((item) => link.sendItem(1, 'c', item));
      const received = items.map((item) => structuredClone(preparePayload([item], domEnd).values[0]));
      expect(received.map((item, i) => stream.item(costs[i]!, item))).not.toContain(false);
      link.end('lost');
    }),
    { numRuns: 300 },
  );
});

it('the ports of an item that is refused are closed; those of the one before are not', async () => {
  const port = new FakePort();
  const side = new LinkSide(port);
  const stream = new MeshStream<{ port: object }>({ abandon() {}, waiting() {}, credit() {} });
  const { promise } = side.ask(
    { kind: wire.STREAM, stream: { credit: WINDOW, started() {}, item: (cost, value) => stream.item(cost, value) } },
    'ports',
  );
  const sent = [createMemoryChannel().ports, createMemoryChannel().ports];
  const closed = sent.map(
    ([near]) => new Promise<string>((close) => near.start({ message() {}, unreadable() {}, close })),
  );
  for (const [, far] of sent) {
    const place = {};
    port.deliverWith([0, wire.PORTS, [place], wire.ITEM, 1, WINDOW, { port: place }], [far]);
  }
  await closed[1];
  expect((await rejection(promise)).code).toBe('PROTOCOL');
  expect(await Promise.race([closed[0], Promise.resolve('open')])).toBe('open');
  expect(side.of('malformed')).toEqual([['more items of a stream than there was room for', 1]]);
  expect(side.link.load.calls).toBe(0);
});
