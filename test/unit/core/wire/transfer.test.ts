import { describe, expect, it, vi } from 'vitest';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { transfer, Transfer } from '../../../../src/core/wire/transfer.js';

describe('transfer', () => {
  it('marks a value with what moves', () => {
    const bytes = new Uint8Array(2);
    const marked = transfer(bytes, [bytes.buffer]);
    expect(marked).toBeInstanceOf(Transfer);
    expect(marked.value).toBe(bytes);
    expect(marked.list).toEqual([bytes.buffer]);
    expect(bytes.byteLength, 'nothing moves before it is sent').toBe(2);
  });

  it.each([undefined, null, 5, {}, new ArrayBuffer(1), [1], [null], [() => {}], [new ArrayBuffer(1), 'x']])(
    'names a list that is none: %s',
    (list) => {
      const call = (): unknown => transfer(1, list as never);
      expect(call).toThrow(MeshError);
      expect(call).toThrow(/^transfer\(value, list\): /);
    },
  );
});

it('knows what was marked by another copy of the library, and nothing else', async () => {
  vi.resetModules();
  const copy = await import('../../../../src/core/wire/transfer.js');
  expect(copy.Transfer).not.toBe(Transfer);
  expect(copy.transfer(1, [])).toBeInstanceOf(Transfer);
  expect(transfer(1, [])).toBeInstanceOf(copy.Transfer);
  for (const other of [undefined, null, 1, { value: 1, list: [] }, structuredClone(transfer(1, []))]) {
    expect(other).not.toBeInstanceOf(Transfer);
  }
});
