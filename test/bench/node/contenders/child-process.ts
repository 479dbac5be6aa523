import { fork, type ChildProcess } from 'node:child_process';
import type { Client } from '../../page/contender.js';
import { clientOf } from '../../page/in-order.js';
import type { Contender } from './contender.js';

/** What a message is: first in it, since there is one channel only. */
const ECHO = 0;
const SINK = 1;
const BULK = 2;

let child: ChildProcess | undefined;

/** Starts the server: such a channel is between a process and its child. */
export function forkServer(file: string, args: readonly string[]): void {
  child = fork(file, args, { serialization: 'advanced' });
}

export const childProcess: Contender = {
  async serve(_folder, service) {
    process.on('message', ([kind, value]: [number, never]) => {
      if (kind === SINK) service.sink(value);
      else (process.send as (message: unknown) => boolean)(kind === BULK ? service.bulk(value) : service.echo(value));
    });
  },
  async open() {
    const server = child as ChildProcess;
    const { echo, bulk } = clientOf(
      (message) => void server.send(message as object),
      (take) => void server.on('message', take),
    ) as Required<Client>;
    return {
      echo: (message) => echo([ECHO, message] as never),
      send: (message) => void server.send([SINK, message]),
      bulk: (bytes) => bulk([BULK, bytes] as never),
    };
  },
};
