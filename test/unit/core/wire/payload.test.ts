import { describe, expect, it } from 'vitest';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { domEnd, electronEnd } from '../../../../src/core/port/message-port.js';
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
  it('unwraps what is marked, and lists what moves, in order', () => {
    const [a, b] = [new ArrayBuffer(1), new ArrayBuffer(2)];
    const { port1, port2 } = new MessageChannel();
    const payload = preparePayload([1, transfer({ a }, [a, port2]), transfer(b, [b])], domEnd);
    expect(payload.values).toEqual([1, { a }, b]);
    expect(payload.transfer).toEqual([a, port2, b]);
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

  it('cuts out a view on a part of a buffer that would have moved', () => {
    const buffer = new ArrayBuffer(8);
    const payload = preparePayload([transfer(new Uint8Array(buffer, 2, 2), [buffer])], electronEnd);
    expect((payload.values[0] as Uint8Array).buffer.byteLength).toBe(2);
  });

  it('refuses a port before anything is sent or detached', () => {
    const { port1, port2 } = new MessageChannel();
    const buffer = new ArrayBuffer(8);
    const prepare = (): unknown => preparePayload([transfer([port2, buffer], [port2, buffer])], electronEnd);
    expect(prepare).toThrow(MeshError);
    expect(prepare).toThrow(expect.objectContaining({ code: 'NOT_CLONEABLE' }));
    expect(buffer.byteLength).toBe(8);
    port1.close();
  });

  it('has nothing to settle where nothing moves', () => {
    const bytes = new Uint8Array(3);
    preparePayload([bytes], electronEnd).settle();
    expect(bytes.byteLength).toBe(3);
  });
});

it('what is listed twice moves once', () => {
  const buffer = new ArrayBuffer(1);
  const values = [transfer(buffer, [buffer, buffer]), transfer({ buffer }, [buffer])];
  expect(preparePayload(values, domEnd).transfer).toEqual([buffer]);
  preparePayload(values, electronEnd).settle();
  expect(buffer.byteLength).toBe(0);
});

it('what can not be detached does no harm once it has been sent', () => {
  const [memory, buffer] = [new WebAssembly.Memory({ initial: 1 }).buffer, new ArrayBuffer(1)];
  expect(() => preparePayload([transfer(memory, [memory, buffer])], electronEnd).settle()).not.toThrow();
  structuredClone(null, { transfer: [buffer] });
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
