import type { Socket } from 'node:net';
import { serialize } from 'node:v8';
import { MeshError, type MeshErrorCode } from '../../core/errors/mesh-error.js';
import type { Timer } from '../../core/timer.js';
import { WIRE_VERSION } from '../../core/wire/frames.js';
import { checkSignal, startDeadline, type Patience } from './deadline.js';
import { dismiss, tame } from './socket.js';

/** What begins the first message of each side. */
export const MAGIC = Buffer.from('portmesh');
/** Bytes of one message of the handshake, without its length. */
export const MAX_MESSAGE = 4096;

export interface TalkOptions extends Patience {
  /** Who is at the other end, for errors: `the broker`, `a guest`. */
  readonly other: string;
  /** What it is if the other end goes without a word. */
  readonly gone: MeshErrorCode;
  /** What to say behind that, if it has said nothing at all. */
  readonly silent?: string;
  /** Bytes the other side may send until the end of the talk. */
  readonly maxBytes: number;
}

/** Ends a talk: what it rejects with here, and the last word to the other side. */
export class Refusal {
  constructor(
    readonly error: MeshError,
    readonly word?: string | Buffer,
  ) {}
}

/** What each of the two must know of the other before anything else; in every first message, whatever the version. */
export const versions = {
  /** Of the wire. */
  version: WIRE_VERSION,
  /** Of V8's serialization: V8 reads what this number, and lower ones, wrote. */
  format: serialize(0)[1] as number,
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function write(text: string, first: boolean): Buffer {
  const body = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([...(first ? [MAGIC] : []), length, body]);
}

function refusal(code: MeshErrorCode, problem: string): string {
  return JSON.stringify({ ...versions, refused: [code, problem] });
}

/** Refuses without a handshake, and ends the connection. */
export function turnAway(socket: Socket, code: MeshErrorCode, problem: string): void {
  dismiss(socket, write(refusal(code, problem), true));
}

/**
 * Talks over a socket until `talk` is through. It reads as much as it asks for, so what comes behind stays in the socket. If it
 * fails, whether by `talk` or from outside, the socket is gone.
 */
export async function converse<T>(socket: Socket, options: TalkOptions, talk: (talk: Talk) => Promise<T>): Promise<T> {
  const own = new Talk(tame(socket), options);
  try {
    checkSignal(options);
    return await talk(own);
  } catch (thrown) {
    const { error, word } = thrown instanceof Refusal ? thrown : { error: thrown };
    dismiss(socket, word);
    throw error;
  } finally {
    own.release();
  }
}

/** One side's reading and writing. */
export class Talk {
  readonly #socket: Socket;
  readonly #options: TalkOptions;
  readonly #deadline: Timer;
  #waiting: { bytes: number; resolve: (chunk: Buffer) => void; reject: (error: unknown) => void } | undefined;
  #error: MeshError | undefined;
  #spoken = false;

  constructor(socket: Socket, options: TalkOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#deadline = startDeadline(options, () => this.#late(), this.#fail);
    socket.on('readable', this.#read).on('end', this.#onEnd).on('close', this.#onEnd);
  }

  /** An error in the words of this talk. */
  error(code: MeshErrorCode, problem: string): MeshError {
    return new MeshError(code, `${this.#options.call}: ${problem}`);
  }

  send(text: string): void {
    this.#socket.write(this.#write(text));
  }

  /** To be thrown: an error here, and the same to the other side. */
  refuse(code: MeshErrorCode, problem: string): Refusal {
    return new Refusal(
      this.error(code, problem),
      this.#write(JSON.stringify({ ...versions, refused: [code, problem] })),
    );
  }

  /** Exactly so many bytes. */
  bytes(bytes: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { bytes, resolve, reject };
      if (this.#error) this.#fail(this.#error);
      else if (this.#socket.destroyed || this.#socket.readableEnded) this.#onEnd();
      else this.#read();
    });
  }

  /** The next message: its text, and what it says. */
  async message(): Promise<{ text: string; said: Record<string, unknown> }> {
    const length = (await this.bytes(4)).readUInt32BE();
    if (length > MAX_MESSAGE) {
      throw this.refuse(
        'PROTOCOL',
        `a message of the handshake has ${MAX_MESSAGE} bytes at most, and ${length} were to come.`,
      );
    }
    const body = await this.bytes(length);
    try {
      const text = decoder.decode(body);
      const said: unknown = JSON.parse(text);
      if (typeof said === 'object' && said !== null) return { text, said: said as Record<string, unknown> };
    } catch {}
    throw this.refuse('PROTOCOL', 'what came is no message of the handshake.');
  }

  release(): void {
    this.#deadline.stop();
    this.#socket.off('readable', this.#read).off('end', this.#onEnd).off('close', this.#onEnd);
  }

  readonly #read = (): void => {
    const { maxBytes, other } = this.#options;
    const waiting = this.#waiting;
    if (!waiting) return;
    if (this.#socket.bytesRead > maxBytes) {
      return this.#fail(this.error('LIMIT', `${other} sent more than ${maxBytes} bytes before it was let in.`));
    }
    const chunk = (waiting.bytes === 0 ? Buffer.alloc(0) : this.#socket.read(waiting.bytes)) as Buffer | null;
    if (!chunk) return;
    if (chunk.length < waiting.bytes) return this.#onEnd();
    this.#waiting = undefined;
    waiting.resolve(chunk);
  };

  readonly #onEnd = (): void => {
    const { other, gone, silent } = this.#options;
    const hint = silent !== undefined && this.#socket.bytesRead === 0 ? ` ${silent}` : '';
    this.#fail(
      this.error(gone, `${other} closed the connection in the middle of the handshake${this.#came()}.${hint}`),
    );
  };

  readonly #fail = (error: MeshError): void => {
    this.#error ??= error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  };

  #write(text: string): Buffer {
    const first = !this.#spoken;
    this.#spoken = true;
    return write(text, first);
  }

  #late(): string {
    const { other, timeout } = this.#options;
    return `${other} did not end the handshake within ${timeout} ms${this.#came()}.`;
  }

  /** What one who looks for the cause wants to know. */
  #came(): string {
    const { bytesRead } = this.#socket;
    return bytesRead === 0 ? ', and said nothing' : `, after ${bytesRead} bytes`;
  }
}
