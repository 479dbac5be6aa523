import { expect, it } from 'vitest';
import type { Mesh } from '../../../../src/core/bus/mesh.js';
import { Listeners } from '../../../../src/core/bus/listeners.js';
import { Peers } from '../../../../src/core/bus/peers.js';

it.each(['on', 'once'] as const)('%s refuses news that there are none of, and what is no function', (on) => {
  const news = new Listeners();
  const peers = new Peers({ news } as unknown as Mesh);
  expect(() => peers[on]('joined' as 'join', () => {})).toThrow(
    `peers.${on}('joined'): there is join, leave, change, unresponsive, responsive, stale, fresh.`,
  );
  expect(() => peers[on]('join', undefined as never)).toThrow(
    `peers.${on}('join'): the second argument must be a function.`,
  );
  expect(news.names()).toEqual([]);
  for (const each of ['join', 'leave', 'change', 'unresponsive', 'responsive', 'stale', 'fresh'] as const) {
    peers[on](each, () => {});
  }
  expect(news.names()).toHaveLength(7);
});
