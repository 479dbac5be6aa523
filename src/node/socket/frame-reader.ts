import { BUFFER, HEADER, PONG, uint32At } from './frames.js';

/** What a `FrameReader` tells. */
export interface FrameOwner {
  /**
   * A frame; its body is from `start` to `end` of `source`, of which nothing may be kept unless it is copied. False: no further
   * frame is wanted.
   */
  frame(kind: number, tunnel: number, source: Buffer, start: number, end: number): boolean;
  /** A frame whose body is an ArrayBuffer of its own. */
  buffer(tunnel: number, buffer: ArrayBuffer): boolean;
  /** What arrived is no frame. Nothing is told any more. */
  malformed(problem: string): void;
}

/**
 * Cuts what a socket delivers into frames. A frame that lies within one chunk is read where it is; only what straddles two is
 * copied, and buffers, straight into their places.
 */
export class FrameReader {
  readonly #owner: FrameOwner;
  readonly #maxMessage: number;
  /** Bytes that the message which is being read may still have, with the buffers before it. */
  #left: number;
  readonly #header = Buffer.alloc(HEADER);
  #headerBytes = 0;
  /** The body that is being gathered, and how much of it is there. */
  #body: Buffer | undefined;
  #bodyBytes = 0;
  #ended = false;

  /** @param maxMessage bytes of a message, with its buffers; a frame that claims more is refused before memory is taken for it */
  constructor(owner: FrameOwner, maxMessage: number) {
    this.#owner = owner;
    this.#maxMessage = this.#left = maxMessage;
  }

  /** The next chunk from the socket. */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#ended) {
      if (this.#body) at = this.#fill(this.#body, chunk, at);
      else if (this.#headerBytes > 0 || chunk.length - at < HEADER) at = this.#fillHeader(chunk, at);
      else at = this.#begin(chunk, at, chunk, at + HEADER);
    }
  }

  /** Nothing is told any more. */
  end(): void {
    this.#ended = true;
    this.#body = undefined;
  }

  #fillHeader(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#header, this.#headerBytes, at);
    this.#headerBytes += copied;
    if (this.#headerBytes < HEADER) return at + copied;
    this.#headerBytes = 0;
    return this.#begin(this.#header, 0, chunk, at + copied);
  }

  /** A header is there, at `at` of `header`; its body begins at `start` of `chunk`. Returns where to read on. */
  #begin(header: Buffer, at: number, chunk: Buffer, start: number): number {
    const length = uint32At(header, at);
    const kind = header[at + 4] as number;
    if (kind === 0 || kind > PONG) return this.#fail(`a frame of kind ${kind}`, start);
    if (length > this.#left) return this.#fail(`a message of more than ${this.#maxMessage} bytes (maxMessage)`, start);
    const end = start + length;
    if (kind !== BUFFER && end <= chunk.length) {
      this.#told(kind, uint32At(header, at + 5), chunk, start, end);
      return end;
    }
    header.copy(this.#header, 0, at, at + HEADER);
    const body = bodyOf(length);
    if (!body) return this.#fail(`a message of ${length} bytes, for which there is no memory`, start);
    this.#body = body;
    this.#bodyBytes = 0;
    return this.#fill(body, chunk, start);
  }

  #fill(body: Buffer, chunk: Buffer, at: number): number {
    const copied = chunk.copy(body, this.#bodyBytes, at);
    this.#bodyBytes += copied;
    if (this.#bodyBytes === body.length) {
      this.#body = undefined;
      this.#told(this.#header[4] as number, uint32At(this.#header, 5), body, 0, body.length);
    }
    return at + copied;
  }

  #told(kind: number, tunnel: number, source: Buffer, start: number, end: number): void {
    let goOn: boolean;
    if (kind === BUFFER) {
      this.#left -= end;
      goOn = this.#owner.buffer(tunnel, source.buffer as ArrayBuffer);
    } else {
      this.#left = this.#maxMessage;
      goOn = this.#owner.frame(kind, tunnel, source, start, end);
    }
    if (!goOn) this.end();
  }

  #fail(problem: string, at: number): number {
    this.end();
    this.#owner.malformed(problem);
    return at;
  }
}

function bodyOf(length: number): Buffer | undefined {
  try {
    // Nobody gets it before all of it has been received over what is in it.
    return Buffer.allocUnsafeSlow(length);
  } catch {
    return undefined;
  }
}
