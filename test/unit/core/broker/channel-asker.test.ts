import { describe, expect, it } from 'vitest';
import { ChannelAsker } from '../../../../src/core/broker/channel-asker.js';
import * as control from '../../../../src/core/broker/control.js';
import { rejection } from '../../../contract/case.js';
import { FakePort } from '../../support/fake-port.js';
import { spy } from '../../support/spy.js';

function setUp() {
  const port = new FakePort();
  const asker = new ChannelAsker(port);
  const listener = { message: spy(), unreadable: spy(), close: spy() };
  asker.start(listener);
  return { port, asker, listener };
}

/** The token of the last channel asked for. */
function token(port: FakePort): number {
  const [[kind, asked]] = port.posts.at(-1) as [[number, number]];
  expect(kind).toBe(control.CHANNEL);
  return asked;
}

describe('a host that relays a control port', () => {
  it('asks on it for channels, with tokens no seat has, and keeps the answers to itself', async () => {
    const { port, asker, listener } = setUp();
    const [first, second] = [asker.channel(), asker.channel()];
    const last = token(port);
    expect(last).toBeGreaterThan(1e9);
    const [a, b, c, d] = [{}, {}, {}, {}];
    port.deliverWith([[control.CHANNEL, last]], [a, b]);
    expect(await second).toEqual([a, b]);
    port.deliverWith(
      [
        [control.JOIN, 'x'],
        [control.SYNCED, 1],
        [control.CHANNEL, last - 1],
      ],
      [c, d],
    );
    expect(await first).toEqual([c, d]);
    expect(listener.message.mock.calls).toEqual([
      [
        [
          [control.JOIN, 'x'],
          [control.SYNCED, 1],
        ],
        [],
      ],
    ]);
  });

  it('closes channels that it has not asked for: its child can ask in its name', async () => {
    const { port, asker, listener } = setUp();
    const asked = asker.channel();
    const ports = [{ close: spy() }, { close: spy() }];
    port.deliverWith([[control.CHANNEL, token(port) + 1]], ports);
    for (const { close } of ports) expect(close).toHaveBeenCalledOnce();
    expect(listener.message).not.toHaveBeenCalled();
    port.deliverWith([[control.CHANNEL, token(port)]], [1, 2]);
    expect(await asked).toEqual([1, 2]);
  });

  it("passes all else on, its child's own channels too", () => {
    const { port, asker, listener } = setUp();
    const ports = [{}, {}];
    const posts = [[[control.CHANNEL, 1]], [[control.LINK, 'p', 0, 0]], [], 'text', [5], null];
    for (const post of posts) port.deliverWith(post, ports);
    expect(listener.message.mock.calls).toEqual(posts.map((post) => [post, ports]));
    port.deliverUnreadable();
    expect(listener.unreadable).toHaveBeenCalledOnce();
    asker.post([[control.SYNC, 1]]);
    expect(port.posts).toEqual([[[control.SYNC, 1]]]);
    expect(asker.detach()).toBe(port);
  });

  it('rejects what waits when the seat ends, and what is asked for later', async () => {
    const { port, asker, listener } = setUp();
    const waiting = rejection(asker.channel());
    port.closeFar();
    expect((await waiting).message).toBe('the seat is gone');
    expect(listener.close).toHaveBeenCalledOnce();
    expect((await rejection(asker.channel())).message).toBe('the seat is gone');
    const other = setUp();
    const asked = rejection(other.asker.channel());
    other.asker.close();
    expect((await asked).message).toBe('the seat is gone');
    expect(other.port.closed).toBe(true);
  });
});
