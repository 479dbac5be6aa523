import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deferred } from './case.js';

/** Pairs that are connected and wait: a contract takes its ports without waiting. */
const READY = 48;

/** Two ends of a real connection in one process, over a unix socket or TCP. */
export class SocketPairs {
  readonly #server: Server;
  readonly #directory: string | undefined;
  readonly #ready: (readonly [Socket, Socket])[] = [];
  /** One is connected after the other: so the one accepted is the one dialed. */
  #connecting = Promise.resolve();
  #closed = false;

  private constructor(server: Server, directory: string | undefined) {
    this.#server = server;
    this.#directory = directory;
  }

  static async open(kind: 'unix' | 'tcp'): Promise<SocketPairs> {
    const server = createServer({ noDelay: true });
    const directory = kind === 'unix' ? mkdtempSync(join(tmpdir(), 'portmesh-test-')) : undefined;
    const listening = deferred();
    if (directory) server.listen(join(directory, 's'), listening.resolve);
    else server.listen(0, '127.0.0.1', listening.resolve);
    await listening.promise;
    const pairs = new SocketPairs(server, directory);
    for (let i = 0; i < READY; i++) pairs.#refill();
    await pairs.#connecting;
    return pairs;
  }

  /** The dialer's end, and the listener's. They belong to the caller. */
  take(): readonly [Socket, Socket] {
    const pair = this.#ready.shift();
    if (!pair) throw new Error('more pairs are taken at once than are ready');
    this.#refill();
    return pair;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connecting;
    for (const socket of this.#ready.flat()) socket.destroy();
    this.#server.close();
    if (this.#directory) rmSync(this.#directory, { recursive: true });
  }

  #refill(): void {
    this.#connecting = this.#connecting.then(async () => {
      if (this.#closed) return;
      const accepted = deferred<Socket>();
      this.#server.once('connection', accepted.resolve);
      const address = this.#server.address() as AddressInfo | string;
      const dialed = typeof address === 'string' ? connect(address) : connect(address.port, address.address);
      this.#ready.push([dialed.setNoDelay(), await accepted.promise]);
    });
  }
}
