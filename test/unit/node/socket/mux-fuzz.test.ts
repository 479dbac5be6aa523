import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../../src/node/socket/codec.js';
import * as frames from '../../../../src/node/socket/frames.js';
import { Mux } from '../../../../src/node/socket/mux.js';
import { socketKind } from '../../../../src/node/socket/socket-port.js';
import { mutate, mutations } from '../../support/v8-bytes.js';
import { plain } from '../../support/values.js';

// A peer that has proved who it is, and then speaks the wire wrongly: frames that make sense, in any order, with bytes changed, cut
// into pieces of any size. `PORTMESH_FUZZ=20` runs it 20 times as long.

const scale = Number(process.env['PORTMESH_FUZZ'] ?? 1);

/** A socket at whose far end is the test. */
class FakeSocket extends Duplex {
  bytesRead = 0;
  bytesWritten = 0;
  readonly written: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.written.push(chunk);
    done();
  }

  ref(): void {}
  unref(): void {}
}

function frame(kind: number, tunnel: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(frames.HEADER + body.length);
  frames.writeHeader(bytes, 0, body.length, kind, tunnel);
  bytes.set(body, frames.HEADER);
  return bytes;
}

const ids = fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 7, 9);
const message = plain.map((value) => {
  const { kind, bytes } = encode([value]);
  return [kind, bytes] as const;
});
const someFrame = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(message, ids).map(([[kind, body], id]) => frame(kind, id, body)) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.array(ids, { maxLength: 3 }), ids).map(([list, id]) => {
      const body = Buffer.alloc(list.length * 4);
      for (const [i, each] of list.entries()) frames.putUint32(body, i * 4, each);
      return frame(frames.PORTS, id, body);
    }),
  },
  { weight: 2, arbitrary: ids.map((id) => frame(frames.CLOSE, id, Buffer.alloc(0))) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(ids, fc.uint8Array({ minLength: 4, maxLength: 4 }))
      .map(([id, body]) => frame(frames.CREDIT, id, body)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(ids, fc.uint8Array({ maxLength: 20 })).map(([id, body]) => frame(frames.BUFFER, id, body)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(frames.PING, frames.PONG, frames.UNREADABLE)
      .map((kind) => frame(kind, 0, Buffer.alloc(0))),
  },
);

describe('a connection to a peer that speaks wrongly', () => {
  it(
    'goes on or ends, and never throws; when it has ended, nothing of it is left',
    async () => {
      let [lived, ended] = [0, 0];
      await fc.assert(
        fc.asyncProperty(
          fc.array(someFrame, { maxLength: 12 }),
          fc.option(mutations),
          fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
          async (list, changes, sizes) => {
            const whole = Buffer.concat(list);
            const bytes = changes ? mutate(whole, changes) : whole;
            const socket = new FakeSocket();
            const told: unknown[] = [];
            const mux = new Mux(socket as unknown as Socket, { side: 'dialer', onEnd: (...how) => told.push(how) });
            let open = 0;
            /** Uses all that comes: listens, answers, closes every third. */
            const use = (raw: object): void => {
              const port = socketKind.adopt(raw);
              const number = ++open;
              port.start({
                message(data, ports) {
                  for (const each of ports) use(each as object);
                  port.post(data);
                  if (number % 3 === 0) port.close();
                },
                unreadable: () => port.post(null),
                close: () => open--,
              });
            };
            use(mux.port.detach() as object);
            for (let at = 0, i = 0; at < bytes.length; i++) {
              const size = sizes[i % sizes.length] as number;
              socket.emit('data', bytes.subarray(at, (at += size)));
            }
            await new Promise((resolve) => setImmediate(resolve));
            if (told.length > 0) ended++;
            else lived++;
            socket.push(null);
            socket.resume();
            while (!socket.closed) await new Promise((resolve) => setImmediate(resolve));
            expect(told).toHaveLength(1);
            expect(mux.state()).toMatchObject({ queued: 0, tunnels: 0 });
          },
        ),
        { numRuns: 2000 * scale },
      );
      expect(Math.min(lived, ended)).toBeGreaterThan(100 * scale);
    },
    120_000 * scale,
  );
});
