import { expect, it } from 'vitest';
import { drain } from '../../../../src/core/bus/draining.js';
import type { CallOptions } from '../../../../src/core/bus/request.js';
import type { Drained } from '../../../../src/core/link/drains.js';
import type { Link } from '../../../../src/core/link/link.js';
import { rejection } from '../../../contract/case.js';
import { peer } from '../../../contract/link-side.js';

/** What a link shows of itself to who waits for it. */
class FakeLink {
  readonly peer;
  pending = 1;
  readonly waits = new Set<Drained>();

  constructor(name: string) {
    this.peer = peer(name);
  }

  drain(drained: Drained): () => void {
    this.waits.add(drained);
    return () => void this.waits.delete(drained);
  }

  settle(cause?: unknown): void {
    this.pending = 0;
    for (const drained of this.waits) drained(cause);
    this.waits.clear();
  }
}

const make = (...names: string[]): FakeLink[] => names.map((name) => new FakeLink(name));

function wait(links: readonly FakeLink[], options: Partial<CallOptions> = {}): Promise<unknown> {
  return drain('drain()', links as unknown as Link[], { timeout: undefined, signal: undefined, wait: 0, ...options });
}

it('is done at once where there is no link', async () => {
  expect(await wait([])).toBeUndefined();
});

it('waits for all, also where one ends; resolves with why the first one did', async () => {
  const links = make('a', 'b', 'c');
  let done = false;
  const waiting = wait(links).finally(() => (done = true));
  links[1]!.settle('b has ended');
  links[0]!.settle('a has ended');
  await Promise.resolve();
  expect(done).toBe(false);
  links[2]!.settle();
  expect(await waiting).toBe('b has ended');
});

it('is told of links that have nothing under way at once', async () => {
  const idle = (): FakeLink => ({ drain: (drained: Drained) => (drained(), () => {}) }) as unknown as FakeLink;
  expect(await wait([idle(), idle()])).toBeUndefined();
});

it.each([
  ['TIMEOUT', /: b \(1\)\. They go on/, () => ({ timeout: 1 })],
  ['ABORTED', /aborted by/, () => ({ signal: AbortSignal.timeout(1) })],
])('rejects with %s in its time, and waits for nobody any more', async (code, text, options) => {
  const links = make('a', 'b');
  const late = rejection(wait(links, options()));
  expect(links.map(({ waits }) => waits.size)).toEqual([1, 1]);
  links[0]!.settle();
  expect(await late).toMatchObject({ code });
  expect((await late).message).toMatch(text);
  expect(links.map(({ waits }) => waits.size)).toEqual([0, 0]);
});

it('names nobody who had dispatched what it waited for, and has got more since', async () => {
  const links = make('quick', 'slow');
  const late = rejection(wait(links, { timeout: 1 }));
  links[0]!.settle();
  links[0]!.pending = 5;
  expect((await late).message).toContain(': slow (1). They go on');
});

it('waits for nobody if its signal aborts in the course of asking', async () => {
  const links = make('a', 'b', 'c');
  const controller = new AbortController();
  const ask = links[1]!.drain.bind(links[1]);
  links[1]!.drain = (drained) => {
    controller.abort();
    return ask(drained);
  };
  expect(await rejection(wait(links, { signal: controller.signal }))).toMatchObject({ code: 'ABORTED' });
  expect(links.map(({ waits }) => waits.size)).toEqual([0, 0, 0]);
});

it('names ten of those it waits for at most', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
  const { message } = await rejection(wait(make(...names), { timeout: 1 }));
  expect(message).toContain(', p9 (1), and 2 more. They go on');
});

it('waits at no link if its signal has aborted before', async () => {
  const links = make('a');
  expect(await rejection(wait(links, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' });
  expect(links[0]!.waits.size).toBe(0);
});
