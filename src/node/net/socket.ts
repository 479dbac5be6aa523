import type { Socket } from 'node:net';
import { startTimer } from '../../core/timer.js';

/** How long a connection is silent until the kernel asks whether the other end is there. */
export const KEEP_ALIVE_MS = 10_000;

/** A connection that has been told its last word may take so many milliseconds to hear it. */
const LINGER_MS = 1000;
const MAX_UNHEARD = 0x1_0000;

/** Whatever befalls it, `close` says so: an error that nobody listens to would end the process. */
export function tame(socket: Socket): Socket {
  socket.off('error', ignore);
  return socket.on('error', ignore);
}

/** Says a last word, and ends the connection. What still comes is thrown away, as otherwise the kernel would take the word back. */
export function dismiss(socket: Socket, word?: string | Buffer): void {
  if (socket.destroyed) return;
  if (word === undefined || !socket.writable) return void socket.destroy();
  const timer = startTimer(LINGER_MS, () => socket.destroy());
  const most = socket.bytesRead + MAX_UNHEARD;
  socket.once('close', () => timer.stop());
  socket.on('data', () => {
    if (socket.bytesRead > most) socket.destroy();
  });
  socket.resume();
  socket.end(word);
}

function ignore(): void {}
