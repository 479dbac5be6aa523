import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rejection } from '../../../contract/case.js';
import { NodeMesh, news } from '../../support/node-mesh.js';

let mesh: NodeMesh;
beforeEach(() => void (mesh = new NodeMesh()));
afterEach(() => mesh.close());

describe('when the broker is gone', () => {
  it('leaves links as they are, and says so', async () => {
    const broker = await mesh.broker();
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, value) => value);
    expect(await a.with({ wait: 1000 }).request('echo', 1)).toBe(1);
    const stale = [news(a, 'stale'), news(b, 'stale')];
    await broker.close();
    await Promise.all(stale);
    expect(a.state).toBe('rejoining');
    expect([...a.peers].map(({ name }) => name)).toEqual(['b']);
    expect(await a.request('echo', 2)).toBe(2);
  });

  it('rejects what was pending through it, and what would need it', async () => {
    const broker = await mesh.broker();
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, value) => value);
    await b.subscribe('e', () => {});
    const stale = news(a, 'stale');
    const { id } = b.self;
    await broker.close();
    await stale;
    expect((await rejection(a.subscribe('f', () => {}))).code).toBe('BRIDGE_GONE');
    expect((await rejection(a.queryState())).code).toBe('BRIDGE_GONE');
    const unlinked = await rejection(a.to({ id }).request('echo', 1));
    expect([unlinked.code, unlinked.message]).toEqual(['PEER_GONE', expect.stringContaining('the broker is gone')]);
  });

  it('joins the next one under the old id, with what it listens to and handles', async () => {
    const first = await mesh.broker();
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    const heard: unknown[] = [];
    b.on('old', () => heard.push('old'));
    b.handle('echo', (_, value) => value);
    expect(await a.with({ wait: 1000 }).request('echo', 1)).toBe(1);
    const told: string[] = [];
    a.peers.on('join', ({ name }) => told.push(`join ${name}`)).on('leave', ({ name }) => told.push(`leave ${name}`));
    const ids = [a.self.id, b.self.id];
    const stale = [news(a, 'stale'), news(b, 'stale')];
    await first.close();
    await Promise.all(stale);
    b.removeAllListeners('old');
    b.on('new', (_, value) => heard.push(value));
    const fresh = [news(a, 'fresh'), news(b, 'fresh')];
    const second = await mesh.broker();
    await Promise.all(fresh);
    expect(a.state).toBe('open');
    await b.subscribe('newer', () => {});
    expect(second.peers.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(second.state().channels).toEqual({
      new: { listens: [b.self.id], handles: [] },
      newer: { listens: [b.self.id], handles: [] },
      echo: { listens: [], handles: [b.self.id] },
    });
    const c = await mesh.join('c');
    c.send('new', 'from c');
    c.send('old');
    expect(await c.request('echo', 2)).toBe(2);
    expect(await a.request('echo', 3)).toBe(3);
    a.send('new', 'from a');
    await a.drain();
    expect(heard).toEqual(['from c', 'from a']);
    expect(told).toEqual(['join c']);
  });

  it('closes when it has no right to come back', async () => {
    const first = await mesh.broker();
    const a = await mesh.join('a');
    await first.close();
    await mesh.broker({ secrets: { peer: 'another secret of peers' } });
    expect(await a.closed).toMatchObject({ reason: 'bridge-gone', local: false });
  });

  it('is closed at once by close()', async () => {
    const first = await mesh.broker();
    const a = await mesh.join('a');
    const stale = news(a, 'stale');
    await first.close();
    await stale;
    await a.close();
    expect(a.state).toBe('closed');
    expect((await rejection(a.subscribe('e', () => {}))).code).toBe('CLOSED');
  });
});
