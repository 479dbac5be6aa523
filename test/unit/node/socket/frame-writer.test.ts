import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { decode, encode } from '../../../../src/node/socket/codec.js';
import { FrameReader } from '../../../../src/node/socket/frame-reader.js';
import { FrameWriter } from '../../../../src/node/socket/frame-writer.js';

/** A writer, and the pieces that it hands over. */
function writer(): { to: FrameWriter; pieces: Buffer[] } {
  const stream = new PassThrough();
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  return { to: new FrameWriter(stream as unknown as Socket), pieces };
}

/** What texts of two characters, repeated, are in the frames, and how often. */
function read(pieces: readonly Buffer[]): unknown[] {
  const texts: unknown[] = [];
  const reader = new FrameReader(
    {
      frame(kind, _tunnel, source, start, end) {
        const text = decode(kind, source, start, end) as string;
        const [unit, times] = [text.slice(0, 2), text.length / 2];
        return texts.push(text === unit.repeat(times) ? [unit, times] : 'garbled') > 0;
      },
      buffer: () => false,
      malformed: (problem) => void texts.push(problem),
    },
    1_000_000,
  );
  for (const piece of pieces) reader.read(piece);
  return texts;
}

it('connections lay their frames into the same memory, and each hands over its own', async () => {
  const [a, b] = [writer(), writer()];
  const sizes = [1, 100, 5000, 1, 20_000, 3, 70_000, 2];
  for (const [i, size] of sizes.entries()) {
    a.to.message(0, encode(`a${i}`.repeat(size)));
    b.to.message(0, encode(`b${i}`.repeat(size)));
    b.to.message(0, encode(`c${i}`));
  }
  await new Promise(setImmediate);
  expect(read(a.pieces)).toEqual(sizes.map((size, i) => [`a${i}`, size]));
  expect(read(b.pieces)).toEqual(
    sizes.flatMap((size, i) => [
      [`b${i}`, size],
      [`c${i}`, 1],
    ]),
  );
});

it('a silent connection holds no memory for what it will send', async () => {
  const writers = Array.from({ length: 20 }, writer);
  for (const { to } of writers) {
    to.message(0, encode('once'));
    await new Promise(setImmediate);
  }
  expect(new Set(writers.map(({ pieces }) => pieces[0]?.buffer)).size).toBeLessThanOrEqual(2);
});
