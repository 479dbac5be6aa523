import { describe, expect, it } from 'vitest';
import { useFar } from './support/far.js';
import { kinds, type Kind } from './support/places.js';

// What arrives, and what can't, between all kinds of places: one of each for the whole file.

/** The port of such a place carries moved buffers, nested ports and the platform's objects. */
const isDom = (kind: Kind): boolean => kind === 'window' || kind === 'worker';

const far = useFar(({ bus }) => {
  bus.handle(`echo ${bus.self.name}`, (_, ...args: unknown[]) => args);
  bus.handle(`look ${bus.self.name}`, (_, value: { list: [{ deep: Uint8Array }]; map: Map<string, ArrayBuffer> }) => {
    const { list, map } = value;
    return [[...list[0].deep], [...new Uint8Array(map.get('buffer')!)]];
  });
  bus.handle(`ports ${bus.self.name}`, (_, value: { list: unknown[]; map: Map<string, unknown> }) => {
    type Port = import('../../src/core/index.js').MeshPort;
    const ports = [value.list[0], (value.list[1] as { deep: unknown }).deep, value.map.get('port')] as Port[];
    for (const [i, port] of ports.entries()) port.onmessage = ({ data }) => port.postMessage([i, data]);
    return value.list[0] === value.list[2];
  });
  bus.handle(`measure ${bus.self.name}`, (_, top: Uint8Array, nested: { deep: [Uint8Array] }) => [
    top.length,
    top.buffer.byteLength,
    nested.deep[0].buffer.byteLength,
  ]);
  bus.onPort(`port ${bus.self.name}`, (_, port) => {
    port.onmessage = ({ data, ports }) => {
      const { bytes, inner } = data as { bytes: Uint8Array; inner?: Map<string, typeof port> };
      const found = inner?.get('port');
      if (found && found === ports[0]) found.postMessage('found');
      port.postMessage([...bytes]);
    };
  });
});

const other = kinds.map((kind) => [kind] as const);

describe('values', () => {
  it.each(other)(
    'M17: buffers nested in arguments move from a window to a %s: whole there, gone here',
    async (kind) => {
      const outcome = await far.window.run(async ({ bus, lab }, name) => {
        const [view, buffer] = [new Uint8Array([1, 2, 3]), new Uint8Array([4, 5]).buffer];
        const value = { list: [{ deep: view }], map: new Map([['buffer', buffer]]) };
        const moving = bus.with({ wait: 5000 }).request(`look ${name}`, lab.transfer(value, [view.buffer, buffer]));
        const seen = await moving;
        return { seen, left: [view.byteLength, buffer.byteLength] };
      }, far.place(kind).name);
      expect(outcome).toEqual({
        seen: [
          [1, 2, 3],
          [4, 5],
        ],
        left: [0, 0],
      });
    },
  );

  it.each(other)('M17: … and from a %s to a window', async (kind) => {
    const outcome = await far.place(kind).run(async ({ bus, lab }) => {
      const [view, buffer] = [new Uint8Array([1, 2, 3]), new Uint8Array([4, 5]).buffer];
      const value = { list: [{ deep: view }], map: new Map([['buffer', buffer]]) };
      const seen = await bus.with({ wait: 5000 }).request('look far', lab.transfer(value, [view.buffer, buffer]));
      return { seen, left: [view.byteLength, buffer.byteLength] };
    });
    expect(outcome).toEqual({
      seen: [
        [1, 2, 3],
        [4, 5],
      ],
      left: [0, 0],
    });
  });

  it.each(other)(
    'M17: ports nested in arguments, from a window to a %s: all of them work, one listed twice is one',
    async (kind) => {
      const outcome = await far.window.run(async ({ bus, lab }, name) => {
        const channels = [new MessageChannel(), new MessageChannel(), new MessageChannel()];
        const [a, b, c] = channels.map(({ port2 }) => port2) as [MessagePort, MessagePort, MessagePort];
        const value = { list: [a, { deep: b }, a], map: new Map([['port', c]]) };
        const same = await bus.with({ wait: 5000 }).request(`ports ${name}`, lab.transfer(value, [c, a, b]));
        const answers = channels.map(
          ({ port1 }, i) =>
            new Promise((resolve) => {
              port1.onmessage = ({ data }) => resolve(data);
              port1.postMessage(`to ${i}`);
            }),
        );
        return { same, answers: await Promise.all(answers) };
      }, far.place(kind).name);
      expect(outcome).toEqual({
        same: true,
        answers: [
          [0, 'to 0'],
          [1, 'to 1'],
          [2, 'to 2'],
        ],
      });
    },
  );

  it('M17: what a window sends to all and some can’t read reaches the others; whom it misses is told to onDropped', async () => {
    const named = (of: (kind: Kind) => boolean): string[] => kinds.filter(of).map((kind) => `a ${kind}`);
    const places = kinds.map((kind) => far.place(kind));
    for (const place of places) {
      await place.run(async (world) => {
        const got: unknown[] = (world['blobs'] = []);
        await world.bus.subscribe('blob', (_, value) => got.push(value instanceof Blob ? value.size : value));
      });
    }
    const dropped = await far.window.run(async ({ bus }) => {
      const lost: string[] = [];
      const telling = bus.onDropped(({ peer, count, channel, error }) =>
        lost.push(`${peer.name} ${count} ${channel} ${error.code} ${error.message.includes(peer.name)}`),
      );
      bus.send('blob', new Blob(['abc']));
      bus.send('blob', 'all');
      await bus.drain().catch((error: { code: string }) => lost.push(error.code));
      telling.dispose();
      return lost;
    });
    const missed = named((kind) => !isDom(kind));
    expect(missed.length).toBeGreaterThan(1);
    expect(dropped.sort()).toEqual(
      [...missed.map((name) => `${name} 1 blob NOT_CLONEABLE true`), 'NOT_CLONEABLE'].sort(),
    );
    for (const kind of kinds) {
      expect(await far.place(kind).run((world) => world['blobs'])).toEqual(isDom(kind) ? [3, 'all'] : ['all']);
    }
  });

  it.each(other.filter(([kind]) => !isDom(kind)))(
    'M17: what a %s can’t read rejects at the sender; the buffers and ports of the same call are still its own',
    async (kind) => {
      const outcome = await far.window.run(async ({ bus, lab }, name) => {
        const call = bus.with({ wait: 5000 });
        await call.request(`echo ${name}`);
        const bitmap = await createImageBitmap(new ImageData(1, 1));
        const objects = [
          new Blob(['x']),
          new File(['x'], 'f'),
          bitmap,
          new ReadableStream(),
          new WritableStream(),
          new DOMException('x'),
          new DOMMatrix(),
        ];
        const port = await call.openPort(`port ${name}`);
        const results: unknown[] = [];
        for (const object of objects) {
          const bytes = new Uint8Array([1, 2, 3]);
          const { port1, port2 } = new MessageChannel();
          const value = { bytes, port2, deep: [new Map([['x', object]])] };
          const code = (error: { code: string }): string => error.code;
          results.push(
            await call.request(`echo ${name}`, lab.transfer(value, [bytes.buffer, port2])).then(String, code),
          );
          try {
            port.postMessage(value, [bytes.buffer, port2]);
          } catch (error) {
            results.push(code(error as { code: string }));
          }
          // Nothing of it has left.
          const heard = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
          port2.postMessage('still mine');
          results.push(await heard, bytes.byteLength);
        }
        return { results, echo: await call.request(`echo ${name}`, 1), load: bus.load.calls };
      }, far.place(kind).name);
      const each = ['NOT_CLONEABLE', 'NOT_CLONEABLE', 'still mine', 3];
      expect(outcome).toEqual({ results: Array(7).fill(each).flat(), echo: [1], load: 0 });
    },
  );

  it.each(other)(
    'M17: over a MeshPort from a window to a %s: a buffer moves, a port in a Map is the one beside it',
    async (kind) => {
      const outcome = await far.window.run(async ({ bus }, name) => {
        const port = await bus.with({ wait: 5000 }).openPort(`port ${name}`);
        const { port1, port2 } = new MessageChannel();
        const found = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
        const answer = new Promise((resolve) => (port.onmessage = ({ data }) => resolve(data)));
        const bytes = new Uint8Array([7, 8]);
        port.postMessage({ bytes, inner: new Map([['port', port2]]) }, [bytes.buffer, port2]);
        return [await answer, await found, bytes.byteLength];
      }, far.place(kind).name);
      expect(outcome).toEqual([[7, 8], 'found', 0]);
    },
  );

  it.each([['main'], ['utility'], ['thread'], ['main’s thread'], ['Node child']] as const)(
    'M18: from %s, Buffer.from(x) arrives with one byte, and no neighbour’s',
    async (kind) => {
      const outcome = await far.place(kind).run(async ({ bus }) => {
        const sizes: unknown[] = [];
        for (const name of bus.peers.named('a main').length ? ['far', 'a main'] : ['far', 'a utility']) {
          sizes.push(
            await bus.with({ wait: 5000 }).request(`measure ${name}`, Buffer.from('x'), { deep: [Buffer.from('yz')] }),
          );
        }
        return sizes;
      });
      expect(outcome).toEqual([
        [1, 1, 2],
        [1, 1, 2],
      ]);
    },
  );
});
