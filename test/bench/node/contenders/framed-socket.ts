import type { Socket } from 'node:net';
import { decode, encode } from '../../../../src/node/socket/codec.js';

/** Of a frame: the length of its body, and the codec's kind. */
const HEADER = 5;

/**
 * Messages on a socket, each behind its length, in the mesh's own codec, each written at once: the leanest that can be made of
 * them. It knows no buffers beside a message, and no ports.
 */
export class FramedSocket {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  post(message: unknown): void {
    const { kind, bytes, buffers } = encode(message);
    if (buffers.length > 0) throw new Error('it has no buffers beside a message');
    const frame = Buffer.allocUnsafe(HEADER + bytes.length);
    frame.writeUInt32BE(bytes.length);
    frame[4] = kind;
    frame.set(bytes, HEADER);
    this.#socket.write(frame);
  }

  listen(take: (message: unknown) => void): void {
    this.#socket.on('data', (chunk: Buffer) => {
      const source = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
      let at = 0;
      while (source.length - at >= HEADER) {
        const end = at + HEADER + source.readUInt32BE(at);
        if (end > source.length) break;
        take(decode(source[at + 4] as number, source, at + HEADER, end));
        at = end;
      }
      this.#rest = source.subarray(at);
    });
  }
}
