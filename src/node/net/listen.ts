import { createServer, type AddressInfo, type Socket } from 'node:net';
import { invalid, MeshError } from '../../core/errors/mesh-error.js';
import { checkAddress, isPipe, show, type Address } from './address.js';
import { atExit } from './exits.js';
import { watchFiles } from './open-files.js';
import { bindFile, bindFresh } from './socket-file.js';
import { KEEP_ALIVE_MS, tame } from './socket.js';
import { codeOf, isDenied } from './system-error.js';

export interface ListenOptions {
  /** The call, as its caller wrote it, for errors. @default 'listen()' */
  readonly call?: string;
  /** Whether the process runs on as long as it listens. @default true */
  readonly keepsAlive?: boolean;
  /** Nobody else knows the path, or can enter its directory, which is there: as `privateAddress()` says. @default false */
  readonly fresh?: boolean;
  /** A connection could not be taken, or the next can't, as too many files are open: told once in a while. It goes on listening. */
  readonly failed?: (error: MeshError) => void;
}

/** A place where others can connect. */
export interface Listening {
  /** With the port that was taken, the host and an absolute path filled in. */
  readonly address: Address;
  /** Whether it can be reached: the file of a unix socket is there, and is still this one's. */
  isThere(): Promise<boolean>;
  /** Listens no more; the socket's file is gone when this returns. Connections that are there stay. Idempotent. */
  close(): Promise<void>;
}

/** How many may wait until they are taken: many processes may start at once. */
const BACKLOG = 1024;

/**
 * Listens on a unix socket that only this user can reach, on a named pipe, or on a port of this machine's own.
 *
 * The file of a unix socket has mode 0600 from its first moment; a missing directory is made with 0700. A file that nobody listens at
 * any more is replaced. Close removes the file, and directories that were made for it.
 *
 * @param onSocket gets each connection, with Nagle off and the kernel's keep-alive on, unread; its errors crash nothing
 * @throws MeshError (rejects) `INVALID_ARGUMENT`: the address makes no sense, or is taken; `NOT_AUTHORIZED`: no permission
 */
export async function listen(
  address: Address,
  onSocket: (socket: Socket) => void,
  options: ListenOptions = {},
): Promise<Listening> {
  const { call = 'listen()', keepsAlive = true, fresh = false, failed } = options;
  const checked = checkAddress(address, call);
  const checkFiles = watchFiles((error) => failed?.(full(error, call)));
  const server = createServer(
    { pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
    (socket) => {
      onSocket(tame(socket));
      checkFiles();
    },
  );
  if (!keepsAlive) server.unref();
  const to = (where: object): Promise<void> =>
    new Promise((resolve, reject) => {
      let listening = false;
      server.on('error', (error) => {
        if (listening)
          failed?.(new MeshError('LIMIT', `${call}: a connection failed: ${error.message}.`, { cause: error }));
        else reject(refusal(error, checked, call));
      });
      // Exclusive: the workers of a cluster would share one, and each get a part of the connections.
      server.listen({ ...where, exclusive: true, backlog: BACKLOG }, () => {
        listening = true;
        resolve();
      });
    });
  if (!('path' in checked) || isPipe(checked.path)) {
    await to(checked);
    const bound = 'path' in checked ? checked : { ...checked, port: (server.address() as AddressInfo).port };
    return { address: bound, isThere: async () => true, close: async () => void server.close() };
  }
  const { path } = checked;
  const file = await (fresh ? bindFresh(path, to) : bindFile(path, call, to)).catch((error: unknown) => {
    server.close();
    throw error;
  });
  const withdraw = atExit(() => file.remove());
  let closed = false;
  return {
    address: checked,
    isThere: () => file.isThere(),
    async close() {
      if (closed) return;
      closed = true;
      withdraw();
      // First: as long as the server has it open, no other file can have its number.
      file.remove();
      server.close();
    },
  };
}

function full(error: Error, call: string): MeshError {
  const problem =
    `too many files are open (${codeOf(error)}). Until some are closed, who connects is cut off without a word. Let this process ` +
    'open more: ulimit -n, or LimitNOFILE of systemd.';
  return new MeshError('LIMIT', `${call}: ${problem}`, { cause: error });
}

function refusal(error: Error, address: Address, call: string): MeshError {
  const kind = 'path' in address ? 'path' : 'port';
  if (codeOf(error) === 'EADDRINUSE') {
    return invalid(
      call,
      `another process listens at ${show(address)} already. Give another ${kind}, or connect to that one.`,
    );
  }
  if (isDenied(error)) {
    const problem = `${call}: no permission to listen at ${show(address)}. Give another ${kind}.`;
    return new MeshError('NOT_AUTHORIZED', problem, { cause: error });
  }
  const problem = `${call}: can't listen at ${show(address)}: ${error.message}. Give another ${kind}.`;
  return new MeshError('INVALID_ARGUMENT', problem, { cause: error });
}
