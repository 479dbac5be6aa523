import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Tickets } from '../../../../src/main/brokers/tickets.js';
import { rejection } from '../../../contract/case.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const link = { from: 'a', to: 'b', known: 3 };

it('resolve with where the gateway listens, and say, once, whose link it is', async () => {
  const tickets = new Tickets();
  const issued = tickets.issue('t', link);
  tickets.listening('t', { path: '/gateway' });
  tickets.listening('another', { path: '/x' });
  expect(await issued).toEqual({ path: '/gateway' });
  expect([tickets.take('t'), tickets.take('t'), vi.getTimerCount()]).toEqual([link, undefined, 0]);
});

it('reject with why it does not listen; when it is gone; and when it is too late', async () => {
  const tickets = new Tickets();
  const [deaf, gone, late] = ['1', '2', '3'].map((id) => rejection(tickets.issue(id, link)));
  tickets.deaf('1', 'no room');
  expect((await deaf)?.message).toBe('no room');
  vi.advanceTimersByTime(20_000);
  expect((await late)?.message).toBe('the gateway did not answer in time.');
  expect((await gone)?.message).toBe('the gateway did not answer in time.');
  const cleared = rejection(tickets.issue('4', link));
  tickets.clear('the gateway is gone.');
  expect((await cleared).message).toBe('the gateway is gone.');
  expect([tickets.take('4'), vi.getTimerCount()]).toEqual([undefined, 0]);
});

it('whose holder does not come are forgotten', async () => {
  const tickets = new Tickets();
  const issued = tickets.issue('t', link);
  tickets.listening('t', {});
  await issued;
  vi.advanceTimersByTime(20_000);
  expect(tickets.take('t')).toBeUndefined();
});
