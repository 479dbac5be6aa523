import type { Socket } from 'node:net';
import type { Port } from '../../../src/core/port/port.js';
import { Mux, type MuxOptions } from '../../../src/node/socket/mux.js';
import { deferred } from '../../contract/case.js';
import type { SocketPairs } from '../../contract/socket-pairs.js';

/** What a port's listener is told. */
export class Inbox {
  readonly messages: unknown[] = [];
  readonly ports: (readonly object[])[] = [];
  readonly closed: Promise<string>;
  #news = deferred();

  constructor(port: Port) {
    const closed = deferred<string>();
    this.closed = closed.promise;
    const told = (message: unknown, ports: readonly unknown[] = []): void => {
      this.messages.push(message);
      this.ports.push(ports as readonly object[]);
      this.#news.resolve();
      this.#news = deferred();
    };
    port.start({
      message: told,
      unreadable: () => told('unreadable'),
      close: (reason) => {
        told('closed');
        this.messages.pop();
        this.ports.pop();
        closed.resolve(reason);
      },
    });
  }

  /** All messages, when there are so many. */
  async wait(count: number): Promise<readonly unknown[]> {
    while (this.messages.length < count) await this.#news.promise;
    return this.messages;
  }
}

/** Two connected ends, and how they end. */
export interface MuxPair {
  readonly a: Mux;
  readonly b: Mux;
  readonly sockets: readonly [Socket, Socket];
  /** How each of them ended, as it tells its owner: `[reason, malformed]`. */
  readonly ends: { readonly a: Promise<unknown[]>; readonly b: Promise<unknown[]> };
  /** All that they told. */
  readonly told: unknown[][];
}

export function muxPair(pairs: SocketPairs, a: Partial<MuxOptions> = {}, b: Partial<MuxOptions> = {}): MuxPair {
  const sockets = pairs.take();
  const told: unknown[][] = [];
  const [endA, endB] = [deferred<unknown[]>(), deferred<unknown[]>()];
  const onEnd =
    (name: string, end: { resolve(value: unknown[]): void }): NonNullable<MuxOptions['onEnd']> =>
    (...how) => {
      told.push([name, ...how]);
      end.resolve(how);
    };
  return {
    a: new Mux(sockets[0], { side: 'dialer', onEnd: onEnd('a', endA), ...a }),
    b: new Mux(sockets[1], { side: 'listener', onEnd: onEnd('b', endB), ...b }),
    sockets,
    told,
    ends: { a: endA.promise, b: endB.promise },
  };
}

/** Resolves when a socket is released. */
export function released(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
