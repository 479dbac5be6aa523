import { randomBytes } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import type { Bus } from '../../core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../../core/bus/channels.js';
import { meshOf } from '../../core/bus/caller.js';
import { join } from '../../core/bus/join.js';
import { UNLINKED } from '../../core/bus/mesh.js';
import type { Platform } from '../../core/bus/platform.js';
import { invalid, MeshError, type LeaveReason } from '../../core/errors/mesh-error.js';
import type { FlowOptions } from '../../core/link/flow.js';
import { openConnection } from '../connection.js';
import { checkAddress, type Address } from '../net/address.js';
import { adoptRaw } from '../socket/socket-port.js';
import type { Mux } from '../socket/mux.js';
import { backoff } from './backoff.js';
import { BrokerPort, type Resume } from './broker-port.js';

/** Where a broker is, and what shows that one may join it. */
export interface BrokerAddress {
  /** The path of its socket. */
  readonly path?: string;
  /** Or its TCP port. */
  readonly port?: number;
  /** With `port`. @default '127.0.0.1' */
  readonly host?: string;
  /** The broker's `secrets.peer`. */
  readonly token: string;
}

/** @throws MeshError `INVALID_ARGUMENT` */
export function checkBrokerAddress(given: unknown, call: string): { address: Address; token: string } {
  const { token, ...address } = Object(given) as Partial<BrokerAddress>;
  if (typeof token !== 'string' || token === '') {
    throw invalid(`${call}({ broker: { token } })`, "give the broker's secret: secrets.peer of createBroker().");
  }
  return { address: checkAddress(address, `${call}({ broker })`), token };
}

interface Asked {
  readonly call: string;
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly name?: string | undefined;
  readonly flow?: FlowOptions | undefined;
}

/** One for all peers of this process. */
const processId = randomBytes(9).toString('base64url');

/** What is heard of a broker that is there: something each so many milliseconds, or it is taken to be gone. */
const PROBE = { interval: 10_000, timeout: 30_000 };

/** Joins the mesh of a broker for Node processes. */
export async function joinBroker<C extends ChannelMap<C> = AnyChannels>(
  broker: unknown,
  asked: Asked,
): Promise<Bus<C>> {
  const { address, token } = checkBrokerAddress(broker, 'connect');
  const { call, timeout, signal, name, flow } = asked;
  const connect = (resume: Resume | undefined, limit: number, aborted: AbortSignal | undefined): Promise<Mux> => {
    const hello = { name, process: { id: processId, pid: process.pid }, resume };
    const options = { role: 'peer', id: 'peer', key: token, hello, timeout: limit, signal: aborted, call } as const;
    return openConnection(address, options, { keepsAlive: true, probe: PROBE });
  };
  const start = performance.now();
  const left = (): number => Math.max(1, Math.ceil(timeout - (performance.now() - start)));
  const first = await patiently((limit) => connect(undefined, limit, signal), left, signal);
  const port = new BrokerPort(first, address, (resume, aborted) => connect(resume, ATTEMPT_MS, aborted));
  const platform: Platform = {
    channel() {
      const { port1, port2 } = new MessageChannel();
      return [port1, port2];
    },
    adopt: (raw) => adoptRaw(raw as object),
    dial: (peer, known) => port.dial(peer.id, known),
    away: (peer) => port.away(peer.id),
    gone:
      'the broker is gone for the moment, and whoever could take this is not linked yet. Wait for ' +
      "bus.peers.on('fresh'), or, with a call, with({ wait: ms }).",
  };
  const bus = await join<C>(port, platform, { call, timeout: left(), signal, flow });
  const mesh = meshOf(bus);
  port.hears = (id) => {
    const link = mesh.directory.get(id)?.link;
    if (!link?.open || !link.connected) return undefined;
    link.probe();
    return link.heard;
  };
  mesh.news.add(UNLINKED, (id: string, reason: LeaveReason) => {
    if (!mesh.closeInfo) port.unlinked(id, reason);
  });
  return bus;
}

/** How long one attempt to rejoin may take. */
const ATTEMPT_MS = 10_000;

/** The broker may start later: who isn't there yet is tried again, until the time is over. */
async function patiently(
  connect: (limit: number) => Promise<Mux>,
  left: () => number,
  signal?: AbortSignal,
): Promise<Mux> {
  const all = left();
  let cause: unknown;
  for (let attempt = 1; ; attempt++) {
    const limit = left();
    try {
      return await connect(limit);
    } catch (error) {
      // One that began late and was cut short says less than what became of those before.
      if (cause && limit < all / 2 && MeshError.is(error, 'TIMEOUT')) throw cause;
      cause = error;
      const wait = backoff(attempt);
      if (!MeshError.is(error, 'BRIDGE_GONE') || left() <= wait) throw error;
      await pause(wait, signal);
    }
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  });
}
