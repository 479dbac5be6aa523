import type { Socket } from 'node:net';
import type { Encoded } from './codec.js';
import { release } from './copies.js';
import { BUFFER, HEADER, putUint32, writeHeader } from './frames.js';
import { own } from './plain-writer.js';

/** Bytes of the piece of memory that small frames are laid into, one behind the other: of all connections, since most are silent. */
const SLAB = 64 * 1024;
/** What is larger is not copied. */
const LARGE = SLAB / 4;
/** Bytes that leave at once: so the receiver works on them while the sender makes the next. */
const ENOUGH = 16 * 1024;

const noSlab = Buffer.alloc(0);

/** Where the next frame of any connection goes. What is laid is never laid over. */
let slab = noSlab;
let laid = 0;

/** Lays frames behind each other, and hands them to the socket in one piece when the turn of the event loop is over. */
export class FrameWriter {
  readonly #socket: Socket;
  #slab = noSlab;
  /** What is laid into its slab, and not handed over. */
  #from = 0;
  #to = 0;
  /** What goes before it. */
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #handedOver = 0;
  #scheduled = false;
  #ended = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that the system has not taken yet. */
  get queued(): number {
    return this.#gathered + this.#socket.writableLength;
  }

  /** Bytes of all frames so far. */
  get total(): number {
    return this.#handedOver + this.#gathered;
  }

  /** A frame with a short body. */
  frame(kind: number, tunnel: number, numbers: readonly number[] = []): void {
    const length = numbers.length * 4;
    const at = this.#room(HEADER + length);
    writeHeader(this.#slab, at, length, kind, tunnel);
    for (const [i, number] of numbers.entries()) putUint32(this.#slab, at + HEADER + i * 4, number);
    this.#laid(at + HEADER + length);
  }

  /** A message, with the buffers beside it. */
  message(tunnel: number, { kind, bytes, buffers }: Encoded): void {
    for (const buffer of buffers) this.#body(BUFFER, tunnel, buffer);
    this.#body(kind, tunnel, bytes);
  }

  /** Hands over what is there, now. */
  flush(): void {
    this.#seal();
    this.#slab = noSlab; // else each connection would keep one
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#handedOver += this.#chunkBytes;
    this.#chunkBytes = 0;
    if (chunks.length === 0 || this.#ended) return;
    if (chunks.length > 1) this.#socket.cork();
    for (const chunk of chunks) {
      if (chunk.length > LARGE) this.#socket.write(chunk, () => release(chunk));
      else this.#socket.write(chunk);
    }
    if (chunks.length > 1) this.#socket.uncork();
  }

  /** Nothing is handed over any more. */
  end(): void {
    this.#ended = true;
    this.#chunks = [];
    this.#from = this.#to;
  }

  get #gathered(): number {
    return this.#chunkBytes + this.#to - this.#from;
  }

  #body(kind: number, tunnel: number, body: Uint8Array): void {
    const copied = body.length <= LARGE ? body.length : 0;
    const at = this.#room(HEADER + copied);
    writeHeader(this.#slab, at, body.length, kind, tunnel);
    if (copied > 0) this.#slab.set(body, at + HEADER);
    if (copied < body.length) {
      this.#to = laid = at + HEADER;
      this.#seal();
      this.#push(own(body));
      this.#laid(this.#to);
    } else {
      this.#laid(at + HEADER + copied);
    }
  }

  /** Where so many bytes can be laid. */
  #room(bytes: number): number {
    const full = slab.length - laid < bytes;
    if (full || this.#slab !== slab || this.#to !== laid) {
      this.#seal();
      if (full) {
        slab = Buffer.allocUnsafeSlow(Math.max(SLAB, bytes));
        laid = 0;
      }
      this.#slab = slab;
      this.#from = this.#to = laid;
    }
    return this.#to;
  }

  #laid(to: number): void {
    this.#to = laid = to;
    if (this.#gathered >= ENOUGH) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      // Behind all that follows from what is being done now, without a round of the event loop.
      queueMicrotask(this.#soon);
    }
  }

  readonly #soon = (): void => process.nextTick(this.#endTurn);

  readonly #endTurn = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  #seal(): void {
    if (this.#to > this.#from) this.#push(this.#slab.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }

  #push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
  }
}
