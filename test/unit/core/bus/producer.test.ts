import { PassThrough, Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { OPEN } from '../../../../src/core/broker/control.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { MeshPort } from '../../../../src/core/port/mesh-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { STREAM } from '../../../../src/core/wire/frames.js';
import { transfer } from '../../../../src/core/wire/transfer.js';
import { deferred, rejection } from '../../../contract/case.js';
import { TestMesh } from '../../../contract/mesh.js';
import { turn } from '../../support/turn.js';
import { afraid } from '../../support/afraid.js';

it('waits where its consumer acknowledges nothing, however many streams that asks for, until the link ends', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const b = await mesh.join('b', undefined, { highWater: 10, limit: 100 });
  const { port } = mesh.joinRaw('greedy');
  port.start({ message() {}, unreadable() {}, close() {} });
  let made = 0;
  let running = 0;
  const ended = deferred();
  b.handle('flood', async function* () {
    running++;
    try {
      for (;;) yield new Uint8Array([made++]);
    } finally {
      if (--running === 0) ended.resolve();
    }
  });
  const [near, far] = mesh.channel();
  near.start({ message() {}, unreadable() {}, close() {} });
  port.post([[OPEN, b.self.id, 0, 0]], [far]);
  near.post([0, ...Array.from({ length: 50 }, (_, id) => [STREAM, id, 'flood', 1000, 0]).flat()]);
  for (let i = 0; i < 20; i++) await turn();
  expect(running).toBe(50);
  expect(made).toBeLessThan(400);
  near.close();
  await ended.promise;
  mesh.close();
});

it('its end waits for the items that went alone: where one can not be read there, it is no good end', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports, adopt: (raw) => afraid(raw as Port) });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  b.handle('items', (_, last: unknown) => [1, last]);
  const got: unknown[] = [];
  for await (const item of a.stream('items', new Set([2]))) got.push(item);
  expect(got).toEqual([1, new Set([2])]);
  b.handle('poisoned', () => [1, new Set(['poison'])]);
  const stream = a.stream('poisoned');
  expect(await stream.next()).toEqual({ done: false, value: 1 });
  const error = await rejection(stream.next());
  expect(error).toMatchObject({ code: 'NOT_CLONEABLE', message: expect.stringContaining('Yield plain data') });
  mesh.close();
});

it('takes promises of an iterable as for await does: what they resolve with; one that rejects ends it', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const ended: string[] = [];
  b.handle('later', () => [Promise.resolve(1), 2, new Promise((resolve) => setImmediate(resolve, 3))]);
  b.handle('fails', function* (): Generator<unknown> {
    try {
      yield 1;
      yield Promise.reject(new RangeError('late'));
    } finally {
      ended.push('fails');
    }
  } as never);
  const got: unknown[] = [];
  for await (const item of a.stream('later')) got.push(item);
  expect(got).toEqual([1, 2, 3]);
  const stream = a.stream('fails');
  expect(await stream.next()).toEqual({ done: false, value: 1 });
  expect(await rejection(stream.next())).toMatchObject({ name: 'RangeError', message: 'late' });
  expect(ended).toEqual(['fails']);
  b.handle('returns', function* (): Generator<unknown> {
    yield 1;
    return Promise.resolve('no item');
  } as never);
  const all: unknown[] = [];
  for await (const item of a.stream('returns')) all.push(item);
  expect(all).toEqual([1]);
  mesh.close();
});

it('ends an iterator that has begun elsewhere, though nothing was taken from it here', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const ended = deferred();
  const begun = deferred<Iterable<unknown>>();
  b.handle('begun', () => begun.promise);
  await b.subscribe('e', () => {});
  const stream = a.stream('begun');
  await a.drain();
  await stream.return();
  await a.drain();
  const source = (function* () {
    try {
      for (;;) yield 1;
    } finally {
      ended.resolve();
    }
  })();
  source.next();
  begun.resolve(source);
  await ended.promise;
  mesh.close();
});

it('what it has for a consumer whose port is closed moves nowhere: the ports in it are closed', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const [items, closed] = [deferred(), deferred()];
  b.handle('ports', async function* () {
    await items.promise;
    const [near, far] = createMemoryChannel().ports;
    far.start({ message() {}, unreadable() {}, close: () => closed.resolve() });
    const port = new MeshPort(near, (raw) => raw as Port);
    yield transfer(port, [port]);
  });
  await b.subscribe('e', () => {});
  const taken = rejection(a.stream('ports').next());
  await a.drain();
  // As if the consumer's process were gone, before the broker has said so.
  (mesh.opened[0] as Port).close();
  await turn();
  items.resolve();
  await closed.promise;
  mesh.kill(a, 'crashed');
  await taken.catch(() => {});
  mesh.close();
});

it('reports what its handler throws after the end, but not the reason for which its signal has aborted', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const errors: unknown[] = [];
  b.onError((error) => errors.push(error));
  const bug = new Error('a bug');
  b.handle('endless', async function* (event, buggy: boolean) {
    yield 1;
    await new Promise((_, reject) => {
      event.signal.addEventListener('abort', () => reject(buggy ? bug : event.signal.reason));
    });
  });
  for (const buggy of [false, true]) {
    for await (const item of a.stream('endless', buggy)) if (item === 1) break;
    await a.drain();
    await turn();
  }
  expect(errors).toEqual([bug]);
  mesh.close();
});

it('says to nobody that a handler returned no stream, where its consumer has given up', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const errors: unknown[] = [];
  b.onError((error) => errors.push(error));
  const late = deferred<unknown>();
  b.handle('late', () => late.promise);
  await b.subscribe('e', () => {});
  const stream = a.stream('late');
  await a.drain();
  await stream.return();
  await a.drain();
  late.resolve('no stream');
  await turn();
  expect(errors).toEqual([]);
  mesh.close();
});

it('ends a stream of Node’s at once, though nothing comes from it, nothing was taken from it, or no stream was asked for', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const errors: unknown[] = [];
  b.onError((error) => errors.push(error));
  let source = new PassThrough();
  const late = deferred<Readable>();
  b.handle('idle', () => source);
  b.handle('late', () => late.promise);
  source.write('x');
  for await (const item of a.stream('idle')) if (item) break;
  await a.drain();
  expect(source.destroyed).toBe(true);
  source = new PassThrough();
  expect(await rejection(a.request('idle'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(source.destroyed).toBe(true);
  const stream = a.stream('late');
  await a.drain();
  await stream.return();
  await a.drain();
  const untouched = new PassThrough();
  late.resolve(untouched);
  await turn();
  expect(untouched.destroyed).toBe(true);
  expect(errors).toEqual([]);
  mesh.close();
});

it('tells its consumer what breaks a stream of Node’s; one that nobody takes from breaks nothing else', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  const broken = (): Readable =>
    new Readable({ construct: (done) => setImmediate(done, new RangeError('no such file')), read() {} });
  b.handle('broken', broken);
  expect(await rejection(a.stream('broken').next())).toMatchObject({ name: 'RangeError', message: 'no such file' });
  expect(await rejection(a.request('broken'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  for (let i = 0; i < 3; i++) await turn(); // an error that nobody listens to fails the whole run
  mesh.close();
});
