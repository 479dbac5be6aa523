import { MeshError, notCloneable } from '../errors/mesh-error.js';
import type { MessageLimits } from '../directory/limits.js';
import type { Peer } from '../directory/peer.js';
import type { MeshPort } from '../port/mesh-port.js';
import { startTimer } from '../timer.js';
import { hold } from '../wire/hold.js';
import { moves } from '../wire/payload.js';
import { closeRaw } from './platform.js';
import type { CallOptions } from './request.js';
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
  const { timeout = 30_000 } = options;
  const end = performance.now() + timeout;
  const tried = new Set<string>();
  for (let left = timeout; ; left = end - performance.now()) {
    const late = (): MeshError => new MeshError('TIMEOUT', `${call}: no answer after ${timeout} ms.`);
    if (!(left > 0)) throw late();
    const ends = owner.channel();
    // In the same turn, where that is possible: the peer may be gone in the next.
    const [near, far] = ends instanceof Promise ? await inTime(owner, call, ends, left, late, options.signal) : ends;
    try {
      const peer = await owner.requests.port(target, channel, held, { ...options, timeout: left }, far, tried);
      if (peer !== MISSED) return owner.makePort(near, peer as Peer);
    } catch (error) {
      closeRaw(near);
      throw error;
    }
    closeRaw(near);
    if (moves(held)) {
      const text = `${call}: the peer that was asked does not take it, and what was to move has gone there. Move it over the port.`;
      throw new MeshError('NO_HANDLER', text);
    }
  }
}

/** Main, which makes the channel, may be blocked. One that comes too late is closed. */
function inTime(
  owner: OpenerOwner,
  call: string,
  ends: Promise<Ends>,
  left: number,
  late: () => MeshError,
  signal: AbortSignal | undefined,
): Promise<Ends> {
  return new Promise((resolve, reject) => {
    let over = false;
    const settle = (): void => {
      over = true;
      limit?.stop();
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error);
    };
    const onAbort = (): void =>
      fail(new MeshError('ABORTED', `${call}: aborted by the caller's signal.`, { cause: signal?.reason }));
    const limit = Number.isFinite(left) ? startTimer(left, () => fail(late())) : undefined;
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    ends.then(
      (made) => {
        if (over) return closeRaw(made[0]);
        settle();
        resolve(made);
      },
      (error: unknown) => {
        try {
          owner.check(call); // how the bus has ended
          fail(error);
        } catch (closed) {
          fail(closed);
        }
      },
    );
  });
}
