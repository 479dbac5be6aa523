import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Peer, PeerProcess } from '../../../../src/core/directory/peer.js';
import { Allowance, Allowances } from '../../../../src/core/broker/allowances.js';
import { peer } from '../../../contract/link-side.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How many posts of so many messages may come now. */
function count(allowance: Allowance, messages: number, most = 1_000_000): number {
  for (let posts = 0; posts < most; posts++) {
    if (!allowance.takesPost()) return posts;
    allowance.readMessages(messages);
  }
  return most;
}

it('100,000 posts may come at once, and then 5,000 a second; what is in them counts a little', () => {
  const allowance = new Allowance();
  expect(count(allowance, 0)).toBe(100_000);
  vi.advanceTimersByTime(1000);
  expect(count(allowance, 0)).toBe(5000);
  expect(count(new Allowance(), 16)).toBe(50_000);
  const withPorts = new Allowance();
  for (let i = 0; i < 50_000; i++) withPorts.takesPost(1);
  expect(withPorts.takesPost()).toBe(false);
  expect(count(new Allowance(), 1_600_000)).toBe(1);
});

it('answers to what was asked do not count', () => {
  const allowance = new Allowance();
  let refused = 0;
  for (let i = 0; i < 300_000; i++) {
    if (!allowance.takesPost()) refused++;
    allowance.readMessages();
    allowance.answered();
  }
  expect(refused).toBe(0);
  expect(allowance.full).toBe(true);
});

it('peers of one process share one, also if all of them leave; those of processes that say nothing are forgotten', () => {
  const allowances = new Allowances();
  const at = (id: string, type: PeerProcess['type'] = 'renderer', seat = 'x'): Peer => ({
    ...peer(seat, { id: seat }),
    process: { type, id, pid: 1 },
  });
  count(allowances.of(at('busy')), 0);
  for (let i = 0; i < 1000; i++) allowances.of(at(`p${i}`));
  expect(allowances.of(at('busy', 'renderer', 'another seat')).takesPost()).toBe(false);
  expect(allowances.of(at('busy', 'node')).takesPost(), 'one that says it is that').toBe(true);
  expect(allowances.size).toBeLessThan(110);
});

it('frames whose process can not be told share one, which is not that of the page that lets them in', () => {
  const allowances = new Allowances();
  const at = (id: string): Peer => ({ ...peer('x', { id: 'x' }), process: { type: 'renderer', id, pid: 0 } });
  count(allowances.of(at('r4.100?p7')), 0);
  expect(allowances.of(at('r4.100?p8')).takesPost()).toBe(false);
  expect(allowances.of(at('r4.100')).takesPost(), 'its owner').toBe(true);
  expect(allowances.of(at('r5.101?p9')).takesPost(), 'a frame of another page').toBe(true);
});
