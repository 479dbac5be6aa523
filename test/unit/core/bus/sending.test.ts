import { expect, it } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import type { Bus } from '../../../../src/core/bus/bus.js';
import { join } from '../../../../src/core/bus/join.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import { peer } from '../../../contract/link-side.js';
import { TestMesh } from '../../../contract/mesh.js';
import { ControlSide } from '../../support/control-side.js';
import { heapAfterCollection } from '../../support/garbage.js';
import { turn } from '../../support/turn.js';

/** A bus, and two peers that listen to `e` and take what comes; `count` tells how many posts did. */
async function makeBus(): Promise<{ bus: Bus; count: () => number }> {
  const [near, far] = createMemoryChannel().ports;
  const broker = new ControlSide(far);
  let posts = 0;
  const take = { message: () => void posts++, unreadable() {}, close() {} };
  broker.onMessage = ([kind]) => kind === control.OPEN && (broker.ports.at(-1) as Port).start(take);
  const platform = { channel: () => createMemoryChannel().ports, adopt: (raw: unknown) => raw as Port };
  const joining = join(near, platform, { call: 'join()', timeout: 1000 });
  const peers = ['a', 'b'].map((id) => [peer(id, { id }), 1, ['e'], [], {}]);
  broker.post([
    control.WELCOME,
    { version: WIRE_VERSION, self: peer('me'), grant: {}, limits: defaultLimits, redact: false, peers },
  ]);
  return { bus: await joining, count: () => posts };
}

it('what several peers were told is kept by nobody when the turn has ended', async () => {
  const { bus, count } = await makeBus();
  bus.send('e', 'first');
  await turn();
  const before = await heapAfterCollection();
  for (let i = 0; i < 400; i++) bus.send('e', `${i}`.repeat(20_000 / `${i}`.length));
  await turn();
  expect(count()).toBe(4); // of each turn one post to each
  expect((await heapAfterCollection()) - before).toBeLessThan(1_000_000);
  await bus.close();
});

it('where a post runs other code, what that sends comes behind what is just being sent, at every receiver', async () => {
  let during: (() => void) | undefined;
  const adopt = (raw: unknown): Port => {
    const port = raw as Port & { reenters?: boolean };
    const post = port.post.bind(port);
    port.reenters = true;
    port.post = (message, transfer) => {
      post(message, transfer);
      const run = during;
      during = undefined;
      run?.();
    };
    return port;
  };
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports, adopt });
  const a = await mesh.join('a');
  const got: Record<string, unknown[]> = { b: [], c: [] };
  for (const name of ['b', 'c']) await (await mesh.join(name)).subscribe('e', (_, value) => got[name]!.push(value));
  for (const value of [new Map([[1, 1]]), new Uint8Array(3)]) {
    during = () => {
      a.send('e', 'small');
      a.send('e', new Set(['large']));
      if (value instanceof Map) value.clear(); // too late: it is as it was at the call
    };
    a.send('e', value);
    a.send('e', 'last');
    await a.drain();
    const expected = [value instanceof Map ? new Map([[1, 1]]) : value, 'small', new Set(['large']), 'last'];
    expect(got).toEqual({ b: expected, c: expected });
    got['b'] = [];
    got['c'] = [];
  }
  // What can't be sent is thrown at once, reaches nobody, and holds nothing up.
  expect(() => a.send('e', () => {})).toThrow(expect.objectContaining({ code: 'NOT_CLONEABLE' }));
  a.send('e', 1);
  await a.drain();
  expect(got).toEqual({ b: [1], c: [1] });
  expect(a.pending).toBe(0);
  mesh.close();
});
