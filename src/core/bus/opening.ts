import { MeshError, notCloneable } from '../errors/mesh-error.js';
import type { MessageLimits } from '../directory/limits.js';
import type { Peer } from '../directory/peer.js';
import type { MeshPort } from '../port/mesh-port.js';
import { closeRaw } from '../port/port.js';
import { moves } from '../wire/payload.js';
import { hold, letGo } from './hold.js';
import { inTime } from './in-time.js';
import { TIMEOUT_MS, type CallOptions } from './request.js';
import { MISSED, type Requests } from './requests.js';
import type { Target } from './target.js';

type Ends = readonly [object, object];

export interface OpenerOwner {
  /** @throws MeshError `CLOSED` */
  check(call: string): void;
  readonly requests: Requests;
  readonly limits: MessageLimits;
  /** A fresh channel's two raw ends. */
  channel(): Ends | Promise<Ends>;
  /** Makes a port for the application of a raw one, at whose other end `peer` is. */
  makePort(raw: object, far: Peer): MeshPort;
}

/**
 * Opens a port to one of the peers meant: makes a channel, hands one end over, and keeps the other when that is accepted.
 * A peer that turns out not to take it closes its end, and the next one gets a fresh channel.
 */
export async function openPort(
  owner: OpenerOwner,
  target: Target,
  channel: string,
  args: readonly unknown[],
  options: CallOptions,
): Promise<MeshPort> {
  const call = `openPort('${channel}')`;
  owner.check(call);
  let held: readonly unknown[];
  try {
    held = hold(args, owner.limits);
  } catch (error) {
    throw notCloneable(error, `${call}: an argument can't be sent: `);
  }
  try {
    return await open(owner, call, target, channel, held, options);
  } catch (error) {
    letGo(held);
    throw error;
  }
}

async function open(
  owner: OpenerOwner,
  call: string,
  target: Target,
  channel: string,
  args: readonly unknown[],
  options: CallOptions,
): Promise<MeshPort> {
  const { timeout = TIMEOUT_MS } = options;
  const late = (): string => `no answer after ${timeout} ms.`;
  const end = performance.now() + timeout;
  const tried = new Map<string, number>();
  let { wait } = options;
  let until: number | undefined;
  for (let left = timeout; ; left = end - performance.now()) {
    if (!(left > 0)) throw new MeshError('TIMEOUT', `${call}: ${late()}`);
    const ends = owner.channel();
    // In the same turn, where that is possible: the peer may be gone in the next.
    const [near, far] =
      ends instanceof Promise
        ? await inTime(owner, ends, { call, timeout: left, signal: options.signal }, late, ([unused]) =>
            closeRaw(unused),
          )
        : ends;
    try {
      const peer = await owner.requests.port(target, channel, args, { ...options, timeout: left, wait }, far, tried);
      if (peer !== MISSED) return owner.makePort(near, peer as Peer);
    } catch (error) {
      closeRaw(near);
      throw error;
    }
    closeRaw(near);
    if (moves(args)) {
      const text = `${call}: the peer that was asked does not take it, and what was to move has gone there. Move it over the port.`;
      throw new MeshError('NO_HANDLER', text);
    }
    // Once it waits, it waits on, whoever else is asked meanwhile.
    until ??= performance.now() + wait;
    wait = Math.max(0, until - performance.now());
  }
}
