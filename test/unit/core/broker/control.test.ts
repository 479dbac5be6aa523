import { expect, it } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import { FakePort } from '../../support/fake-port.js';
import { turn } from '../../support/turn.js';

it('gathers the messages of a turn', async () => {
  const port = new FakePort();
  const outbox = new control.ControlOutbox(port);
  outbox.post([control.SYNC, 1]);
  outbox.post([control.SYNC, 2]);
  expect(port.posts).toEqual([]);
  await turn();
  outbox.post([control.SYNC, 3]);
  await turn();
  expect(port.posts).toEqual([
    [
      [control.SYNC, 1],
      [control.SYNC, 2],
    ],
    [[control.SYNC, 3]],
  ]);
});

it('posts a message with a port at once, behind what was gathered, as the last of its post', async () => {
  const port = new FakePort();
  const outbox = new control.ControlOutbox(port);
  const [one, two] = [new ArrayBuffer(1), new ArrayBuffer(2)];
  outbox.post([control.OPEN, 'x'], one);
  outbox.post([control.SYNC, 1]);
  outbox.post([control.OPEN, 'y'], two);
  outbox.post([control.SYNC, 2]);
  expect(port.posts).toEqual([
    [[control.OPEN, 'x']],
    [
      [control.SYNC, 1],
      [control.OPEN, 'y'],
    ],
  ]);
  expect(port.transfers).toEqual([[one], [two]]);
  await turn();
  expect(port.posts[2]).toEqual([[control.SYNC, 2]]);
  expect(port.transfers[2]).toBeUndefined();
});

it('posts nothing where nothing is gathered', () => {
  const port = new FakePort();
  new control.ControlOutbox(port).flush();
  expect(port.posts).toEqual([]);
});

it('gathers for as long as it is told to; a message with a port does not wait', async () => {
  const port = new FakePort();
  const flushes: (() => void)[] = [];
  const outbox = new control.ControlOutbox(port, (flush) => flushes.push(flush));
  outbox.post([1]);
  await turn();
  outbox.post([2]);
  expect([port.posts, flushes.length]).toEqual([[], 1]);
  flushes.shift()?.();
  expect(port.posts).toEqual([[[1], [2]]]);
  outbox.post([3]);
  outbox.post([4], new MessageChannel().port1);
  expect(port.posts.length).toBe(2);
  for (const flush of flushes) flush();
  expect(port.posts.length).toBe(2);
});
