import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../../../src/node/socket/codec.js';
import { GAPS, TEXT, V8 } from '../../../../src/node/socket/frames.js';
import { mutate, mutations } from '../../support/v8-bytes.js';
import { anything, plain } from '../../support/values.js';

// What a hostile peer may send as the body of a message. A crash of v8, or all memory taken, ends the whole test process; anything
// else that goes wrong must be an error here. `PORTMESH_FUZZ=20` runs it 20 times as long.

const scale = Number(process.env['PORTMESH_FUZZ'] ?? 1);

/** Whether it could be read. */
function read(kind: number, body: Buffer, buffers: readonly ArrayBuffer[] = []): boolean {
  try {
    decode(kind, body, 0, body.length, buffers);
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return false;
  }
}

describe('whatever is in a body, reading it ends in a value or an error, and takes no memory to speak of', () => {
  const memory = (): number => process.memoryUsage().rss;

  it(
    'what v8 wrote, with bytes changed',
    () => {
      let [good, bad] = [0, 0];
      const before = memory();
      fc.assert(
        fc.property(anything, mutations, fc.boolean(), (value, changes, header) => {
          const { kind, text, bytes, buffers } = encode([value, 1n]);
          expect([kind, text]).toEqual([V8, undefined]);
          const body = mutate(bytes as Uint8Array, changes, header ? 0 : 2);
          if (
            read(
              V8,
              body,
              buffers.map((buffer) => Uint8Array.from(buffer).buffer),
            )
          )
            good++;
          else bad++;
        }),
        { numRuns: 10_000 * scale },
      );
      expect(good).toBeGreaterThan(300 * scale);
      expect(bad).toBeGreaterThan(300 * scale);
      expect(memory() - before).toBeLessThan(1024 * 1024 * 1024);
    },
    120_000 * scale,
  );

  it(
    'what v8 wrote, cut anywhere',
    () => {
      fc.assert(
        fc.property(anything, (value) => {
          const { bytes } = encode([value, 1n]);
          const body = Buffer.from(bytes as Uint8Array);
          for (let end = 0; end < Math.min(body.length, 300); end++) read(V8, body.subarray(0, end));
        }),
        { numRuns: 100 * scale },
      );
    },
    120_000 * scale,
  );

  it(
    'texts, with bytes changed',
    () => {
      fc.assert(
        fc.property(fc.array(plain), mutations, (value, changes) => {
          const { kind, text, bytes } = encode([value, undefined, 1]);
          read(kind, mutate(Buffer.from(text ?? bytes ?? ''), changes));
        }),
        { numRuns: 3000 * scale },
      );
    },
    60_000 * scale,
  );

  it(
    'nonsense of all kinds',
    () => {
      fc.assert(
        fc.property(fc.constantFrom(TEXT, GAPS, V8, 0, 77), fc.uint8Array({ maxLength: 64 }), (kind, bytes) => {
          read(kind, Buffer.from(bytes));
          read(kind, Buffer.from([0xff, 15, ...bytes]));
        }),
        { numRuns: 20_000 * scale },
      );
    },
    60_000 * scale,
  );

  it('gaps where there are none', () => {
    for (const text of [
      '[[0],[1]]',
      '[[0,0],[null]]',
      '[[4294967295],[null]]',
      '[[-1],[null]]',
      '[["length"],[null]]',
      '[[0],{"0":null}]',
      '[{"0":0},[null]]',
      '[["__proto__"],[null]]',
      'null',
      '[]',
      '[[],null]',
    ]) {
      expect([text, read(GAPS, Buffer.from(text))]).toEqual([text, false]);
    }
    expect(read(GAPS, Buffer.from('[[],[]]'))).toBe(true);
  });

  it('a text as deep as it is long', () => {
    const depth = 500_000;
    expect(read(TEXT, Buffer.from('['.repeat(depth)))).toBe(false);
    expect(read(TEXT, Buffer.from('['.repeat(depth) + ']'.repeat(depth)))).toBe(true);
  });
});
