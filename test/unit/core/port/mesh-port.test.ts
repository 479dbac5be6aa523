import { afterEach, describe, expect, it } from 'vitest';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { MeshPort, MeshPortClose, MeshPortMessage } from '../../../../src/core/port/mesh-port.js';
import { electronEnd, MessagePortPort, type MessagePortLike } from '../../../../src/core/port/message-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { transfer } from '../../../../src/core/wire/transfer.js';
import { FakePort } from '../../support/fake-port.js';
import { spy } from '../../support/spy.js';

const opened: MeshPort[] = [];
afterEach(() => {
  for (const port of opened.splice(0)) port.close();
});

function keep(port: MeshPort): MeshPort {
  opened.push(port);
  return port;
}

const overNode = (raw: object): Port => new MessagePortPort(raw as MessagePortLike);
const itself = (raw: object): Port => raw as Port;

const carriers: Record<string, () => readonly [MeshPort, MeshPort]> = {
  "Node's MessageChannel": () => {
    const { port1, port2 } = new MessageChannel();
    return [keep(new MeshPort(overNode(port1), overNode)), keep(new MeshPort(overNode(port2), overNode))];
  },
  'memory ports': () => {
    const [a, b] = createMemoryChannel().ports;
    return [keep(new MeshPort(a, itself)), keep(new MeshPort(b, itself))];
  },
  'memory ports that take plain data only': () => {
    const [a, b] = createMemoryChannel({ carries: electronEnd }).ports;
    return [keep(new MeshPort(a, itself)), keep(new MeshPort(b, itself))];
  },
};

/** The next message, and what follows when it is asked for. */
function next(port: MeshPort): Promise<MeshPortMessage> {
  return new Promise((resolve) => {
    port.addEventListener('message', resolve, { once: true });
    port.start();
  });
}

function closed(port: MeshPort): Promise<MeshPortClose> {
  return new Promise((resolve) => {
    port.addEventListener('close', resolve, { once: true });
    port.start();
  });
}

function messages(port: MeshPort, count: number): Promise<unknown[]> {
  return new Promise((resolve) => {
    const got: unknown[] = [];
    port.onmessage = ({ data }) => void (got.push(data) === count && resolve(got));
  });
}

describe.each(Object.entries(carriers))('MeshPort over %s', (_name, make) => {
  it('delivers in order what was posted before it was started, and after', async () => {
    const [a, b] = make();
    a.postMessage(1);
    a.postMessage({ two: 2 });
    const got = messages(b, 3);
    a.postMessage([3]);
    expect(await got).toEqual([1, { two: 2 }, [3]]);
  });

  it('a message has data and ports, and names its port', async () => {
    const [a, b] = make();
    a.postMessage('x');
    const event = await next(b);
    expect(event).toBeInstanceOf(MeshPortMessage);
    expect([event.type, event.data, event.ports]).toEqual(['message', 'x', []]);
    expect(event.target).toBe(b);
  });

  it('carries every value as it is, null and undefined and what looks like its own wire included', async () => {
    const [a, b] = make();
    const values = [
      null,
      undefined,
      0,
      ['portmesh:ports', 'x', [{}]],
      ['portmesh:ports', null, []],
      ['portmesh:ports'],
      [['portmesh:ports', 1, []]],
      new Map([[{}, null]]),
    ];
    for (const value of values) a.postMessage(value);
    expect(await messages(b, values.length)).toEqual(values);
  });

  it('carries ports, which arrive as MeshPorts wherever they stand, and work both ways', async () => {
    const [a, b] = make();
    const [near, far] = make();
    const [other, unnamed] = make();
    a.postMessage({ port: far, deep: new Map([['again', [far]]]), not: {} }, [unnamed, far]);
    const { data, ports } = await next(b);
    const { port, deep, not } = data as { port: MeshPort; deep: Map<string, MeshPort[]>; not: object };
    expect(port).toBeInstanceOf(MeshPort);
    expect(deep.get('again')?.[0]).toBe(port);
    expect(not).toEqual({});
    expect(ports[1]).toBe(port);
    for (const each of ports) keep(each);
    near.postMessage('there');
    expect((await next(port)).data).toBe('there');
    port.postMessage('back');
    expect((await next(near)).data).toBe('back');
    other.postMessage('to the one in the list only');
    expect((await next(ports[0] as MeshPort)).data).toBe('to the one in the list only');
  });

  it('moved away, a port does nothing any more, and what waited in it waits for the new owner', async () => {
    const [a, b] = make();
    const [near, far] = make();
    const told = spy();
    far.onmessage = told;
    far.onclose = told;
    near.postMessage('waiting');
    a.postMessage(far, [far]);
    far.postMessage('lost');
    far.close();
    expect(far.detach()).toBeUndefined();
    const { data } = await next(b);
    expect((await next(keep(data as MeshPort))).data).toBe('waiting');
    near.close();
    await closed(data as MeshPort);
    expect(told).not.toHaveBeenCalled();
  });

  it('buffers in the list are detached here, and arrive', async () => {
    const [a, b] = make();
    const bytes = Uint8Array.from([1, 2, 3]);
    a.postMessage({ bytes }, { transfer: [bytes.buffer] });
    expect(bytes.byteLength).toBe(0);
    expect((await next(b)).data).toEqual({ bytes: Uint8Array.from([1, 2, 3]) });
  });

  it('of a Buffer, and of any view on a part, exactly that part arrives', async () => {
    const [a, b] = make();
    a.postMessage([Buffer.from('hello'), new Uint8Array(100).subarray(5, 7)]);
    const [text, part] = (await next(b)).data as [Uint8Array, Uint8Array];
    expect([text.buffer.byteLength, part.buffer.byteLength]).toEqual([5, 2]);
    expect(Buffer.from(text).toString()).toBe('hello');
  });

  it('a message that can not be sent throws at once; nothing is lost or moved, and the port goes on', async () => {
    const [a, b] = make();
    const [near, far] = make();
    const got = spy();
    far.onmessage = ({ data }) => void got(data);
    const buffer = new ArrayBuffer(4);
    let deep: unknown = 'end';
    for (let i = 0; i < 100_000; i++) deep = { deep };
    for (const value of [() => {}, Symbol('s'), new WeakMap(), deep]) {
      expect(() => a.postMessage([value, far, buffer], [far, buffer])).toThrow(
        expect.objectContaining({ code: 'NOT_CLONEABLE', message: expect.stringMatching(/^postMessage\(\): /) }),
      );
    }
    expect(buffer.byteLength).toBe(4);
    near.postMessage('still mine');
    a.postMessage('next');
    expect((await next(b)).data).toBe('next');
    await expect.poll(() => got.mock.calls).toEqual([['still mine']]);
  });

  it('refuses itself, ports that are not listed, closed ones, and lists that are none', () => {
    const [a] = make();
    const [, port] = make();
    expect(() => a.postMessage(a, [a])).toThrow(/can not move over itself/);
    expect(() => a.postMessage({ port })).toThrow(/List it/);
    port.close();
    expect(() => a.postMessage({ port }, [port])).toThrow(/is closed, or has been moved/);
    for (const list of [1, 'x', [1], { transfer: 1 }, { transfer: [null] }, () => {}]) {
      expect(() => a.postMessage(1, list as never)).toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringMatching(/^postMessage\(message, tr/),
        }),
      );
    }
    for (const list of [undefined, null, [], {}, { transfer: undefined }]) {
      expect(() => a.postMessage(1, list as never)).not.toThrow();
    }
  });

  it('close() delivers what was posted before, fires close once at the far end, and nothing here', async () => {
    const [a, b] = make();
    const here = spy();
    a.onclose = here;
    a.start();
    const seen: unknown[] = [];
    b.onmessage = ({ data }) => void seen.push(data);
    a.postMessage('last');
    a.close();
    a.close();
    a.postMessage('late');
    const event = await closed(b);
    expect(event).toBeInstanceOf(MeshPortClose);
    expect([event.type, event.reason, event.target === b]).toEqual(['close', 'closed', true]);
    expect(seen).toEqual(['last']);
    b.postMessage('late');
    b.close();
    expect([b.detach(), a.detach()]).toEqual([undefined, undefined]);
    expect(here).not.toHaveBeenCalled();
  });

  it('posts nothing, and moves nothing, once it is closed', () => {
    const [a] = make();
    const buffer = new ArrayBuffer(4);
    a.close();
    a.postMessage(buffer, [buffer]);
    expect(buffer.byteLength).toBe(4);
  });
});

describe('MeshPort', () => {
  function faked(carries?: ConstructorParameters<typeof FakePort>[0]) {
    const raw = new FakePort(carries);
    const port = new MeshPort(raw, itself);
    const events: Event[] = [];
    for (const type of ['message', 'messageerror', 'close'] as const) {
      port.addEventListener(type, (event: Event) => void events.push(event));
    }
    return { raw, port, events, types: () => events.map(({ type }) => type) };
  }

  it('delivers nothing before it is started, and starts once', () => {
    const { raw, port, events } = faked();
    raw.deliver('lost to this fake, which keeps nothing');
    expect(events).toEqual([]);
    let starts = 0;
    const start = raw.start.bind(raw);
    raw.start = (listener) => {
      starts++;
      start(listener);
    };
    port.start();
    port.onmessage = () => {};
    port.onmessage = () => {};
    expect(starts).toBe(1);
  });

  it('on… handlers replace one another, can be read and taken off, and live beside listeners', () => {
    const { raw, port, types } = faked();
    const [one, two] = [spy(), spy()];
    expect([port.onmessage, port.onmessageerror, port.onclose]).toEqual([null, null, null]);
    port.onmessage = one;
    port.onmessage = two;
    port.addEventListener('message', two);
    expect(port.onmessage).toBe(two);
    raw.deliver(1);
    expect([one.mock.calls.length, two.mock.calls.length]).toEqual([0, 2]);
    port.onmessage = null;
    raw.deliver(2);
    expect([port.onmessage, two.mock.calls.length]).toEqual([null, 3]);
    port.removeEventListener('message', two);
    raw.deliver(3);
    expect([two.mock.calls.length, types()]).toEqual([3, ['message', 'message', 'message']]);
  });

  it('an on… handler that takes the place of another is called in its turn; one that comes after none, last', () => {
    const { raw, port } = faked();
    const called: string[] = [];
    port.onmessage = () => called.push('one');
    port.addEventListener('message', () => called.push('listener'));
    port.onmessage = () => called.push('two');
    raw.deliver(1);
    expect(called).toEqual(['two', 'listener']);
    port.onmessage = null;
    port.onmessage = () => called.push('three');
    raw.deliver(2);
    expect(called.slice(2)).toEqual(['listener', 'three']);
  });

  it('a listener is taken off by capture, however that is written, as it was put on', () => {
    const { raw, port } = faked();
    port.start();
    const listener = spy();
    for (const put of [true, { capture: true }]) {
      for (const off of [true, { capture: true }]) {
        port.addEventListener('message', listener, put);
        port.removeEventListener('message', listener);
        port.removeEventListener('message', listener, false);
        raw.deliver('still heard');
        port.removeEventListener('message', listener, off);
        raw.deliver('not any more');
      }
    }
    expect(listener).toHaveBeenCalledTimes(4);
  });

  it('tells of what can not be read', () => {
    const { raw, port, types } = faked();
    const handler = spy();
    port.onmessageerror = handler;
    port.start();
    raw.deliverUnreadable();
    expect([handler.mock.calls.length, types()]).toEqual([1, ['messageerror']]);
  });

  it('closed by a listener, dispatches nothing of what follows', () => {
    const { raw, port, types } = faked();
    port.onmessage = () => port.close();
    raw.deliver(1, 2);
    raw.deliverUnreadable();
    raw.closeFar();
    expect([types(), raw.closed]).toEqual([['message'], true]);
  });

  it('reports the close once, and is closed then', () => {
    const { raw, port, types } = faked();
    port.start();
    raw.closeFar();
    raw.closeFar();
    port.postMessage('late');
    expect([types(), raw.posts]).toEqual([['close'], []]);
  });

  it('closes the ports of a message that makes no sense, and says that it could not be read', () => {
    const malformed = [
      ['portmesh:ports'],
      ['portmesh:ports', 1],
      ['portmesh:ports', 1, [{}], 'more'],
      ['portmesh:ports', 1, 'x'],
      ['portmesh:ports', 1, []],
      ['portmesh:ports', 1, [{}, {}]],
      ['portmesh:ports', 1, [null]],
      ['portmesh:ports', 1, { length: 1, 0: {} }],
    ];
    for (const message of malformed) {
      const { raw, port, types } = faked();
      port.start();
      const came = new FakePort();
      raw.deliverWith(message, [came]);
      expect({ message, types: types(), closed: came.closed }).toEqual({
        message,
        types: ['messageerror'],
        closed: true,
      });
    }
  });

  it('takes ports from one who posts on the platform’s port itself', () => {
    const { raw, port, events } = faked();
    port.start();
    const came = new FakePort();
    raw.deliverWith({ port: came }, [came]);
    const { data, ports } = events[0] as MeshPortMessage;
    expect((data as { port: unknown }).port).toBe(ports[0]);
    expect(ports[0]).toBeInstanceOf(MeshPort);
  });

  it('detach() gives the platform’s port, which works on without the mesh', async () => {
    const [a, b] = (carriers["Node's MessageChannel"] as () => readonly [MeshPort, MeshPort])();
    b.onmessage = () => {};
    const raw = b.detach() as MessagePort;
    const arrived = new Promise((resolve) => raw.addEventListener('message', ({ data }) => resolve(data)));
    raw.start();
    a.postMessage({ to: 'raw' });
    expect(await arrived).toEqual({ to: 'raw' });
  });

  it('a message without ports is posted as it is; null is wrapped where it would mean "unreadable"', () => {
    const [dom, main] = [faked(), faked(electronEnd)];
    for (const { port } of [dom, main]) {
      port.postMessage({ a: 1 });
      port.postMessage(null);
    }
    expect(dom.raw.posts).toEqual([{ a: 1 }, null]);
    expect(main.raw.posts).toEqual([{ a: 1 }, ['portmesh:ports', null, []]]);
  });

  it('takes what transfer() marked', () => {
    const { raw, port } = faked();
    const buffer = new ArrayBuffer(2);
    port.postMessage(transfer({ buffer }, [buffer]));
    expect([buffer.byteLength, raw.posts]).toEqual([0, [{ buffer: new ArrayBuffer(2) }]]);
  });

  it('an error of its own is a MeshError with the cause', () => {
    const { port } = faked();
    const cause = new RangeError('not now');
    const message = {
      get x(): never {
        throw cause;
      },
    };
    expect(() => port.postMessage(message)).toThrow(MeshError);
    expect(() => port.postMessage(message)).toThrow(expect.objectContaining({ code: 'NOT_CLONEABLE', cause }));
  });

  it('severed, as when a process is killed, fires close', async () => {
    const { ports, sever } = createMemoryChannel();
    const port = new MeshPort(ports[0], itself);
    const told = closed(port);
    sever();
    expect((await told).reason).toBe('closed');
  });
});
