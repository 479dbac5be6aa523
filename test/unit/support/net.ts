import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Address } from '../../../src/node/net/address.js';
import { listen, type Listening, type ListenOptions } from '../../../src/node/net/listen.js';

/** A fresh directory, for this test. */
export function folder(parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, 'portmesh-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Has temporary files go to that directory, for this test. */
export function temporaryFilesIn(path: string): string {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = path;
  onTestFinished(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });
  return path;
}

/** The kinds of addresses, each a fresh one. */
export const kinds: readonly [string, () => Address][] = [
  ['a unix socket', () => ({ path: join(folder(), 'socket') })],
  ['TCP', () => ({ port: 0 })],
  ['TCP over IPv6', () => ({ port: 0, host: '::1' })],
];

/** Makes a socket's file that nobody listens at. */
export async function leaveBehind(path: string): Promise<void> {
  const server = createServer().listen(`${path}-first`);
  await once(server, 'listening');
  linkSync(`${path}-first`, path);
  server.close();
  await once(server, 'close');
}

/** Where one listens while it replaces a left-over file at that path. */
export function lockOf(path: string): string {
  const name = createHash('sha256').update(basename(path)).digest('hex').slice(0, 6);
  return join(dirname(path), `.${name}`);
}

/** Listens for this test. */
export async function listening(
  address: Address,
  onSocket: (socket: Socket) => void = (socket) => void socket.destroy(),
  options?: ListenOptions,
): Promise<Listening> {
  const sockets: Socket[] = [];
  const place = await listen(
    address,
    (socket) => {
      sockets.push(socket);
      onSocket(socket);
    },
    options,
  );
  onTestFinished(async () => {
    await place.close();
    for (const socket of sockets) socket.destroy();
  });
  return place;
}

/** A connection of somebody who knows nothing of ours. */
export async function raw(address: Address): Promise<Socket> {
  const socket = createConnection(address);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other side has closed. */
export async function heard(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (data) => (text += data.toString('latin1')));
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** Both ends of one connection. */
export async function pair(address: Address): Promise<[dialer: Socket, listener: Socket]> {
  let come: (socket: Socket) => void = () => {};
  const other = new Promise<Socket>((resolve) => (come = resolve));
  const place = await listening(address, come);
  return [await raw(place.address), await other];
}

/** One message of the handshake. */
export function frame(message: unknown): Buffer {
  const body = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}
