import type { Socket } from 'node:net';

/**
 * Texts of JSON on a socket, a line each: how the bench's processes are told what to do. Not Node's own channel between a process
 * and its child, since that is a contender.
 */
export class Control {
  readonly #socket: Socket;

  constructor(socket: Socket, take: (message: unknown[]) => void) {
    this.#socket = socket;
    let rest = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) take(JSON.parse(line) as unknown[]);
    });
  }

  post(...message: readonly unknown[]): void {
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}
