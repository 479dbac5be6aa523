import { afterEach, beforeEach, expect, it } from 'vitest';
import { consume, defineService, provide, retain } from '../../../src/service/index.js';
import { NodeMesh, news } from '../support/node-mesh.js';

interface Counter {
  next(): number;
  keep(listener: (count: number) => void): void;
  /** How many of those that were kept could be told. */
  tell(): Promise<number>;
}
const counter = defineService<Counter, { counted: [count: number] }>('counter', { version: '1.0' });

let mesh: NodeMesh;
beforeEach(() => void (mesh = new NodeMesh()));
afterEach(() => mesh.close());

it('N5: with the broker gone a service goes on over its link, and when that is back, for those who come then', async () => {
  const first = await mesh.broker();
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  let count = 0;
  const kept = new Set<(count: number) => unknown>();
  const provided = provide(b, counter, {
    next: () => ++count,
    keep: (listener) => void kept.add(retain(listener)),
    tell: async () => (await Promise.all([...kept].map((each) => each(count)))).length,
  });
  const f = consume(a, counter);
  const heard: number[] = [];
  const told: number[] = [];
  await f.$subscribe('counted', (each) => heard.push(each));
  await f.keep((each) => void told.push(each));
  expect(await f.next()).toBe(1);

  const [staleA, staleB] = [news(a, 'stale'), news(b, 'stale')];
  await first.close();
  await Promise.all([staleA, staleB]);
  expect([f.$available, await f.next(), await f.tell()]).toEqual([true, 2, 1]);
  provided.emit('counted', 2);
  await b.drain();

  const fresh = [news(a, 'fresh'), news(b, 'fresh')];
  await mesh.broker();
  await Promise.all(fresh);
  expect([await f.next(), await f.tell()]).toEqual([3, 1]);
  const c = consume(await mesh.join('c'), counter);
  await c.$subscribe('counted', (each) => heard.push(each * 10));
  expect(await c.next()).toBe(4);
  provided.emit('counted', 4);
  await b.drain();
  expect(heard.sort((x, y) => x - y)).toEqual([2, 4, 40]);
  expect(told).toEqual([2, 3]);
});
