import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { rmSync } from 'node:fs';

let last = 0;

/** One connection through a proxy. */
export class Wire {
  /** The end of who has dialed, and of who listens. */
  readonly #ends: readonly [Socket, Socket];
  #left = Infinity;
  #half: 'dialer' | 'listener' | undefined;
  /** Bytes that have passed, both ways. */
  bytes = 0;
  readonly over: Promise<unknown>;

  constructor(dialer: Socket, listener: Socket) {
    this.#ends = [dialer, listener];
    this.#pass(dialer, listener);
    this.#pass(listener, dialer);
    this.over = Promise.all(this.#ends.map(async (end) => end.closed || once(end, 'close')));
  }

  /**
   * Cuts it when so many more bytes have passed, be it within a frame.
   * @param half who alone hears of it; the other one believes that the connection is there
   */
  cutAfter(bytes: number, half?: 'dialer' | 'listener'): void {
    this.#left = bytes;
    this.#half = half;
    if (bytes === 0) this.#cut();
  }

  /** Nothing passes, either way. */
  stall(): void {
    for (const end of this.#ends) end.pause();
  }

  resume(): void {
    for (const end of this.#ends) end.resume();
  }

  cut(): void {
    this.#left = 0;
    for (const end of this.#ends) end.destroy();
  }

  #cut(): void {
    if (this.#half === undefined) return this.cut();
    this.#left = 0;
    this.#ends[this.#half === 'dialer' ? 0 : 1].destroy();
  }

  #pass(from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      if (this.#left === 0) return;
      const passed = chunk.subarray(0, this.#left);
      this.#left -= passed.length;
      this.bytes += passed.length;
      const room = to.write(passed, () => this.#left === 0 && this.#cut());
      if (room || this.#left === 0) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
    from.on('end', () => this.#left > 0 && to.end());
    from.on('error', () => {});
    from.on('close', () => this.#left > 0 && to.destroy());
  }
}

/** A unix socket before another one, where what passes can be held up, and cut. */
export class Proxy {
  readonly path: string;
  /** Those that are open, the oldest first. */
  readonly wires = new Set<Wire>();
  readonly #server: Server;

  private constructor(target: string) {
    this.path = `${target}.${++last}`;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      const wire = new Wire(socket, createConnection({ path: target, allowHalfOpen: true }));
      this.wires.add(wire);
      void wire.over.then(() => this.wires.delete(wire));
      socket.resume();
    });
  }

  static async before(target: string): Promise<Proxy> {
    const proxy = new Proxy(target);
    await once(proxy.#server.listen(proxy.path), 'listening');
    return proxy;
  }

  close(): void {
    this.#server.close();
    for (const wire of this.wires) wire.cut();
    rmSync(this.path, { force: true });
  }
}
