import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Chair } from '../../../../src/core/broker/chair.js';
import * as control from '../../../../src/core/broker/control.js';
import { Tickets } from '../../../../src/core/broker/tickets.js';
import { peer } from '../../../contract/link-side.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function chair(name: string): Chair & { readonly posts: unknown[] } {
  const posts: unknown[] = [];
  return {
    peer: peer(name, { id: name }),
    outbox: { post: (message: unknown) => posts.push(message) },
    posts,
  } as never;
}

const ticket = { id: 't', key: 'k' };

it('asks a peer to listen, and passes its answer on, once', () => {
  const tickets = new Tickets();
  const to = chair('to');
  const answers: unknown[] = [];
  tickets.issue(ticket, 'from', to, 3, (...answer) => answers.push(answer));
  expect([to.posts, tickets.size]).toEqual([[[control.LISTEN, 't', 'k', 'from', 3]], 1]);
  tickets.answered(to, 't', { path: '/x' });
  tickets.answered(to, 't', { path: '/y' });
  expect([answers, tickets.size, vi.getTimerCount()]).toEqual([[[{ path: '/x' }, undefined]], 0, 0]);
});

it('takes the answer of who was asked, and of nobody else', () => {
  const tickets = new Tickets();
  const [to, other] = [chair('to'), chair('other')];
  const answers: unknown[] = [];
  tickets.issue(ticket, 'from', to, 3, (...answer) => answers.push(answer));
  tickets.answered(other, 't', { path: '/mine' });
  tickets.answered(to, 'another', { path: '/x' });
  expect(answers).toEqual([]);
  tickets.answered(to, 't', undefined, 'no room');
  expect(answers).toEqual([[undefined, 'no room']]);
});

it('waits ten seconds, and says who is late', () => {
  const tickets = new Tickets();
  const answers: unknown[] = [];
  tickets.issue(ticket, 'from', chair('to'), 3, (...answer) => answers.push(answer));
  vi.advanceTimersByTime(9999);
  expect(answers).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(answers).toEqual([[undefined, 'to (to) did not say within 10000 ms where it listens. Does it hang?']]);
  expect(tickets.size).toBe(0);
});

it('waits not for who has left; close() forgets all', () => {
  const tickets = new Tickets();
  const [to, other] = [chair('to'), chair('other')];
  const answers: unknown[] = [];
  for (const [id, each] of [
    ['1', to],
    ['2', other],
    ['3', to],
  ] as const) {
    tickets.issue({ id, key: 'k' }, 'from', each, 0, (_, why) => answers.push([id, why]));
  }
  tickets.left(to);
  expect(answers).toEqual([
    ['1', 'to (to) has left.'],
    ['3', 'to (to) has left.'],
  ]);
  tickets.close();
  vi.advanceTimersByTime(60_000);
  expect([answers.length, tickets.size, vi.getTimerCount()]).toEqual([2, 0, 0]);
});
