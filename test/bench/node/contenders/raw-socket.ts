import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Service } from '../../page/contender.js';
import { clientOf } from '../../page/in-order.js';
import type { Message } from '../../page/payload.js';
import { pathIn } from '../paths.js';
import { BulkSocket } from './bulk-socket.js';
import type { Contender } from './contender.js';
import { FramedSocket } from './framed-socket.js';

/** A socket each for what is asked, for what is only sent, and for megabytes, so that none has to say which it is. */
export const rawSocket: Contender = {
  async serve(folder, service) {
    await listen(pathIn(folder, 'echo'), echoing(service));
    await listen(pathIn(folder, 'sink'), (socket) => {
      new FramedSocket(socket).listen((message) => service.sink(message as Message));
    });
    await listen(pathIn(folder, 'bulk'), (socket) => {
      const bulk = new BulkSocket(socket);
      bulk.listen((bytes) => bulk.post(new Uint8Array(new Uint32Array([service.bulk(bytes)]).buffer)));
    });
  },
  async open(folder) {
    const echo = new FramedSocket(await dial(pathIn(folder, 'echo')));
    const sink = new FramedSocket(await dial(pathIn(folder, 'sink')));
    const bulk = new BulkSocket(await dial(pathIn(folder, 'bulk')));
    const asking = clientOf(
      (message) => echo.post(message),
      (take) => echo.listen(take),
    );
    const bulkAsking = clientOf(
      (bytes) => bulk.post(bytes as Uint8Array),
      (take) => bulk.listen((bytes) => take(new Uint32Array(bytes.slice().buffer)[0])),
    );
    return {
      echo: asking.echo,
      send: (message) => sink.post(message),
      bulk: bulkAsking.bulk as (bytes: Uint8Array) => Promise<number>,
    };
  },
};

/** What answers on each socket that comes. */
export function echoing(service: Service): (socket: Socket) => void {
  return (socket) => {
    const framed = new FramedSocket(socket);
    framed.listen((message) => framed.post(service.echo(message as Message)));
  };
}

export async function listen(path: string, come: (socket: Socket) => void): Promise<void> {
  const server = createServer(come).listen(path);
  await once(server, 'listening');
}

export async function dial(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}
