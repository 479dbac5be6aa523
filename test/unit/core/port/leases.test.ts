import { beforeEach, describe, expect, it } from 'vitest';
import type { Peer } from '../../../../src/core/directory/peer.js';
import { Leases } from '../../../../src/core/port/leases.js';
import { domEnd } from '../../../../src/core/port/message-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { FakePort } from '../../support/fake-port.js';
import { turn } from '../../support/turn.js';

let leases: Leases;
beforeEach(() => void (leases = new Leases()));

function leased(peer = 'peer'): { inner: FakePort; port: Port; told: unknown[] } {
  const inner = new FakePort();
  const told: unknown[] = [];
  return { inner, port: leases.lease({ id: peer } as Peer, inner), told };
}

function start({ port, told }: { port: Port; told: unknown[] }): void {
  port.start({
    message: (data) => told.push(data),
    unreadable: () => told.push('unreadable'),
    close: (reason) => told.push(['close', reason]),
  });
}

describe('a leased port', () => {
  it('is the port itself to who uses it', () => {
    const one = leased();
    start(one);
    const { inner, port, told } = one;
    expect([port.raw, port.carries]).toEqual([inner, domEnd]);
    port.post(['a'], []);
    expect([inner.posts, inner.transfers]).toEqual([[['a']], [[]]]);
    inner.deliver('b');
    inner.deliverUnreadable();
    inner.closeFar();
    expect(told).toEqual(['b', 'unreadable', ['close', 'closed']]);
  });

  it('ends with the eviction of its peer, once, in a turn of its own; no other does', async () => {
    const [one, other] = [leased(), leased('another')];
    start(one);
    start(other);
    leases.left('peer', 'evicted');
    leases.left('peer', 'evicted');
    expect([one.inner.closed, other.inner.closed, one.told]).toEqual([true, false, []]);
    await turn();
    expect([one.told, other.told]).toEqual([[['close', 'evicted']], []]);
  });

  it('tells of its end who starts it later', async () => {
    const one = leased();
    leases.left('peer', 'evicted');
    start(one);
    await turn();
    expect(one.told).toEqual([['close', 'evicted']]);
  });

  it.each<[string, (one: ReturnType<typeof leased>) => unknown]>([
    ['is closed here', ({ port }) => port.close()],
    ['has moved away', ({ port, inner }) => expect(port.detach()).toBe(inner)],
    ['is closed there', ({ inner }) => inner.closeFar()],
  ])('that %s ends no more', async (_, act) => {
    const one = leased();
    start(one);
    act(one);
    const { closed } = one.inner;
    const before = [...one.told];
    leases.left('peer', 'evicted');
    await turn();
    expect([one.inner.closed, one.told]).toEqual([closed, before]);
  });

  it('that its owner closes in the same turn tells nothing any more', async () => {
    const one = leased();
    start(one);
    leases.left('peer', 'evicted');
    one.port.close();
    await turn();
    expect(one.told).toEqual([]);
  });

  it.each(['bye', 'crashed', 'navigated', 'lost', undefined])(
    'outlives a peer that has left otherwise: %s',
    async (reason) => {
      const one = leased();
      start(one);
      leases.left('peer', reason);
      leases.left('peer', 'evicted');
      await turn();
      expect([one.inner.closed, one.told]).toEqual([false, []]);
    },
  );
});
