import { randomUUID } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import { checkConnect, type ConnectBasics } from '../core/broker/join-options.js';
import type { Bus } from '../core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../core/bus/channels.js';
import { joinThrough } from '../core/bus/join.js';
import type { Platform } from '../core/bus/platform.js';
import { invalid } from '../core/errors/mesh-error.js';
import { ElectronPort, type ElectronPortLike } from '../core/port/electron-port.js';
import { NodePort, type NodePortLike } from '../core/port/node-port.js';
import { check } from './clone-check.js';
import { joinBroker, type BrokerAddress } from './client/join-broker.js';
import {
  isUtilityPort,
  isWorkerPort,
  wayToHost,
  wayToMain,
  type UtilityParentPort,
  type WorkerParentPort,
} from './via.js';

/** What `connect` takes in a child of a process that has joined. */
export interface ConnectVia extends ConnectBasics {
  /**
   * The way to the process that owns this one: in a utility process Electron's `process.parentPort`, in a `worker_threads` worker
   * the `parentPort` of `node:worker_threads`.
   */
  readonly via: UtilityParentPort | WorkerParentPort | null;
  /** Not with `via`. */
  readonly broker?: never;
}

/** What `connect` takes in any Node process. */
export interface ConnectBroker extends ConnectBasics {
  /** Where its broker is, and the broker's `secrets.peer`. */
  readonly broker: BrokerAddress;
  /** Not with `broker`. */
  readonly via?: never;
}

/** What `connect` takes: one of the two ways in, and more. */
export type ConnectOptions = ConnectVia | ConnectBroker;

const optionNames = ['via', 'broker', 'name', 'timeout', 'signal', 'flow'];

/**
 * Joins the mesh from a utility process, or from a `worker_threads` worker, which who owns it must let in: main by
 * `bridge.attach(child)`, a utility process by `share(worker, …)` for its workers. That may happen before or after this call.
 *
 * While it waits it listens on `via`, and messages arrive there: put the application's own listeners on before. A worker runs on as
 * long as its bus is open; after `bus.close()` nothing of the mesh keeps it alive.
 *
 * Rejects with a MeshError: `TIMEOUT` if nobody lets it in, or main is blocked; `NOT_AUTHORIZED`; `BRIDGE_GONE`, `ABORTED`,
 * `VERSION_MISMATCH`, `INVALID_ARGUMENT`. Its message says what to do.
 *
 * @example
 * const bus = await connect<AppChannels>({ via: process.parentPort, name: 'thumbs' });
 */
export async function connect<C extends ChannelMap<C> = AnyChannels>(options: ConnectOptions): Promise<Bus<C>> {
  const given = Object(options) as Partial<Omit<ConnectVia, 'broker'> & Omit<ConnectBroker, 'via'>>;
  const { call, timeout } = checkConnect(given, optionNames);
  const { via, broker, name, signal, flow } = given;
  if (broker !== undefined) {
    if (via !== undefined) throw invalid('connect({ via, broker })', 'give one of the two.');
    return joinBroker<C>(broker, { call, timeout, signal, flow, name });
  }
  const asked = { call, timeout, signal, flow, name, nonce: randomUUID() };
  if (isWorkerPort(via)) {
    const unanswered =
      'Who hosts this worker must let it in: bridge.attach(worker) in main, share(worker, { via: process.parentPort }) in a ' +
      'utility process.';
    return joinThrough<C>(wayToHost(via), controlPort, workerPlatform, { ...asked, unanswered });
  }
  if (isUtilityPort(via)) {
    const unanswered = 'Call bridge.attach(child) in main, with what utilityProcess.fork() returned.';
    return joinThrough<C>(wayToMain(via), adopt, utilityPlatform, { ...asked, unanswered });
  }
  throw invalid(
    'connect({ via })',
    "give process.parentPort in a utility process, the parentPort of 'node:worker_threads' in a worker; elsewhere, connect({ broker }).",
  );
}

function adopt(raw: unknown): ElectronPort {
  return new ElectronPort(raw as ElectronPortLike, check);
}

const utilityPlatform: Platform = { channel: () => undefined, adopt };

/** A worker that has joined is there for others: it runs on for that. */
function controlPort(raw: object): NodePort {
  return new NodePort(raw as NodePortLike, true);
}

const workerPlatform: Platform = {
  channel() {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  },
  adopt: (raw) => new NodePort(raw as NodePortLike),
};
