import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { hold, letGo } from '../../../../src/core/bus/hold.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { MeshPort } from '../../../../src/core/port/mesh-port.js';
import { domEnd, electronEnd, MessagePortPort, type MessagePortLike } from '../../../../src/core/port/message-port.js';
import { heldPort, type PortHolder } from '../../../../src/core/port/port-holder.js';
import type { Port } from '../../../../src/core/port/port.js';
import { preparePayload } from '../../../../src/core/wire/payload.js';
import { transfer, type Transfer } from '../../../../src/core/wire/transfer.js';
import { deferred } from '../../../contract/case.js';

const adopt = (raw: object): Port => ('postMessage' in raw ? new MessagePortPort(raw as MessagePortLike) : raw) as Port;

/** What would be posted of held arguments. */
function leave(held: readonly unknown[], far = domEnd) {
  const payload = preparePayload(held, far);
  structuredClone([payload.values, payload.placeholders]); // a post would throw where this does
  return payload;
}

/** A port in memory, and whether its far end has been closed. */
function memory() {
  const [near, far] = createMemoryChannel().ports;
  const closed = deferred();
  far.start({ message() {}, unreadable() {}, close: () => closed.resolve() });
  return { port: new MeshPort(near, adopt), near, closed: closed.promise };
}

describe('hold', () => {
  it('keeps arguments as they are now; what is one object stays one', () => {
    const shared = { n: 1, map: new Map([[1, 2]]) };
    const [a, b] = hold([{ shared }, shared]) as [{ shared: unknown }, { n: number }];
    shared.n = 2;
    expect(b).toEqual({ n: 1, map: new Map([[1, 2]]) });
    expect(a.shared).toBe(b);
  });

  it('takes the buffers that move at once, and moves them on when they leave', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const part = new Uint8Array([0, 4, 0]).subarray(1, 2);
    const held = hold([{ views: [bytes, part] }, transfer('last', [bytes.buffer])]);
    expect(bytes.byteLength).toBe(0);
    const { values, transfer: moving, settle } = leave(held, electronEnd);
    expect(values).toEqual([{ views: [new Uint8Array([1, 2, 3]), new Uint8Array([4])] }, 'last']);
    expect(moving).toEqual([]);
    settle();
    const [again] = (held.at(-1) as Transfer<unknown>).list as [ArrayBuffer];
    expect(again.byteLength).toBe(0);
  });

  it('takes the ports that move at once, wherever they stand, and gives up the raw ones when they leave', () => {
    const [a, b] = [memory(), memory()];
    const held = hold([transfer({ deep: [a.port] }, [a.port]), 1, transfer(b.port, [b.port])]);
    expect([a.port.detach(), b.port.detach()]).toEqual([undefined, undefined]);
    const { values, transfer: moving, placeholders, settle } = leave(held);
    expect(moving).toEqual([a.near, b.near]);
    expect(values).toEqual([{ deep: [{}] }, 1, {}]);
    expect((values[0] as { deep: unknown[] }).deep[0]).toBe(placeholders[0]);
    expect(values[2]).toBe(placeholders[1]);
    settle();
    letGo(held);
    const { list } = held.at(-1) as Transfer<unknown>;
    expect(list.map((each) => (each as PortHolder)[heldPort])).toEqual([undefined, undefined]);
  });

  it('a port of the platform, started or not, loses nothing of what comes meanwhile', async () => {
    const { port1, port2 } = new MessageChannel();
    const port = new MeshPort(adopt(port1), adopt);
    port.onmessage = () => expect.unreachable('it has moved');
    const bare = new MessageChannel();
    const held = hold([transfer([port, bare.port1], [port, bare.port1 as never])]);
    port2.postMessage('meanwhile');
    bare.port2.postMessage('this too');
    bare.port1.postMessage('it has moved');
    await new Promise((resolve) => setImmediate(resolve));
    for (const [raw, text] of leave(held).transfer.map((each, i) => [each, ['meanwhile', 'this too'][i]] as const)) {
      const got = deferred<unknown>();
      adopt(raw).start({ message: got.resolve, unreadable() {}, close() {} });
      expect(await got.promise).toBe(text);
    }
    port2.close();
    bare.port2.close();
  });

  it('moves nothing where it throws', () => {
    const bytes = new Uint8Array(3);
    const { port } = memory();
    const unlisted = memory().port;
    for (const bad of [() => {}, unlisted, transfer(1, [bytes.buffer])]) {
      expect(() => hold([transfer([bytes, port], [bytes.buffer, port]), bad])).toThrow(
        /clone|does not move|listed twice/,
      );
      expect([bytes.byteLength, port[heldPort]]).toEqual([3, expect.anything()]);
    }
  });
});

it('letGo closes the ports of what nobody will get', async () => {
  const { port, closed } = memory();
  const bytes = new Uint8Array(3);
  letGo(hold([{ port }, transfer(bytes, [port, bytes.buffer])]));
  await closed;
  letGo(undefined);
  letGo([1, null, {}]);
});
