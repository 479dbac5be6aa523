import type { Socket } from 'node:net';

/** Bytes on a socket behind their length, received into an array of their own: what a large message costs at the least. */
export class BulkSocket {
  readonly #socket: Socket;
  readonly #header = Buffer.alloc(4);
  #headerBytes = 0;
  #body: Uint8Array | undefined;
  #bodyBytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** They must not change until they are answered. */
  post(bytes: Uint8Array): void {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(bytes.length);
    this.#socket.cork();
    this.#socket.write(header);
    this.#socket.write(bytes);
    this.#socket.uncork();
  }

  listen(take: (bytes: Uint8Array) => void): void {
    this.#socket.on('data', (chunk: Buffer) => {
      let at = 0;
      while (at < chunk.length) {
        if (!this.#body) {
          const copied = chunk.copy(this.#header, this.#headerBytes, at);
          at += copied;
          this.#headerBytes += copied;
          if (this.#headerBytes < 4) return;
          this.#headerBytes = this.#bodyBytes = 0;
          this.#body = new Uint8Array(this.#header.readUInt32BE());
          continue;
        }
        const copied = chunk.copy(this.#body, this.#bodyBytes, at);
        at += copied;
        this.#bodyBytes += copied;
        if (this.#bodyBytes < this.#body.length) return;
        const body = this.#body;
        this.#body = undefined;
        take(body);
      }
    });
  }
}
