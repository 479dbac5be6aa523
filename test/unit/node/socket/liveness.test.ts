import { afterAll, describe, expect, it } from 'vitest';
import { PING } from '../../../../src/node/socket/frames.js';
import { Mux } from '../../../../src/node/socket/mux.js';
import { SocketPairs } from '../../../contract/socket-pairs.js';
import { Inbox, muxPair } from '../../support/mux-pair.js';
import { turn } from '../../support/turn.js';

const pairs = await SocketPairs.open('tcp');
afterAll(() => pairs.close());

describe('a connection that is watched over', () => {
  const probe = { interval: 20, timeout: 80 };

  it('is lost when the far side is silent, and its ports hear of it', async () => {
    const [socket, other] = pairs.take();
    other.on('data', () => {}); // it reads, and answers nothing
    const ended: unknown[] = [];
    const mux = new Mux(socket, { side: 'dialer', probe, onEnd: (...how) => ended.push(how) });
    expect(await new Inbox(mux.port).closed).toBe('lost');
    expect(ended).toEqual([['lost', undefined]]);
    other.destroy();
  });

  it('lives as long as the far side answers, in whatever state its ports are', async () => {
    const pair = muxPair(pairs, { probe });
    new Inbox(pair.a.port);
    new Inbox(pair.b.port);
    // Answers to so many questions, nine bytes each.
    while (pair.a.state().in.bytes < 90) await turn();
    pair.b.port.close();
    expect(await pair.ends.a).toEqual(['closed', undefined]);
  });

  it('is not lost because this process stood still', async () => {
    const pair = muxPair(pairs, { probe });
    new Inbox(pair.a.port);
    const there = new Inbox(pair.b.port);
    for (let i = 0; i < 3; i++) {
      const until = performance.now() + 300;
      while (performance.now() < until);
      await turn();
    }
    pair.a.port.post('alive');
    expect(await there.wait(1)).toEqual(['alive']);
    expect(pair.told).toEqual([]);
    pair.a.close();
  });

  it('is not answered without end, where the asker reads nothing', async () => {
    const [socket, other] = pairs.take();
    const mux = new Mux(socket, { side: 'dialer' });
    new Inbox(mux.port);
    const pings = Buffer.alloc(9 * 10_000);
    for (let at = 0; at < pings.length; at += 9) pings[at + 4] = PING;
    other.pause();
    for (let i = 0; i < 100; i++) await new Promise((resolve) => other.write(pings, resolve));
    while (mux.state().in.bytes < 100 * pings.length) await turn();
    expect(mux.state().queued).toBeLessThan(2 * 1024 * 1024);
    other.destroy();
    mux.close();
  });
});
