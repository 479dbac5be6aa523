import assert from 'node:assert';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { MeshPort } from '../../../../src/core/port/mesh-port.js';
import { nodePorts } from '../../../../src/core/port/kinds.js';
import { NodePort } from '../../../../src/core/port/node-port.js';
import { adoptRaw, socketKind, SocketPort } from '../../../../src/node/socket/socket-port.js';
import type { Tunnel } from '../../../../src/node/socket/tunnel.js';
import { SocketPairs } from '../../../contract/socket-pairs.js';
import { Inbox, muxPair } from '../../support/mux-pair.js';
import { turn } from '../../support/turn.js';

const pairs = await SocketPairs.open('unix');
afterAll(() => pairs.close());

const { adopt } = nodePorts(MessageChannel);

/** Two connections in a row: what arrives at the end of the first can be sent on through the second. */
function chain() {
  const [first, second] = [muxPair(pairs), muxPair(pairs)];
  for (const idle of [first.a, second.a]) new Inbox(idle.port);
  return {
    first,
    second,
    middle: new Inbox(first.b.port),
    end: new Inbox(second.b.port),
    close() {
      first.a.close();
      second.a.close();
    },
  };
}

/** Posts a raw port, and returns the one that arrives. */
async function send(from: SocketPort, to: Inbox, raw: object): Promise<object> {
  const before = to.messages.length;
  from.post('port', [raw]);
  await to.wait(before + 1);
  return to.ports[before]?.[0] as object;
}

describe('a port that goes beside a message', () => {
  it("of Node's: works both ways, and either end's close reaches the other", async () => {
    const { first, middle, close } = chain();
    for (const closeHere of [true, false]) {
      const { port1, port2 } = new MessageChannel();
      const here = adopt(port1);
      here.post('early');
      const there = adoptRaw(await send(first.a.port, middle, port2));
      const [atHere, atThere] = [new Inbox(here), new Inbox(there)];
      there.post(new Map([[1, new Uint8Array([2])]]));
      here.post('late');
      expect(await atThere.wait(2)).toEqual(['early', 'late']);
      expect(await atHere.wait(1)).toEqual([new Map([[1, new Uint8Array([2])]])]);
      (closeHere ? here : there).close();
      await (closeHere ? atThere : atHere).closed;
    }
    close();
  });

  it("of Node's: is of no use to its former owner any more", async () => {
    const { first, middle, close } = chain();
    const { port1, port2 } = new MessageChannel();
    const there = new Inbox(adoptRaw(await send(first.a.port, middle, port2)));
    const heard: unknown[] = [];
    port2.on('message', (message) => heard.push(message));
    port2.close();
    port1.postMessage('for the new owner');
    expect(await there.wait(1)).toEqual(['for the new owner']);
    expect(heard).toEqual([]);
    assert.throws(() => first.a.port.post('again', [port2]), { code: 'NOT_CLONEABLE' });
    port1.close();
    close();
  });

  it('of another connection: is passed on, in any number of hops, with all that waited', async () => {
    const { first, second, middle, end, close } = chain();
    const { port1, port2 } = new MessageChannel();
    const here = adopt(port1);
    const passing = await send(first.a.port, middle, port2);
    for (let i = 0; i < 100; i++) here.post(i);
    const there = adoptRaw(await send(second.a.port, end, passing));
    const inbox = new Inbox(there);
    expect(await inbox.wait(100)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    const back = new Inbox(here);
    there.post('back');
    expect(await back.wait(1)).toEqual(['back']);
    here.close();
    await inbox.closed;
    close();
  });

  it('of the same connection: back to where it came from', async () => {
    const { first, middle, close } = chain();
    const { port1, port2 } = new MessageChannel();
    const away = await send(first.a.port, middle, port2);
    const [near, far] = socketKind.channel() as readonly [object, object];
    const hub = new Inbox(adoptRaw(near));
    const there = adoptRaw(await send(first.a.port, middle, far));
    there.post('home', [away]);
    await hub.wait(1);
    const back = new Inbox(adoptRaw(hub.ports[0]?.[0] as object));
    port1.postMessage('round trip');
    expect(await back.wait(1)).toEqual(['round trip']);
    close();
  });

  it('carries ports itself, in any depth', async () => {
    const { first, middle, close } = chain();
    let [near, far] = socketKind.channel() as readonly [object, object];
    let there = await send(first.a.port, middle, far);
    for (let depth = 0; depth < 10; depth++) {
      const outer = adoptRaw(near) as SocketPort;
      const inbox = new Inbox(adoptRaw(there));
      [near, far] = socketKind.channel() as readonly [object, object];
      there = await send(outer, inbox, far);
    }
    const inbox = new Inbox(adoptRaw(there));
    adoptRaw(near).post('deep');
    expect(await inbox.wait(1)).toEqual(['deep']);
    close();
  });

  it('posted on before it is sent: what is posted waits, and goes behind the message that brings it', async () => {
    const { first, middle, close } = chain();
    const [near, far] = socketKind.channel() as readonly [object, object];
    const port = adoptRaw(near);
    for (let i = 0; i < 10; i++) port.post(i);
    port.close();
    const there = new Inbox(adoptRaw(await send(first.a.port, middle, far)));
    await there.closed;
    expect(there.messages).toEqual(Array.from({ length: 10 }, (_, i) => i));
    close();
  });

  it('closed by who was to send it, closes its other end', async () => {
    const [near, far] = socketKind.channel() as readonly [object, { close(): void }];
    const inbox = new Inbox(adoptRaw(near));
    far.close();
    expect(await inbox.closed).toBe('closed');
  });

  it('is closed, when its message can not be read there', async () => {
    const { first, middle, close } = chain();
    const [near, far] = socketKind.channel() as readonly [object, object];
    first.a.port.post(null, [far]);
    expect(await new Inbox(adoptRaw(near)).closed).toBe('closed');
    expect(middle.messages).toEqual(['unreadable']);
    close();
  });

  it('as a MeshPort, with the port in the message', async () => {
    const { first, middle, close } = chain();
    const [near, far] = socketKind.channel() as readonly [object, object];
    const there = new MeshPort(adoptRaw(await send(first.a.port, middle, far)), adoptRaw);
    const here = new MeshPort(adoptRaw(near), adoptRaw);
    const { port1, port2 } = new MessageChannel();
    const arrived = new Promise<{ port: MeshPort }>((resolve) => {
      there.onmessage = ({ data }) => resolve(data as { port: MeshPort });
    });
    const given = new MeshPort(adopt(port2), adoptRaw);
    here.postMessage({ port: given, bytes: new Uint8Array([1]) }, [given]);
    const { port } = await arrived;
    const answer = new Promise((resolve) => port1.on('message', resolve));
    port.postMessage('through');
    expect(await answer).toBe('through');
    expect(given.detach()).toBeUndefined();
    port1.close();
    close();
  });
});

describe('what can not go beside a message', () => {
  it('throws, and leaves everything to its owner', async () => {
    const { first, middle, close } = chain();
    const { port1, port2 } = new MessageChannel();
    const closed = (await send(first.a.port, middle, new MessageChannel().port2)) as Tunnel;
    closed.close();
    const spent = (socketKind.channel() as readonly [object, object])[1];
    await send(first.a.port, middle, spent);
    const { buffer } = new Uint8Array(100_000);
    const bad: [object[], RegExp][] = [
      [[port2, buffer, {}], /only ArrayBuffers and ports/],
      [[port2, port2], /listed twice/],
      [[port2, closed], /closed, or has been moved/],
      [[port2, spent], /closed, or has been moved/],
      [[port2, first.a.port.raw], /over itself/],
    ];
    for (const [list, text] of bad) {
      assert.throws(() => first.a.port.post('x', list), { code: 'NOT_CLONEABLE', message: text });
    }
    assert.throws(() => first.a.port.post(['x', () => {}], [port2, buffer]), { code: 'NOT_CLONEABLE' });
    expect(buffer.byteLength).toBe(100_000);
    const heard = new Promise((resolve) => port2.on('message', resolve));
    port1.postMessage('still here');
    expect(await heard).toBe('still here');
    port1.close();
    close();
  });

  it('a port of which none of those before it has moved, when it turns out to be useless', async () => {
    const { first, close } = chain();
    const [one, two] = [new MessageChannel(), new MessageChannel()];
    structuredClone(two.port2, { transfer: [two.port2] });
    const { buffer } = new Uint8Array(10_000);
    assert.throws(() => first.a.port.post([buffer], [one.port2, two.port2, buffer]), { code: 'NOT_CLONEABLE' });
    expect(buffer.byteLength).toBe(10_000);
    const heard = new Promise((resolve) => one.port2.on('message', resolve));
    one.port1.postMessage('still here');
    expect(await heard).toBe('still here');
    one.port1.close();
    close();
  });
});

describe('who makes ports of raw ones', () => {
  it('knows those of a Node process, and nothing else', () => {
    const { port1 } = new MessageChannel();
    expect(adoptRaw(port1)).toBeInstanceOf(NodePort);
    expect(adoptRaw((socketKind.channel() as readonly [object, object])[0])).toBeInstanceOf(SocketPort);
    assert.throws(() => adoptRaw({}), /ports/);
    port1.close();
  });
});

describe('a buffer that moves', () => {
  it('is detached, and arrives, in whatever the system takes of it at once', async () => {
    const { first, middle, close } = chain();
    const sent = Array.from({ length: 20 }, (_, i) => new Uint8Array(500_000).fill(i));
    for (const bytes of sent) first.a.port.post(bytes, [bytes.buffer]);
    expect(sent.every(({ length }) => length === 0)).toBe(true);
    const arrived = (await middle.wait(20)) as Uint8Array[];
    for (const [i, bytes] of arrived.entries())
      expect([bytes.length, bytes[0], bytes[499_999]]).toEqual([500_000, i, i]);
    close();
  });

  it('and one that stays can be changed at once', async () => {
    const { first, middle, close } = chain();
    const bytes = new Uint8Array(500_000);
    for (let i = 0; i < 20; i++) {
      first.a.port.post(bytes.fill(i));
      if (i % 5 === 0) await turn();
    }
    const arrived = (await middle.wait(20)) as Uint8Array[];
    for (const [i, each] of arrived.entries()) expect([each[0], each[499_999]]).toEqual([i, i]);
    close();
  });
});
