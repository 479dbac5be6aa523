import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { stacksFirst } from '../../../../src/node/socket/v8-walk.js';

/** As Node 20 writes it: `ÿ`, the format, then the value. */
function bytesOf(text: string): Buffer {
  return Buffer.from(`\xff\x0f${text}`, 'latin1');
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('latin1').slice(2);
}

describe('stacksFirst', () => {
  it('puts the stack of an error before its cause', () => {
    const bytes = bytesOf('rRm"\x03farcrTm"\x04nears"\x02SC.s"\x02SF.');
    expect(textOf(stacksFirst(bytes))).toBe('rRm"\x03fars"\x02SFcrTm"\x04nears"\x02SC..');
  });

  it('does so in errors within errors, in containers and behind them', () => {
    const inner = 'rTm"\x01bc"\x01cs"\x01B.';
    const bytes = bytesOf(`A\x02rRm"\x01ac${inner}s"\x01A.o"\x01xI\x02{\x01$\x00\x02`);
    expect(textOf(stacksFirst(bytes))).toBe(
      'A\x02rRm"\x01as"\x01AcrTm"\x01bs"\x01Bc"\x01c..o"\x01xI\x02{\x01$\x00\x02',
    );
  });

  it('leaves others alone, and what is no message', () => {
    for (const text of [
      'rRm"\x03fars"\x02SF.',
      'rRm"\x03fars"\x02SFcrTm"\x04near..',
      'o"\x01ccI\x02{\x01',
      'rRcZ',
      '',
    ]) {
      expect(stacksFirst(bytesOf(text))).toBeUndefined();
    }
    expect(stacksFirst(Buffer.from('nonsense'))).toBeUndefined();
  });

  it('means the same to v8, with causes of any kind and long stacks', () => {
    const root = new Error('root', {
      cause: { map: new Map([[1, new TypeError('in a map', { cause: 'text' })]]), n: -0 },
    });
    const error = new AggregateError([1], 'wide \u2603 text', { cause: new RangeError('mid', { cause: root }) });
    const bytes = serialize([error, 'behind']);
    const ordered = stacksFirst(bytes) ?? bytes;
    expect(deserialize(ordered)).toEqual(deserialize(bytes));
    const chain = (each: Error): unknown[] =>
      each instanceof Error ? [each.stack, ...chain(each.cause as Error)] : [each];
    expect(chain((deserialize(ordered) as Error[])[0]!)).toEqual(chain((deserialize(bytes) as Error[])[0]!));
    expect(ordered.length).toBe(bytes.length);
  });
});
