import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Bus } from '../../../../src/core/bus/bus.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { transfer } from '../../../../src/core/wire/transfer.js';
import { deferred } from '../../../contract/case.js';
import { TestMesh } from '../../../contract/mesh.js';

// What moves is out of its owner's hands when the call returns: where nobody gets it, the far ends of its ports have to hear of that.

let mesh: TestMesh;
let a: Bus;
let b: Bus;

beforeEach(async () => {
  mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  [a, b] = [await mesh.join('a'), await mesh.join('b')];
});
afterEach(() => mesh.close());

/** A port to be moved; `closed` resolves when its far end has heard that it is closed. */
function movable(): { port: Port; closed: Promise<unknown> } {
  const [port, far] = createMemoryChannel().ports;
  const closed = deferred();
  far.start({ message() {}, unreadable() {}, close: () => closed.resolve() });
  return { port, closed: closed.promise };
}

/** `b`'s end of the link of the two, which `a` has opened, or `a`'s own, is closed, and nobody has said why yet. */
async function loseLink(end: 'a' | 'b'): Promise<void> {
  await a.drain();
  mesh.opened[end === 'a' ? 0 : 1]!.close();
  await new Promise((resolve) => setImmediate(resolve));
}

it('a port in an event that is dropped, as the link is lost, is closed', async () => {
  const { port, closed } = movable();
  const dropped: unknown[] = [];
  a.onDropped(({ channel, count }) => dropped.push([channel, count]));
  await b.subscribe('take', () => {});
  a.send('take', 'links the two');
  await loseLink('b');
  a.send('take', transfer(port, [port]));
  expect(dropped).toEqual([['take', 1]]);
  await closed;
});

it('a port in a result that comes when the link is lost is closed', async () => {
  const { port, closed } = movable();
  const result = deferred<unknown>();
  b.handle('give', () => result.promise);
  await mesh.settled();
  const call = a.request('give');
  await loseLink('a');
  result.resolve(transfer(port, [port]));
  await closed;
  await a.close();
  await expect(call).rejects.toMatchObject({ code: 'CLOSED' });
});

it('a port in an item that comes when nobody takes it any more is closed', async () => {
  const { port, closed } = movable();
  const item = deferred<unknown>();
  b.handle('items', async function* () {
    yield 1;
    await item.promise;
    yield transfer(port, [port]);
  });
  for await (const each of a.stream('items')) if (each === 1) break;
  await a.drain();
  item.resolve(undefined);
  await closed;
});
