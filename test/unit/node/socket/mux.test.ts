import assert from 'node:assert';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import type { Port } from '../../../../src/core/port/port.js';
import { HEADER, writeHeader } from '../../../../src/node/socket/frames.js';
import { encode } from '../../../../src/node/socket/codec.js';
import * as frames from '../../../../src/node/socket/frames.js';
import { Mux } from '../../../../src/node/socket/mux.js';
import { adoptRaw, socketKind, SocketPort } from '../../../../src/node/socket/socket-port.js';
import { FarTunnel, Tunnel } from '../../../../src/node/socket/tunnel.js';
import { SocketPairs } from '../../../contract/socket-pairs.js';
import { countAlive } from '../../support/garbage.js';
import { Inbox, muxPair, released, type MuxPair } from '../../support/mux-pair.js';
import { turn } from '../../support/turn.js';

const pairs = await SocketPairs.open('unix');
afterAll(() => pairs.close());

/** A frame, as it goes over the wire. */
function frame(kind: number, tunnel: number, body: string | readonly number[] = []): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body);
  const bytes = Buffer.alloc(HEADER + content.length);
  writeHeader(bytes, 0, content.length, kind, tunnel);
  content.copy(bytes, HEADER);
  return bytes;
}

/** Something to send a port with. */
function farEnd(): object {
  return (socketKind.channel() as readonly [object, object])[1];
}

/** A message. */
function said(tunnel: number, message: unknown): Buffer {
  const { kind, bytes } = encode(message);
  return frame(kind, tunnel, [...bytes]);
}

/** Opens a further tunnel: this side's end, not started, and the other's, as it arrived. */
async function tunnelThrough(pair: MuxPair): Promise<readonly [SocketPort, Tunnel]> {
  const here = new Inbox(pair.b.port);
  const [near, far] = socketKind.channel() as readonly [Tunnel, FarTunnel];
  pair.a.port.post('port', [far]);
  await here.wait(1);
  const [[arrived]] = here.ports as unknown as [[Tunnel]];
  return [new SocketPort(near), arrived];
}

describe('the end of a connection', () => {
  it('comes when port 0 is closed, in order on both sides, behind what was posted, and releases the sockets', async () => {
    const pair = muxPair(pairs);
    const [here, there] = [new Inbox(pair.a.port), new Inbox(pair.b.port)];
    for (let i = 0; i < 100; i++) pair.a.port.post([i]);
    pair.a.port.close();
    expect(await there.closed).toBe('closed');
    expect(there.messages).toHaveLength(100);
    expect(await Promise.all([pair.ends.a, pair.ends.b])).toEqual([
      ['closed', undefined],
      ['closed', undefined],
    ]);
    await Promise.all(pair.sockets.map(released));
    expect([here.messages, pair.told.length]).toEqual([[], 2]);
  });

  it('mux.close() closes all its ports, each of which hears of it but port 0; the far side hears that it was in order', async () => {
    const pair = muxPair(pairs);
    const [near, far] = await tunnelThrough(pair);
    const [here, tunnelHere, tunnelThere] = [new Inbox(pair.a.port), new Inbox(near), new Inbox(new SocketPort(far))];
    for (let i = 0; i < 100; i++) near.post([i]);
    pair.a.port.post('last');
    pair.a.close();
    pair.a.close();
    expect(await tunnelHere.closed).toBe('closed');
    expect(await tunnelThere.closed).toBe('closed');
    expect(await pair.ends.b).toEqual(['closed', undefined]);
    expect(tunnelThere.messages).toHaveLength(100);
    await Promise.all(pair.sockets.map(released));
    expect([here.messages, pair.told]).toEqual([[], [['b', 'closed', undefined]]]);
  });

  it('that port 0 is closed does not close the others; the last of them ends the connection', async () => {
    const pair = muxPair(pairs);
    const [near, far] = await tunnelThrough(pair);
    const there = new Inbox(new SocketPort(far));
    pair.a.port.close();
    near.post('still');
    expect(await there.wait(1)).toEqual(['still']);
    expect([pair.told, pair.a.state().tunnels, pair.b.state().tunnels]).toEqual([[], 1, 1]);
    near.close();
    expect(await there.closed).toBe('closed');
    await Promise.all([pair.ends.a, pair.ends.b, ...pair.sockets.map(released)]);
    expect(pair.told.map(([, reason]) => reason)).toEqual(['closed', 'closed']);
  });

  it('without a word, it is a loss: all ports hear of it, behind what had arrived, those too that are started later', async () => {
    const pair = muxPair(pairs);
    const [near, far] = await tunnelThrough(pair);
    const here = new Inbox(pair.a.port);
    const back = new SocketPort(far);
    back.post('early');
    pair.b.port.post('mark');
    await here.wait(1);
    pair.sockets[1].destroy();
    expect(await here.closed).toBe('lost');
    expect(await pair.ends.a).toEqual(['lost', undefined]);
    const late = new Inbox(near);
    expect(await late.closed).toBe('lost');
    expect(late.messages).toEqual(['early']);
    expect(await new Inbox(back).closed).toBe('lost');
    await Promise.all(pair.sockets.map(released));
  });

  it('in the middle of a message is a loss, and that message is not there', async () => {
    for (const cut of [1, 4, 8, 9, 12, 100, 60_000]) {
      const [socket, other] = pairs.take();
      const mux = new Mux(socket, { side: 'dialer' });
      const inbox = new Inbox(mux.port);
      other.resume();
      const message = said(0, 'x'.repeat(70_000));
      other.end(Buffer.concat([said(0, 'whole'), message.subarray(0, cut)]));
      expect(await inbox.closed).toBe('lost');
      expect(inbox.messages).toEqual(['whole']);
      await released(socket);
    }
  });

  it('may come before the connection is used', async () => {
    const [socket, other] = pairs.take();
    const gone = released(socket);
    socket.resume();
    other.destroy();
    await gone;
    const inbox = new Inbox(new Mux(socket, { side: 'dialer' }).port);
    expect(await inbox.closed).toBe('lost');
  });

  it('after it, posting is without effect, and ports beside a message are closed', async () => {
    const pair = muxPair(pairs);
    const here = new Inbox(pair.a.port);
    new Inbox(pair.b.port);
    pair.b.close();
    await here.closed;
    const [near, far] = socketKind.channel() as readonly [object, object];
    pair.a.port.post('late', [far]);
    expect(await new Inbox(socketKind.adopt(near)).closed).toBe('closed');
  });

  it('does not wait for ever for a far side that reads nothing', { timeout: 10_000 }, async () => {
    const [socket, other] = pairs.take();
    const mux = new Mux(socket, { side: 'dialer' });
    new Inbox(mux.port);
    for (let i = 0; i < 100; i++) mux.port.post(new Uint8Array(100_000));
    mux.close();
    await released(socket);
    other.destroy();
  });

  it('leaves nothing behind: no connection, and no port, is held by anything', async () => {
    const references: WeakRef<object>[] = [];
    const useOne = async (how: number): Promise<void> => {
      const pair = muxPair(pairs, { probe: { interval: 60_000, timeout: 60_000 } });
      const [near, far] = await tunnelThrough(pair);
      const { port1, port2 } = new MessageChannel();
      new Inbox(pair.a.port);
      pair.a.port.post('of Node', [port2]);
      const [here, there] = [new Inbox(near), new Inbox(new SocketPort(far))];
      references.push(...[pair.a, pair.b, near, far, port1, here, there].map((each) => new WeakRef(each)));
      if (how === 0) pair.a.close();
      else if (how === 1) pair.sockets[1].destroy();
      else pair.sockets[0].write(frame(99, 0));
      await Promise.all([here.closed, there.closed, ...pair.sockets.map(released)]);
    };
    for (let i = 0; i < 9; i++) await useOne(i % 3);
    // What the last of them leaves on its way out.
    for (let i = 0; i < 3; i++) await turn();
    expect(await countAlive(references)).toBe(0);
  });

  it('both sides may end it at once, with ports going to and fro', async () => {
    for (let i = 0; i < 20; i++) {
      const pair = muxPair(pairs);
      const [near, far] = await tunnelThrough(pair);
      const [here, there] = [new Inbox(near), new Inbox(new SocketPort(far))];
      for (let n = 0; n < 10; n++) near.post(n);
      pair.a.port.post('', [farEnd()]);
      pair.b.port.post('', [farEnd()]);
      if (i % 2 === 0) {
        pair.a.close();
        pair.b.close();
      } else {
        pair.a.port.close();
        pair.b.port.close();
        near.close();
        far.close();
      }
      await Promise.all(pair.sockets.map(released));
      if (i % 2 === 0) await Promise.all([here.closed, there.closed]);
    }
  });
});

describe('ports on one connection do not wait for each other', () => {
  it('what nobody listens to waits at its sender, and all else passes', async () => {
    const pair = muxPair(pairs);
    const [near, far] = await tunnelThrough(pair);
    const here = new Inbox(pair.a.port);
    for (let i = 0; i < 2000; i++) near.post([i, 'x'.repeat(1000)]);
    pair.b.port.post('passes');
    await here.wait(1);
    pair.a.port.post('too');
    expect(pair.a.state().queued).toBeGreaterThan(1_900_000);
    const before = pair.b.state().in.bytes;
    expect(before).toBeLessThan(40_000);
    const there = new Inbox(new SocketPort(far));
    const arrived = (await there.wait(2000)) as [number][];
    expect(arrived.map(([i]) => i)).toEqual(Array.from({ length: 2000 }, (_, i) => i));
    expect(pair.a.state().queued).toBe(0);
    pair.a.close();
  });

  it('a message larger than all there is room for arrives when somebody listens, and not before', async () => {
    const pair = muxPair(pairs);
    new Inbox(pair.a.port);
    const [near, far] = await tunnelThrough(pair);
    near.post(new Uint8Array(5_000_000));
    near.post('behind');
    await turn();
    await turn();
    expect(pair.b.state().in.bytes).toBeLessThan(10_000);
    const there = new Inbox(new SocketPort(far));
    const [large] = (await there.wait(2)) as [Uint8Array];
    expect(large.length).toBe(5_000_000);
    pair.a.close();
  });

  it('one that is handed on in the middle of a flood loses nothing', async () => {
    const pair = muxPair(pairs);
    new Inbox(pair.a.port);
    const [near, far] = await tunnelThrough(pair);
    const seen: unknown[] = [];
    let port: Port = new SocketPort(far);
    for (let i = 0; i < 5000; i++) near.post([i, 'x'.repeat(500)]);
    for (let owner = 0; owner < 20; owner++) {
      const inbox = new Inbox(port);
      await inbox.wait(100);
      const raw = port.detach() as object;
      seen.push(...inbox.messages);
      port = socketKind.adopt(raw);
      await turn();
    }
    const last = new Inbox(port);
    await last.wait(5000 - seen.length);
    expect([...seen, ...last.messages].map((each) => (each as [number])[0])).toEqual(
      Array.from({ length: 5000 }, (_, i) => i),
    );
    pair.a.close();
  });

  it('a close comes behind all that waits, however long that takes', async () => {
    const pair = muxPair(pairs);
    new Inbox(pair.a.port);
    const [near, far] = await tunnelThrough(pair);
    for (let i = 0; i < 200; i++) near.post([i, 'x'.repeat(1000)]);
    near.close();
    pair.a.port.close();
    await turn();
    expect(pair.told).toEqual([]);
    const there = new Inbox(new SocketPort(far));
    expect(await there.closed).toBe('closed');
    expect(there.messages).toHaveLength(200);
    await Promise.all(pair.sockets.map(released));
  });

  it('both ends may be closed with more waiting than there is room for', async () => {
    const pair = muxPair(pairs);
    new Inbox(pair.a.port);
    const [near, far] = await tunnelThrough(pair);
    const back = new SocketPort(far);
    for (const port of [near, back]) {
      for (let i = 0; i < 300; i++) port.post('x'.repeat(10_000));
      port.post(new Uint8Array(3_000_000));
    }
    near.close();
    back.close();
    pair.a.port.close();
    await Promise.all([pair.ends.a, pair.ends.b]);
  });

  it('what follows from a message is done before the next: who awaits one after the other hears all', async () => {
    const pair = muxPair(pairs);
    const [near, far] = await tunnelThrough(pair);
    for (let i = 0; i < 50; i++) near.post(i);
    near.close();
    let next: (message: unknown) => void = () => {};
    let missed = 0;
    const seen: unknown[] = [];
    const port = new SocketPort(far);
    const end = new Promise<void>((resolve) => {
      port.start({
        message: (data) => {
          const told = next;
          next = () => missed++;
          told(data);
        },
        unreadable() {},
        close: () => resolve(),
      });
    });
    void (async () => {
      for (;;) {
        seen.push(await new Promise((resolve) => (next = resolve)));
        await Promise.resolve();
        await Promise.resolve();
      }
    })();
    await end;
    expect([seen, missed]).toEqual([Array.from({ length: 50 }, (_, i) => i), 0]);
  });

  it('what comes beside a message goes to no other, however many wait', async () => {
    const pair = muxPair(pairs);
    const [near, far] = await tunnelThrough(pair);
    const [later, laterFar] = socketKind.channel() as readonly [object, object];
    // In one chunk: the first is delivered, the others wait for what follows from it.
    for (let i = 0; i < 3; i++) near.post(i);
    const bytes = new Uint8Array(20_000).fill(7);
    near.post(bytes, [laterFar]);
    near.post('last');
    new Inbox(pair.a.port);
    const there = new Inbox(new SocketPort(far));
    expect(await there.wait(5)).toEqual([0, 1, 2, bytes, 'last']);
    expect(there.ports.map(({ length }) => length)).toEqual([0, 0, 0, 1, 0]);
    adoptRaw(there.ports[3]?.[0] as object).post('mine');
    expect(await new Inbox(adoptRaw(later)).wait(1)).toEqual(['mine']);
    pair.a.close();
  });

  it('hundreds that come and go leave nothing behind', async () => {
    const pair = muxPair(pairs);
    const inbox = new Inbox(pair.b.port);
    new Inbox(pair.a.port);
    for (let i = 0; i < 300; i++) {
      const [near, far] = socketKind.channel() as readonly [Tunnel, FarTunnel];
      pair.a.port.post(i, [far]);
      await inbox.wait(i + 1);
      const [arrived] = inbox.ports[i] as [Tunnel];
      const there = new Inbox(new SocketPort(arrived));
      const port = new SocketPort(near);
      port.post('x');
      if (i % 3 === 0) arrived.close();
      port.close();
      if (i % 3 !== 0) await there.closed;
    }
    pair.b.port.post('mark');
    pair.a.port.post('mark');
    await inbox.wait(301);
    expect([pair.a.state().tunnels, pair.b.state().tunnels]).toEqual([0, 0]);
    pair.a.close();
  });
});

describe('limits', () => {
  it('a message that is too large throws at its sender, and its neighbours arrive', async () => {
    const pair = muxPair(pairs, { maxMessage: 1000 });
    const there = new Inbox(pair.b.port);
    for (const message of ['x'.repeat(1001), new Uint8Array(1001), new Uint8Array(100_000)]) {
      assert.throws(() => pair.a.port.post(message), { code: 'NOT_CLONEABLE', message: /and 1000 is the most/ });
    }
    pair.a.port.post('fits');
    expect(await there.wait(1)).toEqual(['fits']);
    pair.a.close();
  });

  it('one that waited for its way arrives as what can not be read, if it is too large for it', async () => {
    const pair = muxPair(pairs, { maxMessage: 1000 });
    const [near, far] = socketKind.channel() as readonly [Tunnel, FarTunnel];
    const port = new SocketPort(near);
    port.post('x'.repeat(5000));
    port.post('fits');
    const here = new Inbox(pair.b.port);
    pair.a.port.post('port', [far]);
    await here.wait(1);
    const there = new Inbox(socketKind.adopt(here.ports[0]?.[0] as object));
    expect(await there.wait(2)).toEqual(['unreadable', 'fits']);
    pair.a.close();
  });

  it('who sends a larger one than this side takes loses the connection before memory is taken', async () => {
    const pair = muxPair(pairs, {}, { maxMessage: 1000 });
    new Inbox(pair.b.port);
    const before = process.memoryUsage().arrayBuffers;
    pair.sockets[0].write(frame(frames.BUFFER, 0, []).fill(255, 0, 4));
    expect(await pair.ends.b).toEqual(['lost', 'a message of more than 1000 bytes (maxMessage)']);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
    expect(await new Inbox(pair.a.port).closed).toBe('lost');
  });

  it('buffers and their message are counted together', async () => {
    const [socket, other] = pairs.take();
    const mux = new Mux(socket, { side: 'dialer', maxMessage: 1000, onEnd: (...how) => (ended = how) });
    let ended: unknown[] = [];
    const inbox = new Inbox(mux.port);
    const part = frame(frames.BUFFER, 0, Array(400).fill(0) as number[]);
    other.write(Buffer.concat([part, part, said(0, ''), part, part, part]));
    await inbox.closed;
    expect([inbox.messages, ended[1]]).toEqual([[''], 'a message of more than 1000 bytes (maxMessage)']);
    other.destroy();
  });

  it('so many bytes may wait behind the first message, which may be large; with more, the connection is lost, and its owner told why', async () => {
    const unread: number[] = [];
    const pair = muxPair(pairs, { maxQueued: 1000, onUnread: (bytes) => unread.push(bytes) });
    pair.a.port.post('x'.repeat(1_000_000));
    pair.a.port.post('y'.repeat(900));
    await turn();
    expect([pair.told, unread]).toEqual([[], []]);
    expect(pair.a.state().queued).toBeGreaterThan(700_000);
    for (let i = 0; i < 10; i++) pair.a.port.post('z'.repeat(100));
    expect(await pair.ends.a).toEqual(['lost', undefined]);
    expect(unread).toEqual([expect.any(Number)]);
    expect(unread[0]).toBeGreaterThan(1900);
    expect(pair.sockets[0].destroyed).toBe(true);
    expect(await new Inbox(pair.b.port).closed).toBe('lost');
  });

  it('that counts for what closes ports, too: one who sends port after port and reads nothing does not fill the memory', async () => {
    const maxTunnels = 1_000_000;
    const unread: number[] = [];
    const bounds = { maxTunnels, maxQueued: 1000, onUnread: (bytes: number) => unread.push(bytes) };
    const pair = muxPair(pairs, { maxTunnels }, bounds);
    pair.b.port.start({ message: (_, [port]) => (port as Tunnel).close(), unreadable() {}, close() {} });
    let ended = false;
    void pair.ends.b.then(() => (ended = true));
    for (let i = 0; i < 200_000 && !ended; i++) {
      const near = new Tunnel();
      pair.a.port.post('take it', [new FarTunnel(near)]);
      near.close();
      if (i % 100 === 0) await turn();
    }
    expect(await pair.ends.b).toEqual(['lost', undefined]);
    expect(unread).toEqual([expect.any(Number)]);
    pair.a.close();
  });

  it('what is read in time may be as much as one likes', async () => {
    const pair = muxPair(pairs, { maxQueued: 100_000, onUnread: (bytes) => expect.fail(`${bytes} bytes are unread`) });
    const there = new Inbox(pair.b.port);
    for (let i = 1; i <= 100; i++) {
      pair.a.port.post('x'.repeat(50_000));
      await there.wait(i);
    }
    expect(pair.told).toEqual([]);
    pair.a.close();
  });

  it('so many ports, and no more, until one is closed', async () => {
    const pair = muxPair(pairs, { maxTunnels: 2 }, { maxTunnels: 2 });
    const there = new Inbox(pair.b.port);
    const here = new Inbox(pair.a.port);
    pair.a.port.post('two', [farEnd(), farEnd()]);
    assert.throws(() => pair.a.port.post('three', [farEnd()]), { code: 'NOT_CLONEABLE', message: /as many ports/ });
    await there.wait(1);
    pair.b.port.post('theirs', [farEnd(), farEnd()]);
    await here.wait(1);
    (there.ports[0]?.[0] as Tunnel).close();
    pair.b.port.post('closed');
    await here.wait(2);
    pair.a.port.post('one', [farEnd()]);
    await there.wait(2);
    pair.a.close();
  });
});

describe('what makes no sense ends the connection, and says what it was', () => {
  const some: Record<string, [Buffer, RegExp]> = {
    'a kind that there is not': [frame(0, 0), /kind 0/],
    another: [frame(99, 0), /kind 99/],
    'a message where there is no tunnel': [said(6, 1), /tunnel 6/],
    'a close where there is none': [frame(frames.CLOSE, 5), /tunnel 5/],
    'a second close': [
      Buffer.concat([frame(frames.PORTS, 0, [0, 0, 0, 3]), said(0, 1), frame(frames.CLOSE, 3), frame(frames.CLOSE, 3)]),
      /tunnel 3/,
    ],
    'credit for nobody': [frame(frames.CREDIT, 4, [0, 0, 0, 1]), /tunnel 4/],
    'credit for port 0': [frame(frames.CREDIT, 0, [0, 0, 0, 1]), /tunnel 0/],
    'credit without a number': [frame(frames.CREDIT, 0, [0, 1]), /tunnel 0/],
    'a port with an id of this side': [frame(frames.PORTS, 0, [0, 0, 0, 2]), /id 2/],
    'a port with the id 0': [frame(frames.PORTS, 0, [0, 0, 0, 0]), /id 0/],
    'a port twice': [frame(frames.PORTS, 0, [0, 0, 0, 3, 0, 0, 0, 3]), /id 3/],
    'half a port': [frame(frames.PORTS, 0, [0, 0]), /make no sense/],
    'ports twice': [
      Buffer.concat([frame(frames.PORTS, 0, [0, 0, 0, 3]), frame(frames.PORTS, 0, [0, 0, 0, 5])]),
      /make no sense/,
    ],
    'ports for nobody': [frame(frames.PORTS, 9, [0, 0, 0, 3]), /make no sense/],
    'something between ports and their message': [
      Buffer.concat([frame(frames.PORTS, 0, [0, 0, 0, 3]), frame(frames.PING, 0)]),
      /within a message/,
    ],
    'a buffer for one, and a message for another': [
      Buffer.concat([frame(frames.BUFFER, 0, [1]), frame(frames.BUFFER, 2, [1])]),
      /within another/,
    ],
    'more than a port that nobody listens to has room for': [
      Buffer.concat([
        frame(frames.PORTS, 0, [0, 0, 0, 3]),
        said(0, 1),
        ...Array.from({ length: 20 }, () => said(3, 'x'.repeat(1000))),
      ]),
      /more than tunnel 3 has room for/,
    ],
  };
  for (const [name, [bytes, text]] of Object.entries(some)) {
    it(name, async () => {
      const pair = muxPair(pairs);
      const inbox = new Inbox(pair.a.port);
      pair.sockets[1].write(bytes);
      const [reason, malformed] = await pair.ends.a;
      expect([reason, malformed]).toEqual(['lost', expect.stringMatching(text)]);
      expect(await inbox.closed).toBe('lost');
      await released(pair.sockets[0]);
      pair.b.close();
    });
  }

  it('but a body that can not be read is only a message that can not be', async () => {
    const pair = muxPair(pairs);
    const inbox = new Inbox(pair.a.port);
    for (const kind of [frames.PLAIN, frames.V8, frames.UNREADABLE]) pair.sockets[1].write(frame(kind, 0, '{"'));
    pair.sockets[1].write(Buffer.concat([frame(frames.PORTS, 0, [0, 0, 0, 3]), frame(frames.V8, 0, 'x'), said(0, 5)]));
    expect(await inbox.wait(5)).toEqual([...Array<string>(4).fill('unreadable'), 5]);
    expect(pair.a.state().tunnels).toBe(1);
    pair.a.close();
    pair.b.close();
  });
});

describe('what is written', () => {
  function chunksOf(socket: Socket): Buffer[] {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    return chunks;
  }

  it('in one turn leaves in one piece, what its promises bring about included', async () => {
    const [socket, other] = pairs.take();
    const chunks = chunksOf(other);
    const mux = new Mux(socket, { side: 'dialer' });
    for (let i = 0; i < 20; i++) mux.port.post(i);
    await Promise.resolve().then(() => mux.port.post('then'));
    queueMicrotask(() => mux.port.post('later'));
    await turn();
    while (chunks.length === 0) await turn();
    await turn();
    expect(chunks).toHaveLength(1);
    expect(String(chunks[0])).toContain('later');
    mux.close();
    other.destroy();
  });

  it('leaves at once where it is much', () => {
    const [socket, other] = pairs.take();
    const mux = new Mux(socket, { side: 'dialer' });
    mux.port.post('x'.repeat(20_000));
    expect(socket.bytesWritten).toBeGreaterThan(20_000);
    mux.close();
    other.destroy();
  });

  it('is whole and in order, of all sizes around those of the pieces', async () => {
    const pair = muxPair(pairs);
    const there = new Inbox(pair.b.port);
    const sizes = [
      0, 1, 100, 5000, 5400, 5461, 5462, 8191, 8192, 8193, 16_370, 16_384, 21_000, 65_520, 65_536, 70_000, 300_000,
    ];
    const sent: unknown[] = [];
    for (const round of [1, 2, 3]) {
      for (const size of sizes)
        sent.push('é'.repeat(size), [round, 'x'.repeat(size)], new Uint8Array(size).fill(round));
    }
    for (const message of sent) pair.a.port.post(message);
    const arrived = await there.wait(sent.length);
    for (const [i, message] of sent.entries()) assert.deepEqual(arrived[i], message);
    pair.a.close();
  });

  it('is counted', async () => {
    const pair = muxPair(pairs);
    const there = new Inbox(pair.b.port);
    pair.a.port.post('one');
    pair.a.port.post(new Uint8Array(100_000));
    await there.wait(2);
    const [a, b] = [pair.a.state(), pair.b.state()];
    expect([a.out.messages, b.in.messages, a.in.messages, b.out.messages]).toEqual([2, 2, 0, 0]);
    expect(a.out.bytes).toBeGreaterThan(100_000);
    expect([a.out.bytes, a.queued, a.tunnels]).toEqual([b.in.bytes, 0, 0]);
    pair.a.close();
  });
});

describe('what arrives', () => {
  it('in pieces of any size is the same', async () => {
    const [socket, other] = pairs.take();
    const mux = new Mux(socket, { side: 'dialer' });
    const inbox = new Inbox(mux.port);
    const bytes: Buffer[] = [];
    const server = createServer((from) => from.on('data', (chunk) => bytes.push(chunk)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const source = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const writer = new Mux(source, { side: 'listener' });
    const message = ['text', { n: 1 }, new Uint8Array(20_000).fill(3), new Map([[1, 2]])];
    for (let i = 0; i < 5; i++) writer.port.post([i, message]);
    writer.port.close();
    while (Buffer.concat(bytes).length < 100_000) await turn();
    await turn();
    const all = Buffer.concat(bytes);
    // One byte at a time would take a turn each: the reader is fed by hand.
    for (let at = 0, size = 1; at < all.length; at += size, size = (size * 7) % 4093)
      socket.emit('data', all.subarray(at, at + size));
    expect(await inbox.closed).toBe('closed');
    assert.deepEqual(
      inbox.messages,
      Array.from({ length: 5 }, (_, i) => [i, message]),
    );
    writer.close();
    source.destroy();
    server.close();
    other.destroy();
  });

  it('is not read before port 0 is started: it waits in the socket', async () => {
    const pair = muxPair(pairs);
    for (let i = 0; i < 1000; i++) pair.a.port.post('x'.repeat(1000));
    for (let i = 0; i < 5; i++) await turn();
    expect(pair.b.state().in.bytes).toBeLessThan(200_000);
    expect(await new Inbox(pair.b.port).wait(1000)).toHaveLength(1000);
    pair.a.close();
  });
});
