import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { MeshPort } from '../../../../src/core/port/mesh-port.js';
import { domEnd, electronEnd, MessagePortPort, type MessagePortLike } from '../../../../src/core/port/message-port.js';
import { heldPort } from '../../../../src/core/port/port-holder.js';
import type { Port } from '../../../../src/core/port/port.js';
import { moves, preparePayload } from '../../../../src/core/wire/payload.js';
import { transfer } from '../../../../src/core/wire/transfer.js';

describe('moves', () => {
  it('knows a marked argument from one that only looks like it', () => {
    expect(moves([1, transfer('x', [])])).toBe(true);
    expect(moves([1, { value: 'x', list: [] }])).toBe(false);
    expect(moves([])).toBe(false);
  });
});

describe('preparePayload, towards a far end that takes everything', () => {
  it('unwraps what is marked, and lists what moves, ports first', () => {
    const [a, b] = [new ArrayBuffer(1), new ArrayBuffer(2)];
    const { port1, port2 } = new MessageChannel();
    const stream = new ReadableStream();
    const payload = preparePayload([1, transfer({ a }, [a, port2, stream]), transfer(b, [b])], domEnd);
    expect(payload.values).toEqual([1, { a }, b]);
    expect(payload.transfer.length).toBe(4);
    for (const [i, each] of [port2, a, b, stream].entries()) expect(payload.transfer[i] === each, `${i}`).toBe(true);
    payload.settle();
    expect(a.byteLength, 'the port detaches it').toBe(1);
    port1.close();
  });

  it('keeps a view on a part of what moves with its buffer, and cuts out every other', () => {
    const [moved, stays] = [new ArrayBuffer(8), new ArrayBuffer(8)];
    const part = new Uint8Array(moved, 2, 2);
    const { values } = preparePayload([transfer(part, [moved]), new Uint8Array(stays, 2, 2)], domEnd);
    expect(values[0]).toBe(part);
    expect((values[1] as Uint8Array).buffer.byteLength).toBe(2);
  });
});

describe('preparePayload, towards a MessagePortMain', () => {
  it('copies buffers, and detaches them once the post has succeeded', () => {
    const bytes = Uint8Array.from([1, 2, 3]);
    const payload = preparePayload([transfer(bytes, [bytes.buffer])], electronEnd);
    expect(payload.transfer).toEqual([]);
    expect(payload.values).toEqual([bytes]);
    expect(bytes.byteLength).toBe(3);
    payload.settle();
    expect(bytes.byteLength).toBe(0);
  });

  it('knows a buffer of another realm for one', () => {
    const bytes = runInNewContext('new Uint8Array([1, 2, 3])') as Uint8Array<ArrayBuffer>;
    preparePayload([transfer(bytes, [bytes.buffer])], electronEnd).settle();
    expect(bytes.byteLength).toBe(0);
  });

  it('cuts out a view on a part of a buffer that would have moved', () => {
    const buffer = new ArrayBuffer(8);
    const payload = preparePayload([transfer(new Uint8Array(buffer, 2, 2), [buffer])], electronEnd);
    expect((payload.values[0] as Uint8Array).buffer.byteLength).toBe(2);
  });

  it('refuses a stream before anything is sent or detached', () => {
    const [stream, buffer] = [new ReadableStream(), new ArrayBuffer(8)];
    const prepare = (): unknown => preparePayload([transfer([stream, buffer], [buffer, stream])], electronEnd);
    expect(prepare).toThrow(MeshError);
    expect(prepare).toThrow(/^only ArrayBuffers and ports can move to a peer in main/);
    expect([buffer.byteLength, stream.locked]).toEqual([8, false]);
  });

  it('has nothing to settle where nothing moves', () => {
    const bytes = new Uint8Array(3);
    preparePayload([bytes], electronEnd).settle();
    expect(bytes.byteLength).toBe(3);
  });
});

it('what is marked inside of a value is refused, and says where the mark belongs', () => {
  const bytes = new Uint8Array(3);
  for (const value of [{ bytes: transfer(bytes, [bytes.buffer]) }, [transfer(bytes, [bytes.buffer])]]) {
    expect(() => preparePayload([value], domEnd)).toThrow(/Put it around the whole: transfer\(/);
  }
});

it('what is listed twice is refused, and stays', () => {
  const buffer = new ArrayBuffer(1);
  for (const values of [
    [transfer(buffer, [buffer, buffer])],
    [transfer(1, [buffer]), transfer({ buffer }, [buffer])],
  ]) {
    for (const far of [domEnd, electronEnd]) {
      expect(() => preparePayload(values, far)).toThrow(/^the same object is listed twice/);
    }
  }
  expect(buffer.byteLength).toBe(1);
});

it('what is more than a message may have is refused with LIMIT, and stays', () => {
  const [buffer, { port1, port2 }] = [new ArrayBuffer(1001), new MessageChannel()];
  for (const far of [domEnd, electronEnd]) {
    const values = [transfer([buffer, port1], [buffer, port1])];
    const prepare = (limits: { size: number; depth: number }) => (): unknown => preparePayload(values, far, limits);
    expect(prepare({ size: 1001, depth: 2 })).not.toThrow();
    expect(prepare({ size: 1000, depth: 2 })).toThrow(expect.objectContaining({ code: 'LIMIT' }));
    expect(prepare({ size: 1001, depth: 1 })).toThrow(expect.objectContaining({ code: 'LIMIT' }));
  }
  expect(buffer.byteLength).toBe(1001);
  port2.postMessage(1);
  port1.close();
});

it('what can not be detached does no harm once it has been sent', () => {
  const [memory, buffer] = [new WebAssembly.Memory({ initial: 1 }).buffer, new ArrayBuffer(1)];
  preparePayload([transfer(memory, [memory, buffer])], electronEnd).settle();
  expect(buffer.byteLength, 'nor does it keep the others here').toBe(0);
  expect(() => preparePayload([transfer(1, [buffer])], electronEnd).settle()).not.toThrow();
});

it('65,536 values are the most a far end takes', () => {
  expect(preparePayload(Array(65_536).fill(0), domEnd).values).toHaveLength(65_536);
  expect(() => preparePayload(Array(65_537).fill(0), domEnd)).toThrow(
    expect.objectContaining({ code: 'NOT_CLONEABLE' }),
  );
});

it('a getter that throws while views are looked for is NOT_CLONEABLE, with its error as the cause', () => {
  const cause = new RangeError('not now');
  const value = {
    get view(): never {
      throw cause;
    },
  };
  expect(() => preparePayload([value], domEnd)).toThrow(expect.objectContaining({ code: 'NOT_CLONEABLE', cause }));
});

describe('ports', () => {
  const open: MessagePort[] = [];
  const adopt = (raw: object): Port => new MessagePortPort(raw as MessagePortLike);
  const channel = (): [MeshPort, MessagePort] => {
    const { port1, port2 } = new MessageChannel();
    open.push(port1);
    return [new MeshPort(adopt(port2), adopt), port2];
  };
  afterEach(() => {
    for (const port of open.splice(0)) port.close();
  });

  it.each([domEnd, electronEnd])('stand as placeholders in the values, and move as raw ports: %o', (far) => {
    const [port, raw] = channel();
    const given = { port, again: [port] };
    const payload = preparePayload(['x', transfer(given, [port])], far);
    const [placeholder] = payload.placeholders;
    expect(payload.values[1]).toEqual({ port: {}, again: [{}] });
    expect((payload.values[1] as typeof given).port).toBe(placeholder);
    expect((payload.values[1] as typeof given).again[0]).toBe(placeholder);
    expect(payload.transfer[0] === raw).toBe(true);
    expect(given.port).toBe(port);
  });

  it('are still the caller’s until the post is settled', () => {
    const [port] = channel();
    const payload = preparePayload([transfer(port, [port])], domEnd);
    expect(port[heldPort]).toBeDefined();
    payload.settle();
    expect([port[heldPort], port.detach()]).toEqual([undefined, undefined]);
  });

  it('have to be listed', () => {
    const [port, raw] = channel();
    for (const far of [domEnd, electronEnd]) {
      for (const value of [port, raw, { deep: [new Map([[port, 1]])] }, new Error('x', { cause: { raw } })]) {
        expect(() => preparePayload([value], far)).toThrow(
          expect.objectContaining({ code: 'NOT_CLONEABLE', message: expect.stringContaining('List it: transfer(') }),
        );
      }
    }
  });

  it('a plain object or an instance that has only some of a port’s methods is no port', () => {
    class Player {
      readonly name = 'p';
      start(): void {}
      close(): void {}
    }
    expect(preparePayload([new Player()], electronEnd).values).toHaveLength(1);
    const plain = { postMessage: 1, start: 2, close: 3 };
    expect(preparePayload([plain], electronEnd).values).toEqual([plain]);
  });

  it('that are closed, have been moved, or are listed twice are refused', () => {
    const [port, raw] = channel();
    expect(() => preparePayload([transfer(1, [port, raw])], domEnd)).toThrow(/^a port is listed twice/);
    expect(port[heldPort]).toBeDefined();
    port.close();
    expect(() => preparePayload([transfer(port, [port])], domEnd)).toThrow(/is closed, or has been moved before/);
    const [moved] = channel();
    moved.detach();
    expect(() => preparePayload([transfer(moved, [moved])], domEnd)).toThrow(/is closed, or has been moved before/);
  });
});

describe('bytes', () => {
  const bytesOf = (...values: unknown[]): number => preparePayload(values, domEnd).bytes;

  it('counts binaries, each buffer once, wherever they are', () => {
    const buffer = new ArrayBuffer(100);
    const whole = new Uint8Array(buffer);
    expect(bytesOf(whole)).toBe(100);
    const all = [whole, [buffer, new DataView(buffer)], new Map([[whole, new Set([buffer])]])];
    expect(bytesOf(all)).toBe(100);
    expect(bytesOf(new Error('x', { cause: [whole] }))).toBeGreaterThan(100);
  });

  it('counts of a view that is cut out what is sent of it', () => {
    expect(bytesOf(new Uint8Array(100).subarray(10, 20))).toBe(10);
    const buffer = new ArrayBuffer(100);
    expect(bytesOf(transfer(new Uint8Array(buffer, 10, 10), [buffer])), 'it moves as a whole').toBe(100);
  });

  it('counts texts, keys and Blobs, and nothing of other data', () => {
    expect(bytesOf('x'.repeat(1000), { text: 'y'.repeat(500) })).toBe(1504);
    expect(bytesOf(new Blob(['12345']))).toBe(5);
    expect(bytesOf([1, [2, null, new Date()]], undefined, 1n)).toBe(0);
  });
});

describe('towards a far end that reads objects of the platform as null', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  class Picture extends Blob {
    readonly title = 'p';
    get [Symbol.toStringTag](): string {
      return 'Picture';
    }
  }
  const hosts: Record<string, unknown> = {
    Blob: new Blob(['x']),
    File: new File(['x'], 'f'),
    ReadableStream: new ReadableStream(),
    WritableStream: new WritableStream(),
    TransformStream: new TransformStream(),
    DOMException: new DOMException('x'),
    Module: new WebAssembly.Module(Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0])),
    SharedArrayBuffer: new SharedArrayBuffer(8),
    'SharedArrayBuffer ': new Uint8Array(new SharedArrayBuffer(8), 2, 2),
    'SharedArrayBuffer  ': new Uint8Array(memory.buffer),
    'Blob ': new Picture(['x']),
    AbortSignal: new AbortController().signal,
  };

  it.each(Object.entries(hosts))('%s is refused, by name and with a fix, wherever it is', (name, value) => {
    for (const given of [value, [{ value }], new Map([[value, 1]]), new Error('x', { cause: value })]) {
      expect(() => preparePayload([given], electronEnd)).toThrow(
        expect.objectContaining({
          code: 'NOT_CLONEABLE',
          message: expect.stringMatching(new RegExp(`class ${name.trim()} can't be read in main.* (Send|Read|Export)`)),
        }),
      );
    }
    expect(preparePayload([value], domEnd).values).toEqual([value]);
  });

  it('takes everything else', async () => {
    class Tagged {
      readonly n = 1;
      get [Symbol.toStringTag](): string {
        return 'Blob';
      }
    }
    const NamedBlob = { Blob: class Blob {} }.Blob;
    class Store extends EventTarget {
      readonly n = 1;
    }
    class Stamp extends Date {
      get [Symbol.toStringTag](): string {
        return 'ReadableStream';
      }
    }
    (globalThis as { Shape?: unknown }).Shape = class Shape {
      get [Symbol.toStringTag](): string {
        return 'Shape';
      }
    };
    const { Shape } = globalThis as unknown as { Shape: new () => object };
    const values = [
      ...[1, 'x', null, undefined, 1n, true],
      ...[{}, Object.create(null), { [Symbol.toStringTag]: 'Blob' }, [1, , 2]], // oxlint-disable-line no-sparse-arrays
      ...[new Tagged(), new NamedBlob(), new Store(), new Stamp(), new Shape(), new (class extends Map {})()],
      ...[
        new Map([[1, 2]]),
        new Set([1]),
        new Date(),
        /x/,
        new Error('x'),
        new RangeError('x'),
        new MeshError('CLOSED', ''),
      ],
      ...[Object(1), Object('x'), Object(true), Object(1n), new AggregateError([], 'x')],
      ...[new ArrayBuffer(8), new Float64Array(2), new DataView(new ArrayBuffer(2)), Buffer.from('x')],
      ...(runInNewContext(
        '[{}, [], new Map(), new Set(), new Date(), /x/, new Error(), new Uint8Array(2)]',
      ) as unknown[]),
    ];
    for (const value of values) expect(() => preparePayload([value], electronEnd)).not.toThrow();
    delete (globalThis as { Shape?: unknown }).Shape;
  });

  it('knows the platform’s objects of another realm too', () => {
    const shared = runInNewContext('new SharedArrayBuffer(8)') as unknown;
    expect(() => preparePayload([shared], electronEnd)).toThrow(/class SharedArrayBuffer/);
  });

  it('runs no code of the object’s class', () => {
    class Rude {
      readonly part = new Uint8Array(4).subarray(2);
      get [Symbol.toStringTag](): string {
        throw new Error('no');
      }
    }
    const [copy] = preparePayload([new Rude()], electronEnd).values as [Rude];
    expect(copy.part.buffer.byteLength).toBe(2);
  });
});

it('a partial view in an error’s cause is cut out, and the error stays what it is', () => {
  const cause = { part: new Uint8Array(8).subarray(2, 4) };
  const error = new RangeError('far', { cause });
  const [copy] = structuredClone(preparePayload([error], domEnd).values) as [RangeError];
  expect(copy).toBeInstanceOf(RangeError);
  expect([copy.message, copy.stack]).toEqual([error.message, error.stack]);
  expect((copy.cause as typeof cause).part.buffer.byteLength).toBe(2);
});
