import { createConnection, type Socket } from 'node:net';
import { invalid, MeshError } from '../../core/errors/mesh-error.js';
import { checkAddress, show, type Address } from './address.js';
import { checkSignal, startDeadline, type Patience } from './deadline.js';
import { KEEP_ALIVE_MS, tame } from './socket.js';
import { codeOf, isDenied } from './system-error.js';

/** A unix socket that can't take more at the moment says so at once, where TCP waits: it is asked again so many milliseconds later. */
const BUSY_MS = 20;

/** What to ask where nobody listens. */
const BROKER = 'is the broker running, and is this its address?';

/**
 * Connects to a socket on this machine.
 *
 * @param absent what to say behind 'nobody listens there:'
 * @returns it, with Nagle off and the kernel's keep-alive on, unread; its errors crash nothing
 * @throws MeshError (rejects) `BRIDGE_GONE`: nobody listens there; `NOT_AUTHORIZED`: no permission; `TIMEOUT`, `ABORTED`,
 * `INVALID_ARGUMENT`
 */
export async function dial(address: Address, patience: Patience, absent = BROKER): Promise<Socket> {
  const { call } = patience;
  const to = checkAddress(address, call);
  if ('port' in to && to.port === 0)
    throw invalid(`${call}: { port: 0 }`, 'nobody listens there. Give a port above 0.');
  checkSignal(patience);
  return new Promise((resolve, reject) => {
    let socket: Socket | undefined;
    let again: NodeJS.Timeout | undefined;
    const late = (): string =>
      `${show(to)} did not answer within ${patience.timeout} ms. Is the process that listens there blocked?`;
    const fail = (error: MeshError): void => {
      clearTimeout(again);
      socket?.destroy();
      reject(error);
    };
    const deadline = startDeadline(patience, late, fail);
    const attempt = (): void => {
      const fresh = tame(
        createConnection({ ...to, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }),
      );
      const onError = (error: Error): void => {
        if (codeOf(error) === 'EAGAIN') {
          again = setTimeout(attempt, BUSY_MS);
          return;
        }
        deadline.stop();
        fail(failure(error, to, call, absent));
      };
      socket = fresh.once('error', onError).once('connect', () => {
        deadline.stop();
        resolve(fresh.off('error', onError));
      });
    };
    attempt();
  });
}

function failure(error: Error, to: Address, call: string, absent: string): MeshError {
  const where = show(to);
  if (isDenied(error)) {
    const problem = `${call}: no permission to connect to ${where}: only the user who listens there may.`;
    return new MeshError('NOT_AUTHORIZED', problem, { cause: error });
  }
  const code = codeOf(error);
  const problem =
    code === 'ENOENT' || code === 'ECONNREFUSED'
      ? `nobody listens at ${where}: ${absent}`
      : `can't connect to ${where}: ${error.message}.`;
  return new MeshError(code === 'ETIMEDOUT' ? 'TIMEOUT' : 'BRIDGE_GONE', `${call}: ${problem}`, { cause: error });
}
