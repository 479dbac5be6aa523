import { MessageChannel as NodeChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { notCloneable } from '../../../../src/core/errors/mesh-error.js';
import { nodePorts } from '../../../../src/core/port/kinds.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { electronEnd } from '../../../../src/core/port/message-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { relay, type PortKind } from '../../../../src/core/port/relay.js';
import { deferred, rejection } from '../../../contract/case.js';
import { whenDrained } from '../../../contract/when-drained.js';
import { FakePort } from '../../support/fake-port.js';
import { LinkSide } from '../../../contract/link-side.js';

const node = nodePorts(NodeChannel);
const memory: PortKind = { adopt: (raw) => raw as Port, channel: () => createMemoryChannel().ports };

/** What is to be closed behind a test: an open port keeps nothing alive, but is seen by the next one. */
const open: Port[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

/** Collects what arrives. */
function listen(port: Port) {
  const posts: unknown[] = [];
  const ports: Port[] = [];
  const closed = deferred();
  let arrived = deferred();
  port.start({
    message(data, raw) {
      posts.push(data);
      ports.push(...(raw as Port[]));
      arrived.resolve();
    },
    unreadable() {
      posts.push('unreadable');
      arrived.resolve();
    },
    close: () => closed.resolve(),
  });
  const wait = async (count: number): Promise<unknown[]> => {
    while (posts.length < count) {
      await arrived.promise;
      arrived = deferred();
    }
    return posts;
  };
  return { posts, ports, closed: closed.promise, wait };
}

/** A port in memory, relayed to one of Node's: `near` is of the first kind, `far` of the second. */
function relayed({ kind = memory, through = (port: Port) => port, back = node } = {}): { near: Port; far: Port } {
  const [near, inner] = createMemoryChannel({ carries: electronEnd }).ports;
  const { port1, port2 } = new NodeChannel();
  relay({ port: through(inner), kind }, { port: node.adopt(port1), kind: back });
  const far = node.adopt(port2);
  open.push(near, far);
  return { near, far };
}

describe('a relay', () => {
  it('passes a port on as one of the other kind, which works both ways, and through a port that was passed on', async () => {
    const { near, far } = relayed();
    const there = listen(far);
    const [kept, given] = createMemoryChannel().ports;
    near.post(['take'], [given]);
    await there.wait(1);
    const taken = node.adopt(there.ports[0]!);
    const [here, beyond] = [listen(kept), listen(taken)];
    kept.post(['down']);
    taken.post(['up']);
    expect([await beyond.wait(1), await here.wait(1)]).toEqual([[['down']], [['up']]]);
    // And one over that one, the other way round.
    const { port1, port2 } = new NodeChannel();
    taken.post(['another'], [port2]);
    await here.wait(2);
    const last = listen(here.ports[0]!);
    const end = node.adopt(port1);
    end.post(['deep']);
    expect(await last.wait(1)).toEqual([['deep']]);
    end.close();
    await last.closed;
    kept.close();
    await beyond.closed;
  });

  it('passes what comes behind a port on behind it, also where the channel for it has to be asked for', async () => {
    const asked: ReturnType<typeof deferred<readonly [object, object]>>[] = [];
    const slow: PortKind = {
      ...memory,
      channel() {
        asked.push(deferred());
        return asked.at(-1)!.promise;
      },
    };
    const { near, far } = relayed({ kind: slow });
    const here = listen(near);
    const { port1, port2 } = new NodeChannel();
    far.post(['first']);
    far.post(['with two ports'], [port1, port2]);
    far.post(['behind']);
    far.close();
    await here.wait(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(here.posts).toEqual([['first']]);
    expect(asked).toHaveLength(2);
    for (const each of asked) each.resolve(createMemoryChannel().ports);
    await here.closed;
    expect(here.posts).toEqual([['first'], ['with two ports'], ['behind']]);
    expect(here.ports).toHaveLength(2);
  });

  it('closes a port it gets no channel for, and says that its message could not be passed on', async () => {
    const none: PortKind = { ...memory, channel: () => Promise.reject(new Error('the seat is gone')) };
    const { near, far } = relayed({ kind: none });
    const here = listen(near);
    const { port1, port2 } = new NodeChannel();
    const kept = listen(node.adopt(port1));
    far.post(['take'], [port2]);
    far.post(['next']);
    expect(await here.wait(2)).toEqual(['unreadable', ['next']]);
    await kept.closed;
  });

  it('closes what it has made for a message that then can not be posted, and the port that came', async () => {
    const made: (readonly [Port, Port])[] = [];
    const { near, far } = relayed({
      kind: { ...memory, channel: () => (made.push(createMemoryChannel().ports), made.at(-1)!) },
      through: (port) => picky(port),
    });
    const here = listen(near);
    const { port1, port2 } = new NodeChannel();
    const kept = listen(node.adopt(port1));
    far.post(['take', new Set(['poison'])], [port2]);
    expect(await here.wait(1)).toEqual(['unreadable']);
    await kept.closed;
    expect(made).toHaveLength(1);
  });

  it('closes the ports of messages that come when their receiver is gone', async () => {
    const gate = deferred<readonly [object, object]>();
    const { near, far } = relayed({ kind: { ...memory, channel: () => gate.promise } });
    const { port1, port2 } = new NodeChannel();
    const kept = listen(node.adopt(port1));
    const there = listen(far);
    far.post(['take'], [port2]);
    await new Promise((resolve) => setImmediate(resolve));
    near.close();
    await there.closed;
    const [a, b] = createMemoryChannel().ports;
    const ends = [listen(a)];
    gate.resolve([createMemoryChannel().ports[0], b]);
    await kept.closed;
    await ends[0]!.closed;
  });

  it('passes on that a message can not be read: posts stay numbered alike', async () => {
    const from = new FakePort();
    const to = new FakePort();
    relay({ port: from, kind: memory }, { port: to, kind: memory });
    from.deliver(['one']);
    from.deliverUnreadable();
    from.deliver(['three']);
    expect(to.posts).toEqual([['one'], null, ['three']]);
    expect(to.transfers[0], 'asks where a post that fails would close the port').toEqual([]);
    from.closeFar();
    expect(to.closed).toBe(true);
  });

  it('rejects the sender whose value it can not pass on, with NOT_CLONEABLE; both go on', async () => {
    const { near, far } = relayed({ through: picky });
    const [a, b] = [new LinkSide(near, 'b'), new LinkSide(far, 'a')];
    a.onRequest = (id, channel, args) => a.link.answer(id, channel, args[1]);
    b.onRequest = (id, channel, args) => b.link.answer(id, channel, args[1] === 'bad' ? new Set(['poison']) : 'ok');
    const bad = rejection(b.request_('ask', new Set(['poison'])));
    const good = b.request_('ask', 2);
    expect(await bad).toMatchObject({ code: 'NOT_CLONEABLE', message: expect.stringMatching(/^request\('ask'\)/) });
    expect(await good).toBe(2);
    expect(await rejection(a.request_('answer', 'bad'))).toMatchObject({ code: 'NOT_CLONEABLE' });
    expect(await a.request_('answer', 'good')).toBe('ok');
    expect([...a.of('malformed'), ...b.of('malformed')]).toEqual([]);
    b.send('event', new Set(['poison']));
    await whenDrained(b.link);
    expect(b.of('unreadable')).toHaveLength(1);
    a.link.bye(() => undefined);
  });
});

/** Refuses what Electron's ports refuse and Node's carry. */
function picky(port: Port): Port {
  return {
    carries: port.carries,
    raw: port.raw,
    post(message, transfer) {
      if (Array.isArray(message) && message.some((each) => each instanceof Set)) {
        throw notCloneable(new Error('can not be cloned'));
      }
      port.post(message, transfer);
    },
    start: (listener) => port.start(listener),
    close: () => port.close(),
    detach: () => port.detach(),
  };
}
