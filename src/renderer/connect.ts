import { JOIN } from '../core/broker/joining.js';
import { checkConnect, type ConnectBasics } from '../core/broker/join-options.js';
import { NotFinal } from '../core/broker/seat.js';
import { join, joinThrough } from '../core/bus/join.js';
import type { Bus } from '../core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../core/bus/channels.js';
import { MeshError } from '../core/errors/mesh-error.js';
import type { FlowOptions } from '../core/link/flow.js';
import { WIRE_VERSION } from '../core/wire/frames.js';
import { checkOrigin, wayToMaker, wayToParent, type WorkerScope } from './owner.js';
import { makeNonce } from './nonce.js';
import { controlPort, platform } from './platform.js';
import { hasPreload, preloadMissing } from './preload.js';

/** What `connect` takes. */
export interface ConnectOptions extends ConnectBasics {
  /**
   * In a frame that the bridge doesn't let in by itself, or that has no preload: the origin of the page it is in, as the browser writes
   * it, such as `'https://app.example'`; `'file://'` for a page of a file. That page lets the frame in with `share()`. Pages of no
   * other origin are asked, or believed. Workers need none.
   */
  readonly owner?: string;
}

const optionNames = ['name', 'owner', 'timeout', 'signal', 'flow'];

/** A call of connect(), its options checked. */
interface Attempt {
  readonly call: string;
  readonly name: string | undefined;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly flow: FlowOptions | undefined;
}

/**
 * Joins the mesh: from a window or a frame that has the preload; from a frame without it, or a dedicated worker, through the page
 * that owns it, which lets it in with `share()`, before or after this call.
 *
 * Rejects with a MeshError: `BRIDGE_GONE` if the preload is missing here and there is no owner, or the bridge closed;
 * `NOT_AUTHORIZED` if the bridge refuses this frame, or the name; `TIMEOUT`, if an owner doesn't answer too; `ABORTED`,
 * `VERSION_MISMATCH`, `INVALID_ARGUMENT`. Its message says what to do.
 *
 * @example
 * const bus = await connect<AppChannels>({ name: 'editor' });
 * // in a frame that the page at app://editor shares
 * const bus = await connect<AppChannels>({ name: 'widget', owner: 'app://editor' });
 */
export async function connect<C extends ChannelMap<C> = AnyChannels>(options: ConnectOptions = {}): Promise<Bus<C>> {
  const { call, timeout } = checkConnect(options, optionNames);
  const { name, owner, signal, flow } = options;
  if (owner !== undefined) checkOrigin('connect({ owner })', owner);
  // Nothing asks for a seat that nobody waits for.
  if (signal?.aborted) throw new MeshError('ABORTED', `${call}: aborted before.`, { cause: signal.reason });
  const attempt = { call, name, timeout, signal, flow };
  if (typeof window === 'undefined') return connectWorker<C>(attempt);
  const framed = window.parent !== window;
  // A script in a page that is being written comes before the preload has heard of that: one step later it has.
  if (!hasPreload() && !(await Promise.resolve(), hasPreload())) {
    if (framed && owner !== undefined) return connectFrame<C>(owner, attempt);
    const more = framed
      ? '; or let the page it is in share(iframe, { origin }), and give connect({ owner }) its origin'
      : '';
    throw preloadMissing(call, more);
  }
  const start = performance.now();
  try {
    return await connectWindow<C>(attempt);
  } catch (refusal) {
    if (!(refusal instanceof NotFinal) || !framed || owner === undefined) throw refusal;
    const left = Math.max(1, Math.ceil(timeout - (performance.now() - start)));
    return await connectFrame<C>(owner, { ...attempt, timeout: left }).catch((error: unknown) => {
      throw MeshError.is(error, 'TIMEOUT') ? refusal : error;
    });
  }
}

function connectWindow<C extends ChannelMap<C>>({ call, name, timeout, signal, flow }: Attempt): Promise<Bus<C>> {
  const { port1, port2 } = new MessageChannel();
  window.postMessage([JOIN, name, WIRE_VERSION, undefined, timeout], '/', [port2]);
  return join<C>(controlPort(port1), platform, { call, timeout, signal, flow });
}

function connectFrame<C extends ChannelMap<C>>(owner: string, attempt: Attempt): Promise<Bus<C>> {
  const unanswered = `Is it ${owner} whose page this frame is in, and is share(iframe, { origin: '${window.origin}' }) called there?`;
  // All scripts of a document have the same; the next document in this frame has another.
  const document = performance.timeOrigin;
  const asked = { ...attempt, nonce: makeNonce(), document, unanswered };
  return joinThrough<C>(wayToParent(owner), controlPort, platform, asked);
}

async function connectWorker<C extends ChannelMap<C>>(attempt: Attempt): Promise<Bus<C>> {
  const scope = globalThis as unknown as Partial<WorkerScope>;
  if (typeof scope.postMessage !== 'function') {
    const text = 'only pages and dedicated workers can join from here. In Node, use portmesh/node.';
    throw new MeshError('BRIDGE_GONE', `${attempt.call}: ${text}`);
  }
  const unanswered = 'Is share(worker) called in the page that made this worker?';
  const way = wayToMaker(scope as WorkerScope);
  return joinThrough<C>(way, controlPort, platform, { ...attempt, nonce: makeNonce(), unanswered });
}
